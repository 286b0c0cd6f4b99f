"""Journeys when providers and workers fail: nobody gets a message twice, and nobody is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from sqlmodel import select

from delivery.channels.interface import Message, Receipt, SendOutcome
from delivery.errors import ChannelError
from delivery.journeys.advancing import run_journey
from delivery.journeys.entering import enter_journeys
from delivery.ports import Ports
from store.clock import ReplayClock
from store.tables import JourneyRun
from tests.api.conftest import Open, Opened
from tests.api.decision_desk import live, reachable
from tests.api.test_journeys import journey, messages, send, standing
from tests.small_shop import Shop

DAYTIME = timedelta(hours=10)
Behaviour = Literal["works", "rejects", "answers_late", "says_nothing", "dies", "is_away"]


class Died(BaseException):
    """The worker was killed where it stood."""


class Provider:
    """An e-mail provider that keeps what it was given, and behaves as it is told."""

    name = "fake"
    chunk, patience = 250, 10.0

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.accepted: list[str] = []

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        if self.behaviour == "rejects":
            return [
                Receipt(message.send_key, SendOutcome.REJECTED, reason="no such box") for message in messages
            ]
        if self.behaviour == "is_away":
            return [Receipt(message.send_key, SendOutcome.NOT_SENT, reason="away") for message in messages]
        self.accepted += [message.send_key for message in messages]
        if self.behaviour == "dies":
            raise Died
        if self.behaviour != "works":
            raise ChannelError("the provider did not answer in time")
        return [Receipt(message.send_key, SendOutcome.ACCEPTED, "1") for message in messages]

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        if self.behaviour == "says_nothing":
            raise ChannelError("the provider did not answer in time")
        return {key: Receipt(key, SendOutcome.ACCEPTED, "1") for key in send_keys if key in self.accepted}


async def entered(opened: Opened, body: Any, people: int) -> str:
    """Let people enter by day, without anything following yet; return the run."""
    await live(opened, "onboarding", body)
    clock = opened.app.clock
    assert isinstance(clock, ReplayClock)
    clock.advance_to(clock.now() + DAYTIME)
    events = [
        {
            "event_id": f"s-{person}",
            "external_id": person,
            "name": "signup",
            "ts": clock.now().isoformat(),
            "properties": {},
        }
        for person in reachable(opened, people)
    ]
    assert (await opened.call("Ada", "POST", "/v1/events", json={"events": events})).status_code == 200
    assert enter_journeys(opened.app.ports) == people
    with opened.app.database.read() as session:
        return session.exec(select(JourneyRun.run_id).where(JourneyRun.journey_id == "onboarding")).one()


def ports(opened: Opened, provider: Provider) -> Ports:
    return replace(opened.app.ports, channels={"email": provider})


def leased(opened: Opened, attempt: int) -> None:
    with opened.app.database.write() as session:
        session.connection().execute(sa.text("UPDATE journey_runs SET attempt = :n"), {"n": attempt})


@pytest.mark.promise
async def test_a_killed_worker_leaves_nobody_with_two_messages(open_shop: Open, shop: Shop) -> None:
    provider = Provider("dies")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 3)
        leased(opened, 1)
        with pytest.raises(Died):
            await run_journey(ports(opened, provider), run_id, 1)
        assert messages(opened) == [("hello", "sending", "")] * 3
        provider.behaviour = "works"
        leased(opened, 2)
        await run_journey(ports(opened, provider), run_id, 2)
        assert messages(opened) == [("hello", "sent", "")] * 3
        assert len(provider.accepted) == len(set(provider.accepted)) == 3
        assert await standing(opened) == {"left@end": 3}


async def test_a_worker_that_was_overtaken_does_nothing(open_shop: Open, shop: Shop) -> None:
    provider = Provider("works")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 2)
        leased(opened, 2)
        await run_journey(ports(opened, provider), run_id, 1)
        assert messages(opened) == []
        assert provider.accepted == []


async def test_an_answer_that_comes_late_is_asked_for(open_shop: Open, shop: Shop) -> None:
    provider = Provider("answers_late")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 2)
        leased(opened, 1)
        await run_journey(ports(opened, provider), run_id, 1)
        assert messages(opened) == [("hello", "sent", "")] * 2
        assert len(provider.accepted) == 2


@pytest.mark.parametrize(("then", "ends"), [("proceed", "left@end"), ("leave", "left@hello")])
async def test_an_unknown_fate_waits_for_a_person_and_is_never_sent_again(
    open_shop: Open, shop: Shop, then: str, ends: str
) -> None:
    provider = Provider("says_nothing")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 1)
        leased(opened, 1)
        await run_journey(ports(opened, provider), run_id, 1)
        stuck = (await opened.call("Ada", "GET", "/v1/journeys/onboarding/people?status=stuck")).json()
        assert [(each["status"], each["step"]) for each in stuck] == [("stuck", "hello")]
        path = f"/v1/journeys/onboarding/people/{stuck[0]['person_id']}/help"
        assert (await opened.call("Ada", "POST", path, json={"then": then})).status_code == 403
        assert (await opened.call("Grace", "POST", path, json={"then": then})).status_code == 200
        assert (await opened.call("Grace", "POST", path, json={"then": then})).status_code == 409
        await run_journey(ports(opened, provider), run_id, 1)
        assert await standing(opened) == {ends: 1}
        assert len(provider.accepted) == 1


@pytest.mark.parametrize(("rule", "ends"), [("proceed", "left@end"), ("stop", "stopped@hello")])
async def test_a_rejected_message_lets_people_go_on_or_stops_them_by_rule(
    open_shop: Open, shop: Shop, rule: str, ends: str
) -> None:
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end", on_failure=rule)), 2)
        leased(opened, 1)
        await run_journey(ports(opened, Provider("rejects")), run_id, 1)
        assert messages(opened) == [("hello", "failed", "no such box")] * 2
        assert await standing(opened) == {ends: 2}


@pytest.mark.promise
async def test_a_changed_definition_sends_nothing(open_shop: Open, shop: Shop) -> None:
    provider = Provider("works")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 2)
        with opened.app.database.write() as session:
            session.connection().execute(
                sa.text("UPDATE proposals SET canonical_json = replace(canonical_json, 'Welcome', 'Buy now')")
            )
        leased(opened, 1)
        await run_journey(ports(opened, provider), run_id, 1)
        assert provider.accepted == []
        assert await standing(opened) == {"stopped@@entrance": 2}


async def test_what_surely_did_not_leave_is_tried_again_later(open_shop: Open, shop: Shop) -> None:
    provider = Provider("is_away")
    async with open_shop(shop) as opened:
        run_id = await entered(opened, journey(send("hello", "end")), 2)
        leased(opened, 1)
        await run_journey(ports(opened, provider), run_id, 1)
        assert messages(opened) == [("hello", "held", "away")] * 2
        assert await standing(opened) == {"active@hello": 2}
        clock = opened.app.clock
        assert isinstance(clock, ReplayClock)
        clock.advance_to(clock.now() + timedelta(minutes=2))
        provider.behaviour = "works"
        await run_journey(ports(opened, provider), run_id, 1)
        assert messages(opened) == [("hello", "sent", "")] * 2
        assert len(provider.accepted) == 2


async def test_a_broken_definition_stops_no_other_journey(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await live(opened, "broken", journey(send("hello", "end")))
        broken = sa.text("UPDATE proposals SET canonical_json = '{}'")
        with opened.app.database.write() as session:
            session.connection().execute(broken)
        assert await entered(opened, journey(send("hello", "end")), 2)
