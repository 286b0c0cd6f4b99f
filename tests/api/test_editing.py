"""An edit makes a new proposal with both authors recorded; the old one can no longer be approved."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.conftest import Open, Opened, Proposed
from tests.api.test_chat import events

ZEROS = "0" * 64


async def proposal_of(opened: Opened, approval_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await opened.call("Ada", "GET", f"/v1/approvals/{approval_id}")).json()
    return shown


async def edit(opened: Opened, who: str, shown: dict[str, Any], **changes: Any) -> httpx.Response:
    path = f"/v1/proposals/{shown['proposal']['proposal_id']}/edit"
    return await opened.call(who, "POST", path, json={"digest": shown["digest"], **changes})


async def resolve(opened: Opened, who: str, shown: dict[str, Any], answer: str, comment: str = "") -> int:
    path = f"/v1/approvals/{shown['approval_id']}/resolve"
    body = {"answer": answer, "digest": shown["digest"], "comment": comment}
    return (await opened.call(who, "POST", path, json=body)).status_code


@pytest.mark.promise
async def test_an_approvers_edit_is_a_new_proposal_that_neither_of_the_two_may_sign(
    open_shop: Open, proposed: Proposed
) -> None:
    words = {"subject": "We kept your place"}
    async with open_shop(proposed.shop) as opened:
        old = await proposal_of(opened, proposed.approval_id)
        answer = await edit(
            opened,
            "Grace",
            old,
            budget_minor=3_000,
            ends="2026-12-10",
            holdout_share="0.2",
            messages={"mens_merchandise": words},
        )
        name, made = events(answer)[-1]
        assert name == "proposal", made
        new = await proposal_of(opened, made["approval_id"])
        late = await resolve(opened, "Linus", old, "approve")
        own = [await resolve(opened, who, new, "approve") for who in ("Ada", "Grace")]
        signed = await resolve(opened, "Linus", new, "approve")
        after = await proposal_of(opened, proposed.approval_id)
    assert (late, own, signed) == (409, [403, 403], 200)
    assert (after["status"], after["proposal"]["status"]) == ("superseded", "superseded")
    assert new["proposal"]["parent_proposal_id"] == old["proposal"]["proposal_id"]
    assert new["proposal"]["contributors"] == ["Ada", "Grace"]
    envelope = new["content"]["envelope"]
    assert (envelope["budget"]["value"], envelope["ends"]["value"]) == (3_000, "2026-12-10")
    changed = {one["path"]: (one["before"], one["after"]) for one in new["previous"]["changes"]}
    assert changed["envelope.budget"] == ("USD 40.00", "USD 30.00")
    assert changed["envelope.ends"] == ("2026-12-14", "2026-12-10")
    assert changed["experiment.groups[holdout].share"] == ("10 %", "20 %")
    assert changed["arms[mens_merchandise].message.subject"][1] == "We kept your place"
    assert not any(path.startswith("arms[womens_merchandise].message") for path in changed)
    mens, womens = (message["samples"][0]["subject"] for message in new["messages"])
    assert mens == "We kept your place" != womens


async def test_an_edit_of_words_alone_changes_nothing_else(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        old = await proposal_of(opened, proposed.approval_id)
        heading = {"womens_merchandise": {"heading": "New coats are here"}}
        _, made = events(await edit(opened, "Ada", old, messages=heading))[-1]
        new = await proposal_of(opened, made["approval_id"])
        again = events(await edit(opened, "Linus", new, budget_minor=3_500))[-1][1]
        newest = await proposal_of(opened, again["approval_id"])
        audit = (await opened.call("Root", "GET", "/v1/audit?limit=200")).json()
    paths = [one["path"] for one in new["previous"]["changes"]]
    assert paths == ["arms[womens_merchandise].creative_digest", "rationale", *paths[2:]]
    assert set(paths[2:]) == {"arms[womens_merchandise].message.heading"}
    assert newest["messages"][1]["samples"][0]["text"].startswith("New coats are here")
    assert newest["proposal"]["contributors"] == ["Ada", "Linus"]
    assert "proposal.edited" in str(audit)


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("nothing at all", {}, 422, "nothing_changed"),
    ("the value that is there", {"budget_minor": 4_000}, 422, "nothing_changed"),
    ("a budget of nothing", {"budget_minor": 0}, 422, "invalid_input"),
    ("a budget as text", {"budget_minor": "3000"}, 422, "invalid_input"),
    ("a day that is none", {"starts": "2026-02-30"}, 422, "invalid_input"),
    ("an end before the start", {"ends": "2026-11-30"}, 422, "invalid_input"),
    ("everybody held out", {"holdout_share": "1"}, 422, "invalid_input"),
    ("a share that is no number", {"holdout_share": "NaN"}, 422, "invalid_input"),
    ("a channel that is none", {"channels": ["pigeon"]}, 422, "invalid_input"),
    ("an arm that is none", {"messages": {"none": {"subject": "Hello"}}}, 422, "invalid_input"),
    ("a part that is none", {"messages": {"mens_merchandise": {"footer": "Hello"}}}, 422, "invalid_input"),
    ("a number in words", {"messages": {"mens_merchandise": {"body": "Take 50 % off"}}}, 422, "invalid_input"),
    ("an unknown variable", {"messages": {"mens_merchandise": {"body": "{{ customer.iban }}"}}}, 422, "invalid_input"),
    ("a broken template", {"messages": {"mens_merchandise": {"body": "{% if %}"}}}, 422, "invalid_input"),
    ("an address", {"messages": {"mens_merchandise": {"body": "Write to a@b.example"}}}, 422, "address_in_text"),
    ("another digest", {"digest": ZEROS, "budget_minor": 3_000}, 409, "digest_changed"),
]  # fmt: skip


async def test_what_cannot_be_edited_is_refused_and_changes_nothing(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened:
        shown = await proposal_of(opened, proposed.approval_id)
        found = {}
        for name, changes, status, _ in BAD:
            answer = await edit(opened, "Grace", shown, **changes)
            found[name] = (answer.status_code, answer.json()["error"])
            assert answer.status_code == status, (name, answer.text)
        missing = await opened.call(
            "Grace", "POST", "/v1/proposals/none-such/edit", json={"digest": ZEROS, "budget_minor": 1}
        )
        nobody = await opened.call(None, "POST", "/v1/proposals/none-such/edit", json={"digest": ZEROS})
        after = await proposal_of(opened, proposed.approval_id)
    assert {name: code for name, (_, code) in found.items()} == {name: code for name, _, _, code in BAD}
    assert (missing.status_code, nobody.status_code) == (404, 401)
    assert after == shown


async def test_a_proposal_that_gave_way_cannot_be_edited(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        old = await proposal_of(opened, proposed.approval_id)
        events(await edit(opened, "Ada", old, budget_minor=3_000))
        twice = await edit(opened, "Grace", old, budget_minor=2_000)
    assert (twice.status_code, twice.json()["error"]) == (409, "approval_closed")
