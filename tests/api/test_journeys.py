"""Journeys: signed before anybody enters, moved in sets, each message once an entry and only through the gate."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.api.conftest import Open, Opened
from tests.api.decision_desk import live, proposed, reachable
from tests.small_shop import Shop

Json = dict[str, Any]
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


async def happens(opened: Opened, name: str, people: list[str], number: int = 1) -> None:
    """Let people do something now, and everything that follows from it."""
    now = opened.app.clock.now().isoformat()
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
    await opened.app.engine.settle()


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
