"""Approved claims take the signature of legal off campaigns, so legal signs them; an author takes a change back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from policies.authority.claims import unproven_claims
from store.repositories.proposal_risk import approved_claims
from store.repositories.workspaces import add_user, all_workspaces, grant_role, issue_key
from tests.api.conftest import Open, Opened, sign
from tests.small_shop import START, Shop

CLAIM = {"title": "Tested", "text": "Our coats are clinically proven to warm."}
MESSAGE = "Clinically proven warmth."


def workspace_of(opened: Opened) -> str:
    with opened.app.database.read() as session:
        (only,) = all_workspaces(session)
        return only.workspace_id


def claims(opened: Opened) -> tuple[str, ...]:
    workspace_id = workspace_of(opened)
    with opened.app.database.read() as session:
        return approved_claims(session, workspace_id)


def join(opened: Opened, name: str, role: str) -> None:
    """Let somebody in past the two people, as at set-up."""
    app, workspace_id = opened.app, workspace_of(opened)
    with app.database.write() as session:
        user = add_user(session, ids=app.ids, at=START, workspace_id=workspace_id, name=name)
        grant_role(session, ids=app.ids, at=START, workspace_id=workspace_id, user_id=user.user_id, role=role)
        key = issue_key(
            session,
            ids=app.ids,
            at=START,
            workspace_id=workspace_id,
            user_id=user.user_id,
            label="first key",
        )
    opened.keys[name] = key.plain


async def asked(opened: Opened, who: str) -> Any:
    return await opened.call(who, "POST", "/v1/claims", json=CLAIM)


@pytest.mark.promise
async def test_no_import_of_one_person_makes_a_claim_approved(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        join(opened, "Mark", "marketer")
        before = claims(opened)
        row = "document_id,kind,title,text\nd1,claim,Tested,Our coats are clinically proven to warm.\n"
        for kind in ("documents", "document", "claims", "claim", "brand", "customers", "products", "offers"):
            for who in ("Mark", "Grace", "Root"):
                made = await opened.call(who, "POST", f"/v1/imports/{kind}", content=row.encode())
                assert made.status_code in (403, 404, 422), (kind, who, made.text)
        assert (await asked(opened, "Mark")).status_code == 403
        assert claims(opened) == before
        assert unproven_claims([MESSAGE], before) == ("clinically proven",)


@pytest.mark.promise
async def test_a_claim_is_approved_by_legal_and_somebody_else(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        refused = await asked(opened, "Root")
        assert (refused.status_code, refused.json()["error"]) == (409, "nobody_can_sign")
        join(opened, "Lars", "legal")
        made = (await asked(opened, "Root")).json()
        assert made["missing"] == [["legal"]]
        for who in ("Root", "Grace"):
            assert (await sign(opened, made, who)).status_code in (403, 409)
        assert CLAIM["text"] not in claims(opened)
        assert (await sign(opened, made, "Lars")).status_code == 200
        assert CLAIM["text"] in claims(opened)
        assert unproven_claims([MESSAGE], claims(opened)) == ()
        assert (await asked(opened, "Root")).json()["error"] == "nothing_changes"


@pytest.mark.promise
async def test_an_author_withdraws_a_change_that_waits_and_nobody_signs_it_after(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        made = (
            await opened.call("Root", "POST", "/v1/policies", json={"rules": {"approval_days": 5}})
        ).json()
        path = f"/v1/approvals/{made['approval_id']}/withdraw"
        assert (await opened.call("Grace", "POST", path)).status_code == 403
        first, second = [(await opened.call("Root", "POST", path)).json() for _ in range(2)]
        assert (first["status"], first["changed"], second["changed"]) == ("revoked", True, False)
        late = await sign(opened, made)
        assert (late.status_code, late.json()["error"]) == (409, "approval_closed")
        with opened.app.database.read() as session:
            query = sa.text("SELECT action FROM audit WHERE subject = :subject ORDER BY sequence")
            logged = session.connection().execute(query, {"subject": made["proposal_id"]}).scalars().all()
        assert list(logged) == ["proposal.frozen", "proposal.withdrawn"]
        assert opened.app.audit.verify(opened.app.database, workspace_of(opened)).ok


async def test_an_admin_withdraws_what_a_leader_proposed(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        join(opened, "Lena", "marketing_leader")
        body = {"rules": {"approval_days": 5}}
        made = (await opened.call("Lena", "POST", "/v1/policies", json=body)).json()
        done = await opened.call("Root", "POST", f"/v1/approvals/{made['approval_id']}/withdraw")
        assert (done.status_code, done.json()["status"]) == (200, "revoked")


async def test_a_change_that_took_effect_is_not_withdrawn(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        body = {"rules": {"approval_days": 5}}
        made = (await opened.call("Root", "POST", "/v1/policies", json=body)).json()
        assert (await sign(opened, made)).status_code == 200
        done = await opened.call("Root", "POST", f"/v1/approvals/{made['approval_id']}/withdraw")
        assert (done.status_code, done.json()["error"]) == (409, "approval_closed")
