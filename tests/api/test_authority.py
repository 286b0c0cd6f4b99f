"""Authority over HTTP and on the command line: explained, lent, taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import run
from store.repositories.workspaces import add_user, grant_role, issue_key
from tests.api.conftest import Open, Opened, Proposed
from tests.small_shop import START


def hire(opened: Opened, workspace_id: str, name: str, *roles: str) -> None:
    app = opened.app
    with app.database.write() as session:
        user_id = add_user(session, ids=app.ids, at=START, workspace_id=workspace_id, name=name).user_id
        for role in roles:
            grant_role(session, ids=app.ids, at=START, workspace_id=workspace_id, user_id=user_id, role=role)
        key = issue_key(
            session, ids=app.ids, at=START, workspace_id=workspace_id, user_id=user_id, label="test"
        )
    opened.keys[name] = key.plain


def resolve_path(proposed: Proposed) -> str:
    return f"/v1/approvals/{proposed.approval_id}/resolve"


async def test_the_derivation_shows_facts_thresholds_class_and_who_may_sign(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        path = f"/v1/proposals/{proposed.approval_id}/authority"
        explained = (await opened.call("Ada", "GET", path)).json()
        by_proposal = await opened.call("Ada", "GET", f"/v1/proposals/{explained['proposal_id']}/authority")
    assert by_proposal.json() == explained
    assert (explained["kind"], explained["risk"], explained["legal_required"]) == (
        "campaign",
        "medium",
        False,
    )
    found = {finding["rule_id"]: finding for finding in explained["findings"]}
    assert list(found) == [
        "risk.reach",
        "risk.spend",
        "risk.discount",
        "risk.new_creatives",
        "risk.new_claims",
        "risk.sensitive_data",
    ]
    spend = found["risk.spend"]
    assert (spend["value"], spend["medium_from"], spend["high_from"]) == (4_000, 100_000, 1_000_000)
    assert (found["risk.new_creatives"]["value"], found["risk.new_creatives"]["contributes"]) == (2, "medium")
    (seat,) = explained["signatures"]
    assert seat["roles"] == ["campaign_manager", "marketing_leader"]
    assert seat["rules"] == [
        "authority.resolve_campaign.campaign_manager",
        "authority.resolve_campaign.marketing_leader",
    ]
    assert {signer["user"] for signer in seat["may_be_given_by"]} == {"Grace", "Linus"}
    assert (seat["given_by"], explained["had_a_part"]) == (None, ["Ada"])
    assert explained["escalates_to"] == ["admin"]


async def test_what_was_signed_is_shown_as_given(open_shop: Open, proposed: Proposed) -> None:
    body = {"answer": "approve", "digest": proposed.digest}
    async with open_shop(proposed.shop) as opened:
        await opened.call("Grace", "POST", resolve_path(proposed), json=body)
        path = f"/v1/proposals/{proposed.approval_id}/authority"
        (seat,) = (await opened.call("Ada", "GET", path)).json()["signatures"]
    assert seat["given_by"] == {"user": "Grace", "role": "campaign_manager", "on_behalf_of": None}
    assert seat["may_be_given_by"] == []


@pytest.mark.promise
async def test_an_approval_is_taken_back_before_its_launch(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        body = {"answer": "approve", "digest": proposed.digest}
        await opened.call("Grace", "POST", resolve_path(proposed), json=body)
        path = f"/v1/approvals/{proposed.approval_id}/revoke"
        by_author = await opened.call("Ada", "POST", path, json={"reason": "no"})
        done = await opened.call("Linus", "POST", path, json={"reason": "the stock is gone"})
        again = await opened.call("Linus", "POST", path, json={"reason": "the stock is gone"})
        await opened.app.engine.settle()
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        shown = (await opened.call("Ada", "GET", f"/v1/approvals/{proposed.approval_id}")).json()
    assert by_author.status_code == 403
    assert (done.json()["status"], done.json()["changed"], again.json()["changed"]) == (
        "revoked",
        True,
        False,
    )
    assert (campaign["state"], campaign["launch"], shown["status"]) == ("draft", None, "revoked")


async def test_a_role_is_lent_listed_and_taken_back(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        hire(opened, proposed.shop.workspace_id, "Nils")
        body = {"to": "Nils", "role": "campaign_manager", "until": "2026-12-01"}
        lent = await opened.call("Grace", "POST", "/v1/delegations", json=body)
        listed = (await opened.call("Linus", "GET", "/v1/delegations")).json()
        path = f"/v1/delegations/{lent.json()['delegation_id']}/revoke"
        by_stranger = await opened.call("Linus", "POST", path)
        ended = (await opened.call("Grace", "POST", path)).json()
    assert lent.status_code == 201
    # the last day is over at midnight in New York
    assert (lent.json()["lent_by"], lent.json()["ends_at"]) == ("Grace", "2026-12-02T05:00:00Z")
    assert listed == [lent.json()] and listed[0]["active"]
    assert by_stranger.status_code == 403
    assert ended["active"] is False


@pytest.mark.promise
async def test_the_author_is_not_helped_by_a_lent_role(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        body = {"to": "Ada", "role": "campaign_manager", "until": "2026-12-01"}
        assert (await opened.call("Grace", "POST", "/v1/delegations", json=body)).status_code == 201
        answer = await opened.call(
            "Ada", "POST", resolve_path(proposed), json={"answer": "approve", "digest": proposed.digest}
        )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/proposals/nothing/authority", None, 404),
        ("POST", "/v1/approvals/nothing/revoke", {"reason": "x"}, 404),
        ("POST", "/v1/approvals/{approval}/revoke", {"reason": "x"}, 409),
        ("POST", "/v1/approvals/{approval}/revoke", {"reason": " "}, 422),
        ("POST", "/v1/approvals/{approval}/revoke", {"reason": "ask eve@example.org"}, 422),
        ("POST", "/v1/approvals/{approval}/revoke", {}, 422),
        ("POST", "/v1/delegations/nothing/revoke", None, 404),
        ("POST", "/v1/delegations", {"to": "Nobody", "role": "legal", "until": "2026-12-01"}, 404),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "legal", "until": "2026-12-01"}, 403),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "admin", "until": "2026-12-01"}, 422),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "campaign_manager", "until": "2026-13-01"}, 422),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "campaign_manager", "until": "9999-12-31"}, 422),
        (
            "POST",
            "/v1/delegations",
            {"to": "Linus", "role": "campaign_manager", "until": "2026-12-01T10:00"},
            422,
        ),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "campaign_manager", "until": "2020-01-01"}, 422),
        ("POST", "/v1/delegations", {"to": "Linus", "role": "campaign_manager"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_with_its_reason(
    open_shop: Open, proposed: Proposed, method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    async with open_shop(proposed.shop) as opened:
        options: dict[str, Any] = {} if body is None else {"json": body}
        answer = await opened.call("Grace", method, path.format(approval=proposed.approval_id), **options)
        listed = (await opened.call("Grace", "GET", "/v1/delegations")).json()
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert listed == []


def printed(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> str:
    code = run([*words, "--home", str(home)])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def test_the_command_line_explains_lends_and_takes_back(
    capsys: pytest.CaptureFixture[str], proposed: Proposed
) -> None:
    home = proposed.shop.home.path
    explain = ("authority", "explain", proposed.approval_id, "--as", "Ada")
    text = printed(capsys, home, *explain)
    assert "Risk: medium" in text and "risk.new_creatives" in text
    assert "Grace (campaign manager), Linus (campaign manager)" in " ".join(text.split())
    assert "Never by who had a part in it: Ada." in text
    assert json.loads(printed(capsys, home, *explain, "--json"))["risk"] == "medium"
    lend = ("authority", "delegate", "campaign_manager", "Root", "--until", "2026-12-01", "--as", "Grace")
    assert "Root may sign as campaign manager on behalf of Grace" in printed(capsys, home, *lend)
    listed = json.loads(printed(capsys, home, "authority", "delegations", "--as", "Ada", "--json"))
    assert [each["lent_to"] for each in listed] == ["Root"]
    end = ("authority", "take-back", listed[0]["delegation_id"], "--as", "Grace")
    assert "no longer signs" in printed(capsys, home, *end)
    assert "taken back" in printed(capsys, home, "authority", "delegations", "--as", "Ada")
    code = run(
        ["approvals", "revoke", proposed.approval_id, "--reason", "x", "--as", "Grace", "--home", str(home)]
    )
    assert (code, "only one that is approved" in capsys.readouterr().err) == (1, True)
