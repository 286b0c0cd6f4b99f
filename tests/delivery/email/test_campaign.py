"""A countersigned campaign through a mail server that fails in every way it can: each message once, everybody accounted for."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from delivery.channels.email import EmailChannel
from delivery.email.links import Links
from delivery.email.message import send_key_in
from delivery.email.settings import EmailSettings
from delivery.reconcile import reconcile
from store.repositories.contacts import Contact
from tests.delivery.conftest import MakeWorld
from tests.delivery.email.conftest import Book
from tests.delivery.email.test_message import parsed
from tests.delivery.runs import driver_of, the_batches, the_launch, the_sends
from tests.delivery.small_plan import PEOPLE, Plan
from tests.delivery.small_world import World
from tests.fakes.smtp_sink import Sink

SHORT = Plan(batches=2, budget_minor=100_000)


def by_mail(world: World, sink: Sink, links: Links) -> tuple[World, EmailChannel]:
    book = Book({p: Contact(f"{p.lower()}@mail.example.org", "Maria") for p in world.people})
    settings = EmailSettings(host="127.0.0.1", port=sink.port, tls="none", sender="shop@example.org")
    channel = EmailChannel(settings, book, links, world.ports.clock)
    return world.with_channel(channel), channel


def drive_mail(world: World, channel: EmailChannel) -> None:
    async def run() -> None:
        try:
            await driver_of(world).drive_replay()
        finally:
            await channel.aclose()

    asyncio.run(run())


def handed(sink: Sink) -> Counter[str]:
    return Counter(str(send_key_in(parsed(content)["Message-ID"])) for _, content in sink.taken)


@pytest.mark.promise
def test_failures_of_the_mail_server_lose_nothing_and_repeat_nothing(
    make: MakeWorld, sink: Sink, links: Links
) -> None:
    sink.at_mail = ["451 later"] * 6
    sink.at_recipient = ["550 gone", "450 busy", "550 gone"]
    sink.at_content = ["452 full", "554 no"]
    sink.silent_after_taking = 3
    world, channel = by_mail(make(SHORT), sink, links)
    drive_mail(world, channel)
    counted = reconcile(world.ports, the_launch(world).launch_id)
    assert counted.accounted == counted.net == PEOPLE and counted.pending == 0
    assert counted.failed == 3 and counted.unknown == 3 and counted.sent > 100
    taken = handed(sink)
    assert set(taken.values()) == {1}
    by_status: dict[str, set[str]] = {}
    for send in the_sends(world):
        by_status.setdefault(send.status, set()).add(send.send_key)
    assert set(taken) == by_status["sent"] | by_status["unknown"]
    again = [send for send in the_sends(world) if send.tries]
    assert len(again) == 8 and {send.status for send in again} <= {"sent", "unknown", "failed"}
    assert [batch.state for batch in the_batches(world)] == ["observed"] * 2


def test_what_is_refused_for_ever_fails_after_its_last_try(make: MakeWorld, sink: Sink, links: Links) -> None:
    sink.at_mail = ["451 later"] * 10_000
    world, channel = by_mail(make(SHORT._replace(maximum_people=40)), sink, links)
    drive_mail(world, channel)
    counted = reconcile(world.ports, the_launch(world).launch_id)
    assert counted.accounted == PEOPLE and counted.pending == counted.sent == counted.unknown == 0
    assert counted.failed > 20 and sink.taken == []
    assert {send.rule for send in the_sends(world) if send.status == "failed"} == {"email.sender_451"}
