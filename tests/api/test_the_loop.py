"""From an objective to a verdict over HTTP, on a small shop."""

from __future__ import annotations

import csv
import io

import pytest

from tests.api.conftest import Open, Proposed
from tests.api.test_chat import events


def body(proposed: Proposed, **changes: object) -> dict[str, object]:
    return {"answer": "approve", "digest": proposed.digest, "comment": "", **changes}


async def test_an_approval_shows_everything_that_would_run(open_shop: Open, proposed: Proposed) -> None:
    async with open_shop(proposed.shop) as opened:
        answer = await opened.call("Grace", "GET", f"/v1/approvals/{proposed.approval_id}")
    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["status"], shown["digest"], shown["author"]) == ("pending", proposed.digest, "Ada")
    assert shown["missing"] == [["campaign_manager", "marketing_leader"]]
    content = shown["content"]
    assert "Budget $40" in content["objective"]["quote"]
    audience = content["audience"]
    removed = sum(part["people"]["value"] for part in audience["removed"])
    assert audience["gross"]["value"] - removed == audience["net"]["value"] > 0
    assert sum(part["people"]["value"] for part in audience["segments"]) == audience["net"]["value"]
    assert {part["quantity"] for part in content["forecast"]} >= {
        "sends",
        "visits",
        "conversions",
        "revenue",
        "cost",
    }
    assert all(part["low"]["value"] for part in content["forecast"] if part["quantity"] == "sends")
    assert {group["id"] for group in content["experiment"]["groups"]} == {"optimised", "holdout"}
    assert {rule["rule_id"] for rule in shown["rules"]} >= {"consent.only_consented", "budget.holds"}
    assert {agent["agent"] for agent in shown["agents"]} == {"planner", "segmenter", "copywriter", "analyst"}
    assert shown["basis"]["data"][0]["synthetic"] is True
    for name, figure in content["figures"].items():
        assert figure["source"]["name"] and (figure["source"]["digest"] or figure["source"]["path"]), name
    profiles = {sample["profile"]: sample for sample in shown["messages"][0]["samples"]}
    awkward = {"usual", "no name", "longest name", "right-to-left", "missing attribute"}
    assert set(profiles) == {"as sent", *awkward}
    assert all(sample["synthetic"] for sample in profiles.values())
    assert "{{" not in "".join(sample["text"] for sample in profiles.values())


@pytest.mark.promise
async def test_an_approval_launches_once_and_is_read_out(open_shop: Open, proposed: Proposed) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    campaign = f"/v1/campaigns/{proposed.campaign_id}"
    async with open_shop(proposed.shop) as opened:
        before = (await opened.call("Ada", "GET", campaign)).json()
        own = await opened.call("Ada", "POST", path, json=body(proposed))
        approved = await opened.call("Grace", "POST", path, json=body(proposed))
        again = await opened.call("Grace", "POST", path, json=body(proposed))
        other = await opened.call("Grace", "POST", path, json=body(proposed, comment="now with words"))
        late = await opened.call("Linus", "POST", path, json=body(proposed))
        early = await opened.call("Ada", "GET", f"{campaign}/readout")
        await opened.app.engine.settle()
        after = (await opened.call("Ada", "GET", campaign)).json()
        readout = await opened.call("Ada", "GET", f"{campaign}/readout")
        sends = await opened.call("Grace", "GET", f"{campaign}/export", params={"what": "sends"})
        choices = await opened.call("Grace", "GET", f"{campaign}/export", params={"what": "choices"})
        forbidden = await opened.call("Ada", "GET", f"{campaign}/export")
        told = events(await opened.call("Ada", "POST", "/v1/chat", json={"text": "How did Winback do?"}))
        audit = (await opened.call("Root", "GET", "/v1/audit/verify")).json()
        log = (await opened.call("Root", "GET", "/v1/audit", params={"after": 1, "limit": 500})).json()

    name, result = told[-1]
    assert (name, result["heard"]) == ("reply", "result")
    assert readout.json()["verdict"] in result["text"]
    assert {figure["source"]["kind"] for figure in result["figures"].values()} == {"tool"}
    assert (before["state"], before["launch"], before["approval_status"]) == ("in_review", None, "pending")
    assert (own.status_code, own.json()["error"]) == (403, "not_authorised")
    assert "author" in own.json()["message"]
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert (other.status_code, late.status_code) == (409, 409)
    assert (early.status_code, early.json()["value"]) == (404, proposed.campaign_id)

    people = after["launch"]["people"]
    assert after["state"] == "completed"
    counted = sum(people[name] for name in ("sent", "none", "held_out", "failed", "unknown", "pending"))
    assert counted + sum(people["dropped"].values()) == people["net"]
    record = readout.json()["record"]
    assert readout.json()["verdict"] in ("better", "worse", "not conclusive", "not estimable")
    assert record["label"] == "outcome of a made-up e-mail"
    assert readout.json()["findings"]["summary"]

    rows = list(csv.DictReader(io.StringIO(sends.text)))
    assert sum(row["status"] == "sent" for row in rows) == people["sent"] > 0
    assert len(list(csv.DictReader(io.StringIO(choices.text)))) == people["net"]
    assert "@" not in sends.text + choices.text
    assert (forbidden.status_code, forbidden.json()["error"]) == (403, "not_authorised")
    assert audit["ok"] is True and audit["problems"] == []
    actions = [entry["action"] for entry in log]
    assert actions.count("launch.intended") == 1
    assert {"approval.approve", "launch.reviewed"} <= set(actions)


async def test_asking_for_changes_ends_the_thread_without_a_launch(
    open_shop: Open, proposed: Proposed
) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    async with open_shop(proposed.shop) as opened:
        silent = await opened.call("Grace", "POST", path, json=body(proposed, answer="request_changes"))
        asked = await opened.call(
            "Grace", "POST", path, json=body(proposed, answer="request_changes", comment="Fewer people.")
        )
        await opened.app.engine.settle()
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
        state = await opened.app.threads.waiting(campaign["thread_id"])
    assert (silent.status_code, silent.json()["error"]) == (422, "invalid_input")
    assert (asked.status_code, asked.json()["status"]) == (200, "changes_requested")
    assert (campaign["state"], campaign["launch"], state) == ("draft", None, None)


async def test_limits_only_lower(open_shop: Open, proposed: Proposed) -> None:
    path = f"/v1/approvals/{proposed.approval_id}/resolve"
    limited = body(proposed, answer="approve_limited")
    async with open_shop(proposed.shop) as opened:
        higher = await opened.call("Grace", "POST", path, json=limited | {"limits": {"budget_minor": 4001}})
        unknown = await opened.call("Grace", "POST", path, json=limited | {"limits": {"people": 10}})
        none = await opened.call("Grace", "POST", path, json=limited)
        done = await opened.call("Grace", "POST", path, json=limited | {"limits": {"maximum_people": 50}})
        await opened.app.threads.resume_approval(proposed.approval_id)
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}")).json()
    assert [answer.status_code for answer in (higher, unknown, none)] == [422, 422, 422]
    assert (higher.json()["value"], unknown.json()["value"]) == ("4001", "people")
    assert (done.status_code, done.json()["limits"]) == (200, {"maximum_people": 50})
    people = campaign["launch"]["people"]
    assert people["dropped"]["not_reached:limit"] == people["net"] - 50


async def test_stop_works_before_the_launch_and_again(open_shop: Open, proposed: Proposed) -> None:
    campaign = f"/v1/campaigns/{proposed.campaign_id}"
    async with open_shop(proposed.shop) as opened:
        stopped = await opened.call("Ada", "POST", f"{campaign}/stop")
        again = await opened.call("Ada", "POST", f"{campaign}/stop")
        resumed = await opened.call("Grace", "POST", f"{campaign}/resume")
        late = await opened.call(
            "Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body(proposed)
        )
        await opened.app.engine.settle()
        after = (await opened.call("Ada", "GET", campaign)).json()
    assert (stopped.status_code, stopped.json()["state"], stopped.json()["changed"]) == (
        200,
        "cancelled",
        True,
    )
    assert (again.status_code, again.json()["changed"]) == (200, False)
    assert resumed.status_code == 409
    assert late.status_code == 409
    assert (after["state"], after["launch"]) == ("cancelled", None)
