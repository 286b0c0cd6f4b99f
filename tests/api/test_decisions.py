"""The decisioning API: who gets what, by which rule, and never above a cap; one case a flag and combination."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import sqlalchemy as sa

from tests.api.conftest import Open, Opened, sign
from tests.api.decision_desk import ask, collection, decide, live, offer, proposed, reachable, winter
from tests.small_shop import START, Shop
from tools.decisions.draws import replays

Json = dict[str, Any]


def items(answer: Json, number: int = 0) -> list[str]:
    return [each["item"] for each in answer["results"][number].get("options", ())]


def rows(opened: Opened, text: str, **values: object) -> list[Any]:
    with opened.app.database.read() as session:
        return [tuple(row) for row in session.connection().execute(sa.text(text), values)]


def digests(shop: Shop) -> dict[str, str]:
    """What every file of the databases holds, but for the shared memory that readers mark their place in."""
    files = [path for path in shop.home.path.rglob("*.db*") if not path.name.endswith("-shm")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


async def test_every_flag_and_combination(open_shop: Open, winter_shop: Shop) -> None:
    async with open_shop(winter_shop) as opened:
        people = iter(reachable(opened, 200))
        for across_decisions, across_placements, dry, counts in product((True, False), repeat=4):
            flags: Json = {
                "allow_duplicates": {
                    "across_decisions": across_decisions,
                    "across_placements": across_placements,
                },
                "dry_run": dry,
                "count_toward_caps": counts,
                "request_id": "mine",
            }
            wanted = [{"decision": "winter", "placement": place, "count": 2} for place in ("home", "cart")]
            answer = await decide(opened, ask(next(people), *wanted, **flags))
            assert (answer["request_id"], answer["dry_run"]) == ("mine", dry)
            assert (answer["decision_id"] is None) == dry
            first, second = items(answer), items(answer, 1)
            assert len(set(first)) == len(first) == 2
            if across_placements:
                assert len(second) == 2
            else:
                assert len(second) == 1 and not set(first) & set(second)
                rules = {each["rule"] for each in answer["results"][1]["excluded"]}
                assert rules == {"duplicates.across_placements"}
            for option in answer["results"][0]["options"]:
                assert (option["token"] is None) == dry
        fields = {"content", "metadata", "score", "explanation", "propensity"}
        who = next(people)
        for wants in product((True, False), repeat=5):
            include = dict(zip(sorted(fields), wants, strict=True))
            answer = await decide(opened, ask(who, include=include, dry_run=True))
            option = answer["results"][0]["options"][0]
            assert fields & set(option) == {name for name, wanted in include.items() if wanted}


async def test_duplicates_across_decisions_are_kept_apart(open_shop: Open, winter_shop: Shop) -> None:
    async with open_shop(winter_shop) as opened:
        await live(opened, "spring", collection("a", "b", "c", seed=9))
        wanted: list[Json | str] = [
            {"decision": "winter", "placement": "home", "count": 2},
            {"decision": "spring", "placement": "home", "count": 3},
        ]
        who = reachable(opened, 1)[0]
        for apart in (True, False):
            answer = await decide(
                opened, ask(who, *wanted, allow_duplicates={"across_decisions": not apart}, dry_run=True)
            )
            assert len(items(answer, 1)) == (1 if apart else 3)


async def test_a_dry_run_leaves_the_databases_byte_for_byte(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, "a")
        await live(opened, "a", offer("A", caps=[{"cap_id": "all", "scope": "everyone", "limit": 1}]))
        who = reachable(opened, 2)
        assert items(await decide(opened, ask(who[0]))) == ["a"]
        before = digests(shop)
        for person in who:
            again = [
                await decide(opened, ask(person, dry_run=True, include={"explanation": True}))
                for _ in range(2)
            ]
            assert again[0]["results"] == again[1]["results"]
        full = again[0]["results"][0]
        assert digests(shop) == before
    assert full["fallback"]["reason"] == "no_eligible_item"
    assert [each["rule"] for each in full["excluded"]] == ["cap.all"]


@pytest.mark.promise
async def test_fifty_at_once_at_a_cap_of_three_give_three(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, "a", "b")
        await live(opened, "a", offer("A", caps=[{"cap_id": "all", "scope": "everyone", "limit": 3}]))
        people = reachable(opened, 50)
        assert len(people) == 50
        answers = await asyncio.gather(*(decide(opened, ask(person)) for person in people))
        assert [items(each) for each in answers].count(["a"]) == 3
        assert sum(not items(each) for each in answers) == 47
        assert rows(opened, "SELECT taken FROM cap_counters") == [(3,)]


async def test_caps_move_by_events_and_run_out(open_shop: Open, shop: Shop) -> None:
    caps = [
        {"cap_id": "shown", "scope": "everyone", "limit": 1},
        {"cap_id": "bother", "scope": "person", "limit": 1, "counts": "dismiss"},
    ]
    async with open_shop(shop) as opened:
        await winter(opened, "a", reservation_minutes=30)
        await live(opened, "a", offer("A", caps=caps))
        one, two = reachable(opened, 2)
        free = await decide(opened, ask(one, count_toward_caps=False))
        made = await decide(opened, ask(one))
        assert items(free) == items(made) == ["a"]
        assert items(await decide(opened, ask(two))) == []
        clock: Any = opened.app.clock
        clock.advance_to(clock.now() + timedelta(minutes=31))
        made = await decide(opened, ask(two))
        assert items(made) == ["a"], "a reservation that ran out is given back"
        token = made["results"][0]["options"][0]["token"]
        path = f"/v1/decisions/{made['decision_id']}/events"

        async def tell(event_id: str, kind: str, token: str = token) -> Any:
            event = {"event_id": event_id, "token": token, "type": kind, "ts": START.isoformat()}
            return await opened.call("Ada", "POST", path, json={"events": [event]})

        shown = (await tell("e1", "display")).json()
        again = (await tell("e1", "display")).json()
        assert (shown["added"], shown["caps_moved"]) == (1, 1)
        assert (again["added"], again["known"], again["caps_moved"]) == (0, 1, 0)
        assert (await tell("e1", "interact")).json()["error"] == "event_differs"
        assert (await tell("e1", "interact")).status_code == 409
        assert (await tell("e2", "display", token[:-1] + "_")).status_code == 404
        assert (await tell("e3", "dismiss")).json()["caps_moved"] == 1
        clock.advance_to(clock.now() + timedelta(days=9))
        assert items(await decide(opened, ask(one))) == [], "what was displayed stays taken"


@pytest.mark.promise
async def test_what_is_not_approved_or_was_superseded_is_never_served(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await winter(opened, "a", "b")
        await live(opened, "b", offer("B"))
        who = reachable(opened, 1)[0]
        made = await proposed(opened, "a", offer("A"))
        assert items(await decide(opened, ask(who))) == ["b"]
        assert (await sign(opened, made, who="Ada")).status_code == 403
        assert items(await decide(opened, ask(who))) == ["b"]
        await sign(opened, made, answer="approve")
        wanted: Json = {"decision": "winter", "placement": "home", "count": 2}
        assert set(items(await decide(opened, ask(who, wanted)))) == {"a", "b"}
        second = await proposed(opened, "a", offer("A2", content={"home": {"title": "second"}}))
        third = await proposed(opened, "a", offer("A3", content={"home": {"title": "third"}}))
        await sign(opened, third)
        await sign(opened, second)
        options = (await decide(opened, ask(who, wanted)))["results"][0]["options"]
        served = next(each for each in options if each["item"] == "a")
        assert (served["versions"]["item"], served["content"]["title"]) == (3, "third")
        # who holds the file makes an unapproved version call itself live
        await proposed(opened, "a", offer("A4", content={"home": {"title": "forged"}}))
        with opened.app.database.write() as session:
            for text in (
                "UPDATE managed_objects SET status = 'superseded' WHERE object_id = 'a'",
                "UPDATE managed_objects SET status = 'live' WHERE object_id = 'a' AND version = 4",
                "UPDATE proposals SET status = 'launched' WHERE kind = 'offer'",
                "UPDATE approvals SET status = 'approved' WHERE status = 'pending'",
                "UPDATE catalogue_revisions SET revision = revision + 1",
            ):
                session.connection().execute(sa.text(text))
        assert items(await decide(opened, ask(who, wanted))) == ["b"]
        gone = await opened.call("Ada", "POST", "/v1/managed/offer/b/withdraw")
        assert gone.status_code == 200
        assert items(await decide(opened, ask(who, wanted))) == []


async def test_a_discount_is_a_discount_and_has_a_ceiling(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        made = await proposed(opened, "deep", offer("Deep", discount_percent="30"))
        shown = (await opened.call("Grace", "GET", f"/v1/approvals/{made['approval_id']}")).json()
        assert (shown["kind"], shown["risk"], shown["body"]["discount_percent"]) == ("discount", "high", "30")
        body = {"object_id": "deeper", "body": offer("Deeper", discount_percent="41")}
        refused = await opened.call("Ada", "POST", "/v1/managed", json=body)
        assert (refused.status_code, refused.json()["error"]) == (422, "discount_above_ceiling")


async def test_an_event_and_a_withdrawal_are_in_the_next_decision(open_shop: Open, shop: Shop) -> None:
    rule = {
        "type": "eligibility_rule",
        "definition": "count_cart_left >= 1 and days_since_cart_left <= 3 and past_year_spend > 0 and context_device = 'app'",
        "fields": {
            "count_cart_left": "integer",
            "last_cart_left": "date",
            "past_year_spend": "number",
            "context_device": "text",
        },
        "words": "left a cart within three days",
    }
    async with open_shop(shop) as opened:
        await live(opened, "left", rule)
        await winter(opened, "a", context={"device": "text"})
        await live(opened, "a", offer("A", rules=["left"]))
        who = reachable(opened, 1)[0]
        app = ask(who, context={"device": "app"})
        refused = await decide(opened, app)
        assert refused["results"][0]["excluded"][0]["rule"] == "eligibility.left"
        event = {"event_id": "1", "external_id": who, "name": "cart_left", "ts": START.isoformat()}
        assert (await opened.call("Ada", "POST", "/v1/events", json={"events": [event]})).status_code == 200
        assert items(await decide(opened, app)) == ["a"]
        assert items(await decide(opened, ask(who, context={"device": "web"}))) == []
        bad = await decide(opened, ask(who, context={"device": 1}, validate_context=True), 422)
        assert bad["error"] == "context_invalid"
        later = (START + timedelta(days=4)).isoformat()
        assert items(await decide(opened, {**app, "dry_run": True, "as_of": later})) == []
        said = {"external_id": who, "channel": "email", "status": "withdrawn", "source": "account page"}
        assert (await opened.call("Ada", "POST", "/v1/consents", json=said)).json()["changed"]
        answer = await decide(opened, app)
        assert answer["results"][0]["fallback"]["reason"] == "consent.email.marketing"
        before = (START - timedelta(days=1)).isoformat()
        unknown = await decide(opened, {**app, "dry_run": True, "as_of": before}, 404)
        assert unknown["error"] == "decision_unknown", "the collection was not live the day before"


async def test_why_shows_and_only_its_button_opts_out(open_shop: Open, winter_shop: Shop) -> None:
    async with open_shop(winter_shop) as opened:
        who = reachable(opened, 1)[0]
        made = await decide(opened, ask(who, include={"explanation": True}))
        option = made["results"][0]["options"][0]
        link = option["explanation"]["why"]
        before = digests(winter_shop)
        page = await opened.call(None, "GET", link)
        assert page.status_code == 200
        assert "33 %" in page.text
        assert option["content"]["title"] not in page.text
        assert (await opened.call(None, "GET", f"{link}/opt-out")).status_code == 405
        assert (await opened.call(None, "GET", f"/why/{option['token']}")).status_code == 404
        assert (await opened.call(None, "POST", f"/why/{option['token']}/opt-out")).status_code == 404
        assert digests(winter_shop) == before
        assert items(await decide(opened, ask(who))) != []
        for _ in range(2):
            assert (await opened.call(None, "POST", f"{link}/opt-out")).status_code == 200
        answer = await decide(opened, ask(who))
    assert answer["results"][0]["fallback"]["reason"] == "consent.email.marketing"


@pytest.mark.promise
async def test_every_choice_replays(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        values = {"a": 0.2, "b": 0.1}
        await winter(opened, values=values, observations=100.0, random_control_share=0.2, holdout_share=0.1)
        wanted: Json = {"decision": "winter", "placement": "home", "count": 2}
        people = reachable(opened, 300)
        body = {"decisions": [ask(person, wanted) for person in people[:100]]}
        batch = (await opened.call("Ada", "POST", "/v1/decisions/batch", json=body)).json()["decisions"]
        assert {each["status"] for each in batch} == {200}
        await asyncio.gather(*(decide(opened, ask(person, wanted)) for person in people[100:]))
        import json

        logged = [json.loads(record) for (record,) in rows(opened, "SELECT record FROM choices")]
    drawn = [each for each in logged if "p" in each]
    assert {each["group"] for each in logged} == {"optimised", "random_control", "holdout"}
    assert len(drawn) > 400
    assert len({each["position"] for each in drawn}) == len(drawn), "no position was drawn at twice"
    for each in drawn:
        assert abs(sum(each["p"]) - 1) <= 1e-12
        assert {k for k, p in enumerate(each["p"]) if p > 0} == set(each["open"])
        assert replays(each["seed"], each["position"], each["u"], each["p"], each["arm"])
