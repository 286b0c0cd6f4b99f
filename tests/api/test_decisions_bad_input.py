"""Bad input to decisions: each has a status and a code of its own, and changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Open
from tests.api.decision_desk import ask, collection, offer, reachable
from tests.small_shop import Shop

Json = dict[str, Any]
WHO = "1"
WANTED = {"decision": "winter", "placement": "home"}
CASES: tuple[tuple[Json, int, str], ...] = (
    (ask(WHO, dry_run="perhaps"), 422, "invalid_input"),
    (ask(WHO, {**WANTED, "count": 31}), 422, "invalid_input"),
    (ask(WHO, {**WANTED, "count": 0}), 422, "invalid_input"),
    (ask(WHO, "home", "home"), 422, "invalid_input"),
    (ask(WHO, as_of="2026-11-21T09:00:00Z"), 422, "invalid_input"),
    (ask(WHO, as_of="2026-11-21T09:00:00", dry_run=True), 422, "invalid_input"),
    (ask(WHO, context={"mail": "somebody@example.com"}), 422, "invalid_input"),
    (ask(WHO, surprise=1), 422, "invalid_input"),
    ({**ask(WHO), "identity_map": {}}, 422, "invalid_input"),
    ({**ask(WHO), "identity_map": {"shoe": "9"}}, 422, "invalid_input"),
    ({**ask(WHO), "requests": []}, 422, "invalid_input"),
    (ask("nobody"), 404, "person_unknown"),
    (ask(WHO, {**WANTED, "decision": "summer"}), 404, "decision_unknown"),
    (ask(WHO, {**WANTED, "placement": "shelf"}), 404, "decision_unknown"),
    (
        {**ask(WHO), "identity_map": {"external_id": "1", "email": "customer-2@example.invalid"}},
        409,
        "identities_differ",
    ),
    (ask(WHO, context={"x": 1}, validate_context=True), 422, "context_invalid"),
)


async def test_each_is_refused_by_name(open_shop: Open, winter_shop: Shop) -> None:
    async with open_shop(winter_shop) as opened:
        for body, status, code in CASES:
            answer = await opened.call("Ada", "POST", "/v1/decisions", json=body)
            assert (answer.status_code, answer.json()["error"]) == (status, code), (body, answer.text)
            assert "example.com" not in answer.text or code == "invalid_input"
        whole = await opened.call("Ada", "POST", "/v1/decisions", content=b'{"requests":')
        assert (whole.status_code, whole.json()["error"]) == (400, "malformed_json")
        nobody = await opened.call(None, "POST", "/v1/decisions", json=ask(WHO))
        wrong = await opened.call(
            None, "POST", "/v1/decisions", json=ask(WHO), headers={"x-api-key": "cs_no"}
        )
        assert (nobody.status_code, wrong.status_code) == (401, 401)
        mixed = {"decisions": [ask(WHO, dry_run=True), ask("nobody", dry_run=True)]}
        batch = (await opened.call("Ada", "POST", "/v1/decisions/batch", json=mixed)).json()["decisions"]
        assert [each["status"] for each in batch] == [200, 404]


async def test_too_many_at_once_and_a_held_database_are_told_apart(
    open_shop: Open, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_shop(shop) as opened:
        monkeypatch.setattr("store.database.LOCK_WAIT_SECONDS", 0.05)
        with opened.app.database._operational.lock:
            busy = await opened.call("Ada", "POST", "/v1/decisions", json=ask(WHO))
        assert (busy.status_code, busy.json()["error"]) == (503, "store_busy")
        monkeypatch.setattr("api.decisioning.queue.MOST_WAITING", 0)
        full = await opened.call("Ada", "POST", "/v1/decisions", json=ask(WHO))
        assert (full.status_code, full.json()["error"]) == (429, "too_many_requests")
        assert full.headers["retry-after"] == "1"


async def test_whoever_may_not_import_may_not_decide(open_shop: Open, shop: Shop) -> None:
    from store.repositories.workspaces import add_user, issue_key

    async with open_shop(shop) as opened:
        app, at = opened.app, opened.app.clock.now()
        with app.database.write() as session:
            user = add_user(session, ids=app.ids, at=at, workspace_id=shop.workspace_id, name="Guest")
            key = issue_key(
                session, ids=app.ids, at=at, workspace_id=shop.workspace_id, user_id=user.user_id, label="k"
            )
        opened.keys["Guest"] = key.plain
        answer = await opened.call("Guest", "POST", "/v1/decisions", json=ask(WHO))
        assert (answer.status_code, answer.json()["error"]) == (403, "not_authorised")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (offer("A", starts_at="2026-12-02T00:00:00Z", ends_at="2026-12-01T00:00:00Z"), "later"),
        (offer("A", content={}), "content"),
        (offer("A", cost_minor=-1), "cost_minor"),
        (offer("A", caps=[{"cap_id": "x", "scope": "person", "limit": 0}]), "limit"),
        (collection("a", "a"), "differ"),
        (collection("none"), "none"),
        (collection("a", values={"b": 1}), "values"),
        (collection("a", holdout_share=0.6, random_control_share=0.6), "above 1"),
        (collection("a", policy_id="oracle/9"), "oracle/9"),
        (collection("a", "b", minimum_arm_probability=0.9), "minimum_arm_probability"),
        (
            {
                "type": "eligibility_rule",
                "definition": "spend >",
                "fields": {"spend": "number"},
                "words": "w",
            },
            "spend",
        ),
    ],
)
async def test_a_version_that_cannot_be_meant_is_refused_before_anybody_reads_it(
    open_shop: Open, shop: Shop, body: Json, word: str
) -> None:
    async with open_shop(shop) as opened:
        answer = await opened.call("Ada", "POST", "/v1/managed", json={"object_id": "a", "body": body})
        assert answer.status_code == 422, answer.text
        assert word in answer.text
        assert len(reachable(opened, 1)) == 1
