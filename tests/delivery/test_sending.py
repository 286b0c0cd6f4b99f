"""Between choice and provider: the gate's last word, stops, pauses, holds, and providers that do not answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import delivery.batches
import delivery.send
from delivery import control
from delivery.batches import choose_batch
from delivery.channels.interface import Message, Receipt
from delivery.reconcile import reconcile
from delivery.steps import run_batch
from policies.errors import NotAuthorisedError
from store.repositories.launches import BatchMovedError
from store.repositories.people import suppress
from store.tables import Approval, Batch, Proposal, Send, ServedProfile
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import (
    Flaky,
    drive,
    driver_of,
    launched,
    the_batches,
    the_campaign,
    the_launch,
    the_sends,
)
from tests.delivery.small_plan import FIRST_SLOT, PEOPLE, Plan
from tests.delivery.small_world import World

SHORT = Plan(batches=2, budget_minor=100_000)


@pytest.fixture
def short(make: MakeWorld) -> World:
    return make(SHORT)


def run_first(world: World, attempt: int = 1) -> str:
    """Launch, move to the first slot and take the first batch under `attempt`."""
    launch_id = launched(world)
    world.ports.clock.advance_to(FIRST_SLOT)  # type: ignore[attr-defined]
    world.change(
        sa.update(Batch)
        .where(Batch.number == 1)
        .values(attempt=attempt, leased_until=FIRST_SLOT + timedelta(hours=1))
    )
    return launch_id


def send_first(world: World) -> str:
    launch_id = run_first(world)
    asyncio.run(run_batch(world.ports, launch_id, 1, 1))
    return launch_id


def counts(world: World) -> Any:
    counted = reconcile(world.ports, the_launch(world).launch_id)
    assert counted.accounted == counted.net == PEOPLE
    return counted


@pytest.mark.promise
def test_somebody_suppressed_after_the_choice_is_dropped_with_the_layer(short: World) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    with short.ports.database.write() as session:
        for person in short.people:
            suppress(session, short.workspace_id, person, "email", "complained", at=FIRST_SLOT)
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    sends = the_sends(short)
    assert sends and {(s.status, s.layer, s.rule) for s in sends} == {
        ("dropped", "suppression", "gate.suppressed")
    }
    assert short.provider.calls() == {}
    drive(short)
    counted = counts(short)
    assert counted.sent == 0 and counted.dropped.keys() == {"suppression"}
    assert counted.dropped["suppression"] == PEOPLE - counted.held_out - counted.none > len(sends)


@pytest.mark.promise
def test_a_withdrawal_after_the_choice_is_dropped_by_consent(short: World) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    short.change(sa.update(ServedProfile).values(consent_bits=0))
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    assert {(s.status, s.layer) for s in the_sends(short)} == {("dropped", "consent")}
    assert short.provider.calls() == {}


def test_quiet_hours_hold_a_message_until_the_morning_of_the_person(short: World) -> None:
    send_first(short)
    held = [s for s in the_sends(short) if s.status == "held"]
    assert held and {s.due_at for s in held} == {datetime(2026, 12, 1, 16, tzinfo=UTC)}
    assert {(s.layer, s.rule) for s in held} == {("quiet_hours", "gate.quiet_hours")}
    assert the_batches(short)[0].due_at == datetime(2026, 12, 1, 16, tzinfo=UTC)
    calls = short.provider.calls()
    assert not {s.send_key for s in held} & set(calls)
    drive(short)
    assert {s.send_key for s in held} <= set(short.provider.calls())
    assert set(short.provider.calls().values()) == {1}
    assert counts(short).pending == 0


@pytest.mark.promise
def test_two_runs_of_one_batch_at_once_send_each_message_once(short: World) -> None:
    launch_id = run_first(short)

    async def together() -> None:
        runs = (run_batch(short.ports, launch_id, 1, 1) for _ in range(4))
        await asyncio.gather(*runs, return_exceptions=True)

    asyncio.run(together())
    driver_of(short).free_leases()
    drive(short)
    assert set(short.provider.calls().values()) == {1}
    assert counts(short).sent == len(short.provider.calls()) > 40


@pytest.mark.promise
def test_an_attempt_that_was_taken_over_sends_nothing(short: World) -> None:
    launch_id = run_first(short, attempt=2)
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    assert short.provider.calls() == {} and the_batches(short)[0].state == "planned"


class Stopping:
    """Stops or pauses the campaign after the first chunk it is given."""

    name = "replay"
    chunk = 10
    patience = 0.0

    def __init__(self, world: World, action: Any) -> None:
        self.world, self.action, self.chunks = world, action, 0

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        self.chunks += 1
        if self.chunks == 1:
            self.action(self.world.ports, self.world.approver, self.world.campaign_id)
        return await self.world.provider.send(messages)

    async def lookup(self, keys: Sequence[str]) -> Any:
        return await self.world.provider.lookup(keys)


@pytest.mark.promise
def test_a_stop_takes_hold_within_a_batch(short: World) -> None:
    channel = Stopping(short, control.stop)
    world = short.with_channel(channel)
    send_first(world)
    drive(world)
    assert channel.chunks == 1
    counted = counts(world)
    assert 0 < counted.sent == len(world.provider.calls()) <= 10
    assert counted.dropped["approval"] > 10
    assert counted.dropped["not_reached:stopped"] == 100
    assert the_campaign(world).state == "stopped"
    assert the_launch(world).finished_at is not None and the_launch(world).learned_until == 2


def test_a_pause_keeps_the_rest_until_somebody_resumes(short: World) -> None:
    world = short.with_channel(Stopping(short, control.pause))
    send_first(world)
    drive(world)
    assert 0 < len(world.provider.calls()) <= 10
    assert the_campaign(world).state == "paused"
    assert counts(world).pending > 0 and the_batches(world)[1].state == "planned"
    with pytest.raises(NotAuthorisedError):
        control.resume(world.ports, world.author, world.campaign_id)
    assert control.resume(world.ports, world.approver, world.campaign_id).state == "live"
    drive(world)
    assert the_campaign(world).state == "completed"
    assert counts(world).pending == 0 and set(world.provider.calls().values()) == {1}


def test_a_stop_before_the_start_reaches_nobody(short: World) -> None:
    launched(short)
    assert control.stop(short.ports, short.author, short.campaign_id).state == "cancelled"
    again = control.stop(short.ports, short.author, short.campaign_id)
    assert (again.state, again.changed) == ("cancelled", False)
    drive(short)
    assert short.provider.calls() == {}
    assert counts(short).dropped == {"not_reached:stopped": PEOPLE}
    assert the_launch(short).finished_at is not None


def test_stopping_the_workspace_ends_every_launch(short: World) -> None:
    send_first(short)
    sent = len(short.provider.calls())
    assert control.stop_workspace(short.ports, short.author)
    assert not control.stop_workspace(short.ports, short.author)
    drive(short)
    counted = counts(short)
    assert counted.sent == sent == len(short.provider.calls())
    assert counted.dropped["not_reached:workspace_stopped"] == 100
    assert counted.dropped["workspace_stopped"] > 0
    assert control.resume_workspace(short.ports, short.approver)


@pytest.mark.promise
@pytest.mark.parametrize(
    "change",
    [
        sa.update(Approval).values(status="revoked"),
        sa.update(Proposal).values(
            canonical_json=sa.func.replace(Proposal.canonical_json, "100000", "900000")
        ),
        sa.update(Proposal).values(status="revoked"),
    ],
    ids=["approval revoked", "content edited", "proposal revoked"],
)
def test_what_is_no_longer_countersigned_is_not_sent(short: World, change: sa.Executable) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    short.change(change)
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    assert short.provider.calls() == {}
    assert {(s.status, s.layer) for s in the_sends(short)} == {("dropped", "approval")}


@pytest.mark.promise
def test_a_message_with_another_creative_is_not_sent(short: World) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    asyncio.run(_prepare_only(short, launch_id))
    short.change(sa.update(Send).values(creative_digest="0" * 64))
    with pytest.raises(Exception, match="creative that was approved"):
        asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    assert short.provider.calls() == {}


async def _prepare_only(world: World, launch_id: str) -> None:
    delivery.send._prepare(world.ports, launch_id, 1, 1)


@pytest.mark.promise
def test_changed_choices_are_not_sent(short: World) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    (part,) = short.ports.warehouse.parts(short.workspace_id, "choices")
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(Exception, match="not the ones that were written"):
        asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    assert short.provider.calls() == {}


@pytest.mark.promise
def test_a_provider_that_took_messages_and_fell_silent_is_asked_and_not_called_again(short: World) -> None:
    flaky = Flaky(short.provider, delivers=True)
    world = short.with_channel(flaky)
    drive(world)
    assert len(flaky.sent) == len(set(flaky.sent))
    assert set(world.provider.calls().values()) == {1}
    assert counts(world).unknown == 0


@pytest.mark.promise
def test_what_nobody_knows_stays_unknown_and_is_never_sent_again(short: World) -> None:
    flaky = Flaky(short.provider, delivers=False, answers_lookup=False)
    world = short.with_channel(flaky)
    drive(world)
    unknown = [s for s in the_sends(world) if s.status == "unknown"]
    counted = counts(world)
    assert counted.unknown == len(unknown) > 0
    assert len(flaky.sent) == len(set(flaky.sent))
    assert not {s.send_key for s in unknown} & set(world.provider.calls())


def test_sending_ends_with_the_last_day_of_the_envelope(short: World) -> None:
    launched(short)
    control.pause(short.ports, short.author, short.campaign_id)
    short.ports.clock.advance_to(datetime(2026, 12, 15, 15, tzinfo=UTC))  # type: ignore[attr-defined]
    control.resume(short.ports, short.approver, short.campaign_id)
    drive(short)
    assert short.provider.calls() == {}
    assert counts(short).dropped == {"not_reached:not_approved": PEOPLE}
    assert the_campaign(short).state == "cancelled"


def test_caps_count_messages_of_other_campaigns(short: World) -> None:
    launch_id = run_first(short)
    choose_batch(short.ports, launch_id, 1, 1)
    with short.ports.database.write() as session:
        for person in short.people:
            for step in range(3):
                session.add(
                    Send(
                        send_key=f"{person}-{step}", workspace_id=short.workspace_id, source="other", step=str(step),
                        person_id=person, channel="email", occurrence="1", arm="x", category="marketing",
                        status="sent", created_at=FIRST_SLOT, sent_at=FIRST_SLOT - timedelta(days=2),
                    )
                )  # fmt: skip
    asyncio.run(run_batch(short.ports, launch_id, 1, 1))
    mine = [s for s in the_sends(short) if s.launch_id == launch_id]
    assert {s.layer for s in mine if s.status == "dropped"} == {"contact_caps"}
    assert short.provider.calls() == {}


@pytest.mark.promise
def test_choices_of_an_attempt_that_was_taken_over_replace_nobodys(
    make: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow attempt draws, is taken over, and writes after its successor: the successor's choices stand."""
    world = make(SHORT)
    launch_id = run_first(world)
    inner = delivery.batches.write_choices
    seen: list[str] = []

    def slow(warehouse: Any, common: Any, parts: Any) -> Any:
        if not seen:
            seen.append("slow")
            world.change(sa.update(Batch).where(Batch.number == 1).values(attempt=2))
            world.ports.clock.advance_to(FIRST_SLOT + timedelta(minutes=6))  # type: ignore[attr-defined]
            world.change(
                sa.update(ServedProfile)
                .where(ServedProfile.person_id.in_(world.people[:60]))
                .values(consent_bits=0)
            )
            choose_batch(world.ports, launch_id, 1, 2)
            (part,) = world.ports.warehouse.parts(world.workspace_id, "choices")
            seen.append(hashlib.sha256(part.read_bytes()).hexdigest())
        return inner(warehouse, common, parts)

    monkeypatch.setattr(delivery.batches, "write_choices", slow)
    with pytest.raises(BatchMovedError):
        choose_batch(world.ports, launch_id, 1, 1)
    (part,) = world.ports.warehouse.parts(world.workspace_id, "choices")
    assert seen == ["slow", hashlib.sha256(part.read_bytes()).hexdigest()]
    asyncio.run(run_batch(world.ports, launch_id, 1, 2))
    assert len(the_sends(world)) > 0 and set(world.provider.calls().values()) == {1}
