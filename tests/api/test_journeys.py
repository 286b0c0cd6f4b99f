"""Journeys: signed before anybody enters, moved in sets, each message once an entry and only through the gate."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from api.cli.main import run
from store.clock import ReplayClock
from tests.api.conftest import Open, Opened
from tests.api.decision_desk import live, proposed, reachable
from tests.small_shop import Shop

Json = dict[str, Any]
EXAMPLES = Path(__file__).parents[2] / "examples" / "journeys"
READY = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(EXAMPLES.glob("*.json"))}
WORDS = {
    "subject": "Welcome",
    "heading": "Good to have you",
    "body": "Here is where to begin.",
    "call_to_action": "Look around",
    "link": "https://shop.invalid/start",
    "footer": "Unsubscribe: {{ unsubscribe_url }}",
}


def send(step: str, following: str, **more: Any) -> Json:
    return {"id": step, "type": "send", "channel": "email", "words": WORDS, "next": following, **more}


def journey(*steps: Json, **more: Any) -> Json:
    return {
        "type": "journey",
        "name": "Onboarding",
        "trigger": {"type": "event", "name": "signup"},
        "steps": [*steps, {"id": "end", "type": "exit"}],
        **more,
    }


ONBOARDING = journey(
    send("hello", "day"), {"id": "day", "type": "wait", "hours": 72, "next": "tips"}, send("tips", "end")
)


CIRCLE = journey(
    {"id": "or", "type": "branch", "arms": [{"when": "everyone", "to": "hello"}], "otherwise": "end"},
    send("hello", "or"),
)


async def happens(
    opened: Opened, name: str, people: list[str], number: int = 1, hours: int | None = None
) -> None:
    """Let people do something now, and everything that follows from it, for some hours or to the end."""
    at = opened.app.clock.now()
    now = at.isoformat()
    events = [
        {
            "event_id": f"{name}-{number}-{person}",
            "external_id": person,
            "name": name,
            "ts": now,
            "properties": {},
        }
        for person in people
    ]
    answer = await opened.call("Ada", "POST", "/v1/events", json={"events": events})
    assert answer.status_code == 200, answer.text
    await opened.app.engine.settle(None if hours is None else at + timedelta(hours=hours))


async def passes(opened: Opened, hours: int) -> None:
    """Let hours pass, with all that becomes due in them."""
    until = opened.app.clock.now() + timedelta(hours=hours)
    await opened.app.engine.settle(until)
    assert isinstance(opened.app.clock, ReplayClock)
    opened.app.clock.advance_to(until)


def messages(opened: Opened) -> list[tuple[str, str, str]]:
    """What stands in the ledger, as (step, status, rule)."""
    with opened.app.database.read() as session:
        rows = session.connection().execute(
            sa.text("SELECT step, status, COALESCE(rule, '') FROM sends ORDER BY step, status")
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def standing(opened: Opened, journey_id: str = "onboarding") -> dict[str, int]:
    shown = (await opened.call("Ada", "GET", f"/v1/journeys/{journey_id}")).json()
    return {
        f"{each['status']}@{each['step']}": each["people"] for run in shown["runs"] for each in run["people"]
    }


@pytest.mark.promise
async def test_nobody_enters_before_somebody_else_has_signed(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        people = reachable(opened, 3)
        made = await proposed(opened, "onboarding", ONBOARDING)
        own = {"answer": "approve", "digest": made["digest"]}
        refused = await opened.call("Ada", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=own)
        await happens(opened, "signup", people)
        assert refused.status_code == 403
        assert messages(opened) == []
        assert (await opened.call("Ada", "GET", "/v1/journeys/onboarding")).status_code == 404


@pytest.mark.promise
async def test_each_message_reaches_an_entry_once(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        people = reachable(opened, 5)
        await live(opened, "onboarding", ONBOARDING)
        await happens(opened, "signup", people)
        await happens(opened, "signup", people, 2)  # nobody enters twice without a rule that lets them
        assert messages(opened) == [("hello", "sent", "")] * 5 + [("tips", "sent", "")] * 5
        assert await standing(opened) == {"left@end": 5}
        first = (await opened.call("Ada", "GET", "/v1/journeys/onboarding/people")).json()[0]
        seen = (
            await opened.call("Ada", "GET", f"/v1/journeys/onboarding/people/{first['person_id']}")
        ).json()
        assert [(move["step"], move["outcome"]) for move in seen["moves"]] == [
            ("@entrance", "entered"),
            ("hello", "sent"),
            ("day", "waited"),
            ("tips", "sent"),
            ("end", "left"),
        ]


async def test_a_goal_ends_it_before_the_next_message(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        bought, other = reachable(opened, 2)
        await live(opened, "onboarding", ONBOARDING | {"goal": "purchase"})
        await happens(opened, "signup", [bought, other], hours=24)
        await happens(opened, "purchase", [bought])
        assert messages(opened) == [("hello", "sent", "")] * 2 + [("tips", "sent", "")]
        assert await standing(opened) == {"goal@day": 1, "left@end": 1}


@pytest.mark.promise
async def test_who_unsubscribed_goes_on_without_the_message(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        left, stays = reachable(opened, 2)
        await live(opened, "onboarding", ONBOARDING)
        await happens(opened, "signup", [left, stays], hours=24)
        await happens(opened, "unsubscribe", [left])
        assert messages(opened) == [
            ("hello", "sent", ""),
            ("hello", "sent", ""),
            ("tips", "dropped", "gate.suppressed"),
            ("tips", "sent", ""),
        ]


async def test_a_paused_journey_sends_nothing_until_it_is_resumed(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await live(opened, "onboarding", ONBOARDING)
        await happens(opened, "signup", reachable(opened, 2), hours=24)
        paused = await opened.call("Ada", "POST", "/v1/journeys/onboarding/pause")
        await passes(opened, 100)
        assert [run["paused"] for run in paused.json()] == [True]
        assert messages(opened) == [("hello", "sent", "")] * 2
        assert (await opened.call("Ada", "POST", "/v1/journeys/onboarding/resume")).status_code == 403
        assert (await opened.call("Grace", "POST", "/v1/journeys/onboarding/resume")).status_code == 200
        await opened.app.engine.settle()
        assert messages(opened) == [("hello", "sent", "")] * 2 + [("tips", "sent", "")] * 2


@pytest.mark.parametrize("how", ["stop", "withdraw"])
async def test_whoever_is_inside_leaves_when_it_is_stopped(open_shop: Open, shop: Shop, how: str) -> None:
    async with open_shop(shop) as opened:
        await live(opened, "onboarding", ONBOARDING)
        await happens(opened, "signup", reachable(opened, 2), hours=24)
        path = "/v1/journeys/onboarding/stop" if how == "stop" else "/v1/managed/journey/onboarding/withdraw"
        assert (await opened.call("Ada", "POST", path)).status_code == 200
        await opened.app.engine.settle()
        assert messages(opened) == [("hello", "sent", "")] * 2
        assert await standing(opened) == {"stopped@day": 2}
        again = await opened.call("Ada", "POST", "/v1/journeys/onboarding/stop")
        assert again.status_code == 404


@pytest.mark.parametrize(("migration", "second"), [("finish", "tips"), ("move", "news")])
async def test_people_inside_finish_or_move_as_the_next_version_says(
    open_shop: Open, shop: Shop, migration: str, second: str
) -> None:
    other = journey(
        send("hello", "day"),
        {"id": "day", "type": "wait", "hours": 48, "next": "news"},
        send("news", "end"),
        migration=migration,
    )
    async with open_shop(shop) as opened:
        inside, later = reachable(opened, 2)
        await live(opened, "onboarding", ONBOARDING)
        await happens(opened, "signup", [inside], hours=24)
        made = await proposed(opened, "onboarding", other)
        answer = {"answer": "approve", "digest": made["digest"]}
        await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=answer)
        await opened.app.engine.settle(opened.app.clock.now())
        await happens(opened, "signup", [later])
        sent = [step for step, status, _ in messages(opened) if status == "sent"]
        assert sorted(sent) == sorted(["hello", "hello", "news", second])
        runs = (await opened.call("Ada", "GET", "/v1/journeys/onboarding")).json()["runs"]
        assert [(run["version"], run["state"]) for run in runs] == [(2, "running"), (1, "ended")]


async def test_a_limit_lets_the_first_through_and_the_others_later(open_shop: Open, shop: Shop) -> None:
    slow = journey(
        {"id": "few", "type": "limit", "people": 2, "hours": 1, "next": "hello"}, send("hello", "end")
    )
    async with open_shop(shop) as opened:
        await live(opened, "onboarding", slow)
        await passes(opened, 9)  # into the day: at night messages are held
        await happens(opened, "signup", reachable(opened, 5), hours=0)
        assert len(messages(opened)) == 2
        await passes(opened, 1)
        assert len(messages(opened)) == 4
        await passes(opened, 1)
        assert messages(opened) == [("hello", "sent", "")] * 5


async def test_branches_and_experiments_part_everybody_once(open_shop: Open, shop: Shop) -> None:
    parts = journey(
        {
            "id": "who",
            "type": "branch",
            "arms": [{"when": "count_signup >= 1", "to": "half"}],
            "otherwise": "end",
        },
        {
            "id": "half",
            "type": "experiment",
            "arms": [{"name": "a", "share": 0.5, "to": "one"}, {"name": "b", "share": 0.5, "to": "two"}],
        },
        send("one", "end"),
        send("two", "end"),
        fields={"count_signup": "integer"},
    )
    async with open_shop(shop) as opened:
        people = reachable(opened, 60)
        await live(opened, "onboarding", parts)
        await happens(opened, "signup", people)
        steps = [step for step, status, _ in messages(opened) if status == "sent"]
        assert len(steps) == 60
        assert 15 <= steps.count("one") <= 45


async def test_somebody_may_come_back_after_a_while(open_shop: Open, shop: Shop) -> None:
    again = journey(send("hello", "end"), reentry_days=10)
    async with open_shop(shop) as opened:
        (person,) = reachable(opened, 1)
        await live(opened, "onboarding", again)
        await happens(opened, "signup", [person])
        await passes(opened, 9 * 24)
        await happens(opened, "signup", [person], 2)
        assert len(messages(opened)) == 1
        await passes(opened, 2 * 24)
        await happens(opened, "signup", [person], 3)
        assert messages(opened) == [("hello", "sent", "")] * 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (journey(send("hello", "gone")), "leads to gone, which is no step"),
        (CIRCLE, "leads back to itself without a wait"),
        (journey(send("a", "end"), send("b", "end")), "no way leads to step b"),
        (journey(send("a", "end"), send("a", "end")), "two steps have one id"),
        (journey(send("a", "end", words=WORDS | {"footer": "bye"})), "unsubscribe"),
        (
            journey(
                {
                    "id": "w",
                    "type": "branch",
                    "arms": [{"when": "shoes = 1", "to": "end"}],
                    "otherwise": "end",
                }
            ),
            "shoes",
        ),
        (
            journey(send("a", "end"), trigger={"type": "date", "field": "birthday", "offset_days": 0}),
            "do not declare as a date",
        ),
    ],
)
async def test_what_cannot_be_carried_out_is_refused_before_anybody_is_asked(
    open_shop: Open, shop: Shop, body: Json, says: str
) -> None:
    async with open_shop(shop) as opened:
        answer = await opened.call(
            "Ada", "POST", "/v1/managed", json={"object_id": "onboarding", "body": body}
        )
        assert answer.status_code in (400, 422), answer.text
        assert says in answer.text


async def test_at_night_a_message_waits_for_the_morning(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await live(opened, "onboarding", journey(send("hello", "end")))
        await happens(opened, "signup", reachable(opened, 3), hours=0)  # four in the morning in New York
        assert messages(opened) == []
        assert await standing(opened) == {"active@hello": 3}
        await passes(opened, 8)
        assert messages(opened) == [("hello", "sent", "")] * 3


async def test_a_send_time_is_local_to_each_person(open_shop: Open, shop: Shop) -> None:
    at_ten = journey(
        {"id": "ten", "type": "wait_until", "at": "10:00", "next": "hello"}, send("hello", "end")
    )
    async with open_shop(shop) as opened:
        await live(opened, "onboarding", at_ten)
        await happens(opened, "signup", reachable(opened, 60))
        with opened.app.database.read() as session:
            found = session.connection().execute(
                sa.text(
                    "SELECT DISTINCT p.timezone, s.sent_at FROM sends s "
                    "JOIN served_profiles p ON p.person_id = s.person_id ORDER BY 1"
                )
            )
            local = {
                zone: datetime.fromisoformat(sent).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).time()
                for zone, sent in found
            }
        assert len(local) > 1
        assert set(local.values()) == {time(10)}


@pytest.mark.parametrize("name", READY)
async def test_every_ready_made_journey_can_be_proposed_and_starts(
    open_shop: Open, shop: Shop, name: str
) -> None:
    async with open_shop(shop) as opened:
        await live(opened, name, READY[name])
        shown = (await opened.call("Ada", "GET", f"/v1/journeys/{name}")).json()
        assert shown["runs"][0]["state"] == "running"


def test_the_terminal_proposes_shows_and_stops_a_journey(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str, who: str = "Ada") -> str:
        assert run([*words, "--home", str(shop.home.path), "--key", shop.keys[who]]) == 0
        return capsys.readouterr().out

    made = json.loads(said("journeys", "propose", str(EXAMPLES / "onboarding.json"), "--json"))
    said("approvals", "resolve", made["approval_id"], "approve", who="Grace")
    assert "running" in said("journeys", "list")
    shown = said("journeys", "show", "onboarding")
    assert "wait 72 h" in shown
    assert "Good to have you here" in shown
    assert "stopped" in said("journeys", "stop", "onboarding")


def test_a_definition_that_is_no_json_is_named(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{")
    assert (
        run(["journeys", "propose", str(file), "--home", str(shop.home.path), "--key", shop.keys["Ada"]]) != 0
    )
    assert "is no JSON" in capsys.readouterr().err
