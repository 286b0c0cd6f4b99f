"""Files read in over HTTP and counted afterwards."""

from __future__ import annotations

import gzip

from tests.api.conftest import Open
from tests.small_shop import PEOPLE, Shop

CUSTOMERS = (
    b"external_id,email,timezone,consent.email.marketing,consent_at,attr.last_purchase_on,attr.half\n"
    b"n1,n1@example.invalid,Europe/Berlin,yes,2026-01-15T09:00:00Z,2026-01-05,world\n"
    b"n2,n2@example.invalid,Europe/Berlin,,,2026-01-05,world\n"
)


async def test_customers_are_imported_plain_or_compressed_and_counted(open_shop: Open, shop: Shop) -> None:
    asked = {"filter": "days_since_purchase >= 300"}
    async with open_shop(shop) as opened:
        before = (await opened.call("Ada", "POST", "/v1/audience/count", json=asked)).json()
        path = "/v1/imports/customers?name=new.csv"
        first = await opened.call("Ada", "POST", path, content=CUSTOMERS)
        again = await opened.call("Ada", "POST", path, content=gzip.compress(CUSTOMERS))
        after = (await opened.call("Ada", "POST", "/v1/audience/count", json=asked)).json()
    assert (first.status_code, first.json()["rows"], first.json()["detail"]["new"]) == (200, 2, 2)
    assert (again.status_code, again.json()["detail"]["new"], again.json()["detail"]["updated"]) == (
        200,
        0,
        2,
    )
    assert after["gross"] - before["gross"] == 2
    assert after["net"] - before["net"] == 1
    assert before["gross"] == before["net"] + sum(step["removed"] for step in before["steps"])
    assert 0 < before["gross"] < PEOPLE


async def test_offers_and_actions_are_listed_after_their_import(open_shop: Open, shop: Shop) -> None:
    rows = b"offer_id,name,value,cost,start,end\nten,Ten off,10 % off,2.50,2026-12-01,2026-12-14\n"
    async with open_shop(shop) as opened:
        done = await opened.call("Ada", "POST", "/v1/imports/offers?name=offers.csv", content=rows)
        listed = (await opened.call("Ada", "GET", "/v1/offers")).json()
        rules = (await opened.call("Ada", "GET", "/v1/policies")).json()
    assert (done.status_code, done.json()["rows"]) == (200, 1)
    assert [(offer["offer_id"], offer["cost"]) for offer in listed["offers"]] == [("ten", "USD 2.50")]
    assert [action["message_cost"] for action in listed["actions"]] == ["USD 0.20", "USD 0.20"]
    assert rules["gate"][0]["rule_id"] == "gate.workspace_stopped"
    assert {rule["rule_id"] for rule in rules["authority"]} >= {"authority.four_eyes"}
    assert len(rules["workspace_digest"]) == len(rules["authority_digest"]) == 64


async def test_the_embedded_model_answers_and_readiness_says_what_runs(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        model = await opened.call("Ada", "GET", "/v1/models/check")
        idle = await opened.call(None, "GET", "/ready")
        await opened.app.engine.start()
        ready = await opened.call(None, "GET", "/ready")
    (only,) = model.json()["models"]
    assert (only["model"], only["ready"], model.json()["ready"]) == ("embedded-rules/1", True, True)
    assert (idle.status_code, idle.json()["jobs"]) == (503, "not running")
    assert (ready.status_code, ready.json()["jobs"]) == (200, "running")
