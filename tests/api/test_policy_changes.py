"""The rules protect themselves: whoever may do what, and by which rules, changes only by two people."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from delivery.policy_changes import apply_change
from store.clock import ReplayClock
from store.repositories.workspaces import add_user, grant_role, issue_key
from store.tables import RoleGrant
from tests.api.conftest import Open, Opened, Proposed, hand_over, sign
from tests.small_shop import START, Shop

Json = dict[str, Any]


async def ask(opened: Opened, path: str, body: Json, who: str = "Root") -> Json:
    """Propose a change; it must be taken."""
    made = await opened.call(who, "POST", path, json=body)
    assert made.status_code == 202, made.text
    found: Json = made.json()
    return found


async def shown(opened: Opened, made: Json) -> Json:
    found: Json = (await opened.call("Ada", "GET", f"/v1/approvals/{made['approval_id']}")).json()
    return found


async def roles_of(opened: Opened, name: str) -> list[str] | None:
    users = (await opened.call("Root", "GET", "/v1/users")).json()
    return next((user["roles"] for user in users if user["name"] == name), None)


async def resolve(opened: Opened, who: str, proposed: Proposed | Json) -> int:
    approval, digest = (
        (proposed.approval_id, proposed.digest)
        if isinstance(proposed, Proposed)
        else (proposed["approval_id"], proposed["digest"])
    )
    body = {"answer": "approve", "digest": digest}
    return (await opened.call(who, "POST", f"/v1/approvals/{approval}/resolve", json=body)).status_code


def run(opened: Opened, statement: str, **values: object) -> None:
    """Write past the application, as who holds the file could."""
    with opened.app.database.write() as session:
        session.connection().execute(sa.text(statement), values)


def log_of(opened: Opened, made: Json) -> list[str]:
    with opened.app.database.read() as session:
        query = sa.text("SELECT action FROM audit WHERE subject = :subject ORDER BY sequence")
        return list(session.connection().execute(query, {"subject": made["proposal_id"]}).scalars())


@pytest.mark.promise
async def test_a_new_approver_takes_two_people_and_neither_holds_the_key(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        made = await ask(opened, "/v1/users", {"name": "Sock", "roles": ["campaign_manager"]})
        assert await roles_of(opened, "Sock") is None
        assert await resolve(opened, "Root", made) == 403
        early = await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/key-half")
        assert (await sign(opened, made)).status_code == 200
        assert await roles_of(opened, "Sock") == ["campaign_manager"]
        by_author = await opened.call("Root", "POST", f"/v1/approvals/{made['approval_id']}/key-half")
        assert (early.status_code, by_author.status_code) == (403, 403)
        key = await hand_over(opened, made)
        author_half, _, signer_half = key.partition(".")
        again = await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/key-half")
        assert again.json()["error"] == "key_not_ready"
        opened.keys.update(
            whole=key, author=author_half, signer=signer_half, turned=f"{signer_half}.{author_half}"
        )
        for who, status in (("whole", 200), ("author", 401), ("signer", 401), ("turned", 401)):
            assert (await opened.call(who, "GET", "/v1/approvals")).status_code == status
        # granted after the campaign was proposed, at the same instant of a clock that stands still
        assert await resolve(opened, "whole", proposed) == 403
        verified = (await opened.call("Root", "GET", "/v1/audit/verify")).json()
        view = await shown(opened, made)
    assert verified["ok"], verified
    assert (view["effect"], view["proposal"]["status"]) == ("applied", "launched")


@pytest.mark.promise
async def test_a_grant_counts_for_what_is_proposed_after_it_only(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        made = await ask(opened, "/v1/users/Root/roles", {"role": "marketing_leader"})
        assert await resolve(opened, "Root", made) == 403
        await sign(opened, made)
        assert await roles_of(opened, "Root") == ["admin", "marketing_leader"]
        assert await resolve(opened, "Root", proposed) == 403
        assert isinstance(opened.app.clock, ReplayClock)
        opened.app.clock.advance_to(opened.app.clock.now() + timedelta(minutes=1))
        later = await ask(opened, "/v1/policies", {"rules": {"approval_days": 5}}, who="Root")
        with opened.app.database.read() as session:
            query = sa.select(RoleGrant.granted_at).where(RoleGrant.role == "marketing_leader")  # type: ignore[call-overload]
            granted = session.connection().execute(query).scalar_one()
    assert START < granted < START + timedelta(seconds=1)
    assert later["missing"]


@pytest.mark.promise
async def test_rules_that_change_leave_nothing_standing_that_was_judged_by_others(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        first = await ask(opened, "/v1/policies", {"rules": {"approval_days": 5}, "reason": "shorter"})
        second = await ask(opened, "/v1/policies", {"rules": {"approval_days": 90}})
        grant = await ask(opened, "/v1/users/Ada/roles", {"role": "legal"})
        read = await shown(opened, first)
        await sign(opened, first)
        for late in (second, grant):
            await sign(opened, late)
            assert (await shown(opened, late))["effect"] == "refused"
        assert await resolve(opened, "Grace", proposed) == 200
        await opened.app.engine.settle()
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        rules = (await opened.call("Ada", "GET", "/v1/policies")).json()["workspace"]
        assert await roles_of(opened, "Ada") == ["marketer"]
    assert read["fields"] == [{"field": "approval_days", "before": 7, "after": 5}]
    assert (read["effect"], read["reason"], rules["approval_days"]) == ("waiting", "shorter", 5)
    assert campaign["launch"] is None


@pytest.mark.promise
async def test_what_was_edited_after_its_approval_takes_no_effect(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = await ask(opened, "/v1/users/Ada/roles", {"role": "marketer"} | {"role": "legal"})
        body = {"answer": "approve", "digest": made["digest"]}
        await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=body)
        run(
            opened,
            "UPDATE proposals SET canonical_json = replace(canonical_json, '\"legal\"', '\"admin\"') WHERE proposal_id = :id",
            id=made["proposal_id"],
        )
        await opened.app.engine.settle()
        assert await roles_of(opened, "Ada") == ["marketer"]
        view = await shown(opened, made)
        assert (view["effect"], "not the one that was approved" in view["refused_because"]) == (
            "refused",
            True,
        )
        assert log_of(opened, made) == ["proposal.frozen", "policy_change.refused"]
        found = (await opened.call("Root", "GET", "/v1/audit/verify")).json()
    assert not found["ok"] and made["proposal_id"] in json.dumps(found)


@pytest.mark.promise
async def test_an_approval_that_nobody_signed_takes_no_effect(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = await ask(opened, "/v1/users/Ada/roles", {"role": "legal"})
        for table in ("approvals", "proposals"):
            run(
                opened,
                f"UPDATE {table} SET status = 'approved' WHERE proposal_id = :id",
                id=made["proposal_id"],
            )
        assert apply_change(opened.app.ports, made["approval_id"]) is False
        view = await shown(opened, made)
        assert await roles_of(opened, "Ada") == ["marketer"]
    assert "signature is missing" in view["refused_because"]


@pytest.mark.promise
async def test_a_change_takes_effect_once_however_often_it_is_asked_for(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = await ask(opened, "/v1/users/Ada/roles", {"role": "legal"})
        await sign(opened, made)
        run(opened, "UPDATE role_grants SET revoked_at = granted_at WHERE role = 'legal'")
        assert apply_change(opened.app.ports, made["approval_id"]) is False
        run(
            opened, "UPDATE proposals SET status = 'approved' WHERE proposal_id = :id", id=made["proposal_id"]
        )
        assert apply_change(opened.app.ports, made["approval_id"]) is False
        assert await roles_of(opened, "Ada") == ["marketer"]
        assert log_of(opened, made) == ["proposal.frozen", "policy_change.applied", "policy_change.refused"]


@pytest.mark.promise
async def test_a_change_is_not_carried_by_a_signature_whose_role_was_lost(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        signer = await ask(opened, "/v1/users/Ada/roles", {"role": "legal"})
        author = await ask(opened, "/v1/webhooks", {"url": "https://hooks.example.org/a"})
        for made in (signer, author):
            assert await resolve(opened, "Grace", made) == 200
        run(opened, "UPDATE role_grants SET revoked_at = granted_at WHERE role = 'campaign_manager'")
        await opened.app.engine.settle()
        hooks = (await opened.call("Root", "GET", "/v1/webhooks")).json()
        assert (await roles_of(opened, "Ada"), hooks) == (["marketer"], [])


async def test_a_change_is_rejected_revoked_and_expires_as_every_proposal(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        rejected, waits = [
            await ask(opened, "/v1/users/Ada/roles", {"role": role}) for role in ("legal", "admin")
        ]
        taken = await ask(opened, "/v1/webhooks", {"url": "https://hooks.example.org/b"})
        await sign(opened, rejected, answer="reject")
        assert await resolve(opened, "Grace", taken) == 200
        path = f"/v1/approvals/{taken['approval_id']}/revoke"
        revoked = await opened.call("Linus", "POST", path, json={"reason": "not yet"})
        assert isinstance(opened.app.clock, ReplayClock)
        opened.app.clock.advance_to(opened.app.clock.now() + timedelta(days=8))
        await opened.app.engine.settle()
        seen = [await shown(opened, made) for made in (rejected, waits, taken)]
        listed = (await opened.call("Ada", "GET", "/v1/approvals")).json()
    assert revoked.status_code == 200
    assert [view["status"] for view in seen] == ["rejected", "expired", "revoked"]
    assert [view["effect"] for view in seen] == ["none"] * 3
    assert {line["campaign"] for line in listed} == {"Policy change"}


@pytest.mark.promise
async def test_the_second_person_is_invited_once_and_then_two_people_are_needed(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        run(opened, "DELETE FROM role_grants WHERE role = 'campaign_manager'")
        alone = await opened.call("Root", "POST", "/v1/users/Root/roles", json={"role": "campaign_manager"})
        idle = await opened.call("Root", "POST", "/v1/users", json={"name": "Eve", "roles": ["marketer"]})
        body = {"name": "Eve", "roles": ["campaign_manager"]}
        first = await opened.call("Root", "POST", "/v1/users", json=body)
        run(opened, "UPDATE role_grants SET revoked_at = granted_at WHERE role = 'campaign_manager'")
        second = await opened.call("Root", "POST", "/v1/users", json=body | {"name": "Mallory"})
        log = (await opened.call("Root", "GET", "/v1/audit")).text
    assert (alone.status_code, alone.json()["error"]) == (409, "nobody_can_sign")
    assert idle.status_code == 422
    assert (first.status_code, "user.second_invited" in log) == (201, True)
    assert (second.status_code, second.json()["error"]) == (409, "nobody_can_sign")


@pytest.mark.promise
async def test_a_key_that_one_person_has_seen_signs_nothing_of_theirs(open_shop: Open, shop: Shop) -> None:
    """What a home of an earlier release holds: a key that an admin issued alone, long before."""
    async with open_shop(shop) as opened:
        app, before = opened.app, START - timedelta(days=9)
        with app.database.write() as session:
            named: Json = {"ids": app.ids, "at": before, "workspace_id": shop.workspace_id}
            user_id = add_user(session, name="Old", **named).user_id
            grant_role(session, user_id=user_id, role="campaign_manager", **named)
            key = issue_key(session, user_id=user_id, label="old", issued_by=shop.users["Root"], **named)
        opened.keys["Old"] = key.plain
        made = await ask(opened, "/v1/users/Ada/roles", {"role": "legal"})
        assert await resolve(opened, "Old", made) == 403
        opened.keys["Old"] = (await opened.call("Old", "POST", "/v1/users/me/key")).json()["key"]
        assert await resolve(opened, "Old", made) == 403
        await sign(opened, await ask(opened, "/v1/users/Old/roles", {"role": "legal"}))
        assert (await opened.call("Old", "GET", "/v1/approvals")).status_code == 401


@pytest.mark.promise
async def test_a_key_of_after_a_proposal_signs_nothing_of_its_issuer_while_the_clock_stands_still(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        # the grant counts a microsecond later than what was proposed before it, and what follows no earlier than that
        await sign(opened, await ask(opened, "/v1/users/Linus/roles", {"role": "legal"}))
        made = await ask(opened, "/v1/users/Ada/roles", {"role": "campaign_manager"})
        issued = await ask(opened, "/v1/users/Linus/keys", {"label": "second"})
        await sign(opened, issued)
        opened.keys["Linus"] = await hand_over(opened, issued)
        assert await resolve(opened, "Linus", made) == 403
        assert (await sign(opened, made)).status_code == 200
