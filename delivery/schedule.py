"""When a launch's batches go out and whom each one holds: the envelope of a proposal as slots."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from delivery.errors import LaunchRefusedError
from policies.contact import require_zone
from policies.proposal import Content


class Slot(NamedTuple):
    """Batch `number` (1 is the first) holds places [first, first + people) of the seeded order, at `at`."""

    number: int
    first: int
    people: int
    at: datetime


class Bounds(NamedTuple):
    """What a launch may use at most: the envelope, lowered by the approval. Money is in minor units."""

    people: int
    first_step_people: int | None
    budget_minor: int


def bounds_of(content: Content, limits: Mapping[str, int] | None) -> Bounds:
    """Return the envelope's bounds with the approval's limits; a limit can only lower one."""
    lowered = limits or {}
    people = min(content.number(content.audience.net), content.number(content.envelope.maximum_people))
    budget = content.number(content.envelope.budget)
    return Bounds(
        people=min(people, lowered.get("maximum_people", people)),
        first_step_people=lowered.get("first_step_people"),
        budget_minor=min(budget, lowered.get("budget_minor", budget)),
    )


def canary_batches(content: Content) -> int:
    """How many batches at the start are a ramp step of their own, smaller than the whole audience."""
    return sum(1 for share in _ramp(content) if share < 1)


def plan_slots(content: Content, bounds: Bounds, *, timezone: str, first_slot_local: str) -> tuple[Slot, ...]:
    """Divide people among batches.

    Each ramp step below the whole audience is one batch, up to its cumulative share; the rest is divided evenly.
    Slots start on the envelope's first day at `first_slot_local` in the workspace's zone and lie `batch_interval` hours
    apart in real time. Empty batches are left out. Raises LaunchRefusedError where the batches do not fit.
    """
    envelope = content.envelope
    count, interval = content.number(envelope.batches), content.number(envelope.batch_interval)
    if count < 1 or interval < 1 or bounds.people < 1:
        raise LaunchRefusedError(
            f"{bounds.people} people in {count} batches, {interval} h apart, is nothing to launch; "
            "each must be at least 1",
            value=count,
        )
    start = first_instant(content, timezone, first_slot_local)
    end = last_instant(content, timezone)
    edges = _edges(bounds, [share for share in _ramp(content) if share < 1], count)
    slots: list[Slot] = []
    first = 0
    for edge in edges:
        if edge > first:
            at = start + timedelta(hours=interval * len(slots))
            slots.append(Slot(len(slots) + 1, first, edge - first, at))
            first = edge
    if slots[-1].at >= end:
        raise LaunchRefusedError(
            f"the last of {len(slots)} batches would start at {slots[-1].at.isoformat()}, after the campaign's end; "
            "use fewer or denser batches",
            value=slots[-1].at.isoformat(),
        )
    return tuple(slots)


def first_instant(content: Content, timezone: str, first_slot_local: str) -> datetime:
    """The instant of the first slot."""
    day = date.fromisoformat(content.text(content.envelope.starts))
    local = datetime.combine(day, time.fromisoformat(first_slot_local), tzinfo=require_zone(timezone))
    return local.astimezone(UTC)


def last_instant(content: Content, timezone: str) -> datetime:
    """The end of the envelope's last day in the workspace's zone; nothing is sent from then on."""
    day = date.fromisoformat(content.text(content.envelope.ends)) + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=require_zone(timezone)).astimezone(UTC)


def _ramp(content: Content) -> list[Decimal]:
    return sorted(Decimal(content.text(step.share)) for step in content.envelope.ramp)


def _edges(bounds: Bounds, ramp: list[Decimal], count: int) -> list[int]:
    """Cumulative people at the end of each batch, rising to all of them."""
    steps = [round(share * bounds.people) for share in ramp][: count - 1]
    if bounds.first_step_people is not None and count > 1:
        even = -(-bounds.people // count)
        steps[:1] = [min(bounds.first_step_people, steps[0] if steps else even)]
    done = steps[-1] if steps else 0
    rest = count - len(steps)
    return [*steps, *(done + (bounds.people - done) * i // rest for i in range(1, rest + 1))]
