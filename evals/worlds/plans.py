"""Generated plans: a batch of messages over the world, at an hour and under rules drawn to make every layer speak."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from evals.harness.case import Case
from evals.worlds.oracle import Fact, Setting
from evals.worlds.profiles import SAID, WORLD_PEOPLE, ZONES, make_world

PLANS: Final = 1000
WORLD_SEED: Final = 11
_CATEGORIES: Final = ("marketing", "marketing", "marketing", "transactional", "service", "test")
# The days on which clocks change somewhere in 2026, and some on which they do not.
_DAYS: Final = (
    "2026-03-08",
    "2026-03-29",
    "2026-04-05",
    "2026-10-04",
    "2026-10-25",
    "2026-11-01",
    "2026-12-31",
    "2028-02-29",
)
_WINDOWS: Final = (
    ("21:00", "08:00"),
    ("02:30", "03:30"),
    ("22:15", "06:45"),
    ("12:00", "13:00"),
    ("00:00", "02:00"),
)


class Plan(NamedTuple):
    """What is judged: the batch's setting and each message's facts."""

    setting: Setting
    facts: tuple[Fact, ...]


def plan_cases(count: int = PLANS) -> list[Case]:
    """Return the generated plans as cases; the first takes the whole world, the others up to 60 people."""
    return [
        Case(
            id=f"plan-{number:04d}",
            kind="plan",
            data={"seed": number, "people": WORLD_PEOPLE if number == 0 else 60},
            tags=("whole_world",) if number == 0 else (),
        )
        for number in range(count)
    ]


def make_plan(seed: int, people: int) -> Plan:
    """Return the plan of a seed over so many messages."""
    rng = np.random.default_rng([seed, people, 5])
    setting = _setting(rng, people)
    world = make_world(WORLD_SEED)
    # a person may come twice, so that contacts inside a batch count
    who = rng.integers(0, WORLD_PEOPLE, people)
    if people < WORLD_PEOPLE:
        who = who[rng.integers(0, max(1, int(people * 0.8)), people)]
    keys = np.where(rng.random(people) < 0.05, rng.integers(0, 3, people), np.arange(people) + 3)
    now = int(setting.now.timestamp())
    cost = rng.choice([0, 1, 5, 20, 35], people)
    shift = rng.integers(-7200, 7200, (2, people))
    timed = rng.random((2, people)) < 0.1
    flags = rng.random((3, people))
    facts = tuple(
        Fact(
            person=int(p),
            key=int(keys[i]),
            legal_block=bool(world.legal_block[p]),
            said=SAID[world.said[p]],
            suppressed=bool(world.suppressed[p]),
            held_out=bool(world.held_out[p]),
            eligible=bool(world.eligible[p]),
            test_recipient=bool(flags[0, i] < 0.8),
            timezone=ZONES[world.zone[p]],
            contacts=tuple(world.contacts[p].tolist()),
            cost=int(cost[i]),
            sent_before=bool(flags[1, i] < 0.04),
            not_before=now + int(shift[0, i]) if timed[0, i] else 0,
            not_after=now + int(shift[1, i]) if timed[1, i] else 0,
            chosen=bool(flags[2, i] < 0.85),
        )
        for i, p in enumerate(who.tolist())
    )
    return Plan(setting, facts)


def _setting(rng: np.random.Generator, people: int) -> Setting:
    start, end = _WINDOWS[int(rng.integers(len(_WINDOWS)))]
    return Setting(
        category=_CATEGORIES[int(rng.integers(len(_CATEGORIES)))],
        now=_moment(rng),
        quiet=None if rng.random() < 0.15 else (time.fromisoformat(start), time.fromisoformat(end)),
        fallback_zone=ZONES[int(rng.integers(12))],
        caps=tuple(_cap(rng, most) for most in (3, 5, 9)),  # type: ignore[arg-type]  # three of them
        stopped=bool(rng.random() < 0.02),
        approved=bool(rng.random() > 0.03),
        paused=bool(rng.random() < 0.03),
        money=None if rng.random() < 0.2 else int(rng.integers(0, 12 * people)),
        tests_sent=int(rng.integers(0, 22)),
    )


def _moment(rng: np.random.Generator) -> datetime:
    """An instant on a day of the list: near a change of clocks in one of the zones, or anywhere."""
    day = datetime.fromisoformat(_DAYS[int(rng.integers(len(_DAYS)))])
    zone = ZoneInfo(ZONES[int(rng.integers(12))]) if rng.random() < 0.7 else UTC
    local = day.replace(
        hour=int(rng.integers(24)), minute=int(rng.integers(60)), second=int(rng.integers(60))
    )
    return (local.replace(tzinfo=zone) + timedelta(days=int(rng.integers(-1, 2)))).astimezone(UTC)


def _cap(rng: np.random.Generator, most: int) -> int | None:
    drawn = int(rng.integers(-1, most + 1))
    return None if drawn < 0 else drawn
