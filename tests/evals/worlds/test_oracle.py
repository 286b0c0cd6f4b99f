"""The oracle against answers worked out by hand; the suite compares it with the product."""

from __future__ import annotations

from datetime import UTC, datetime, time
from fractions import Fraction

import pytest

from evals.worlds import bounds
from evals.worlds.local_time import quiet_ends
from evals.worlds.oracle import Fact, Setting, rule_on
from evals.worlds.plans import make_plan

NIGHT = (time(21), time(8))
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACT = Fact(1, 1, False, "yes", False, False, True, True, "UTC", (0, 0, 0), 10, False, 0, 0, True)
SETTING = Setting("marketing", NOON, NIGHT, "UTC", (2, None, None), False, True, False, 25, 0)


@pytest.mark.parametrize(
    ("at", "zone", "window", "ends"),
    [
        # spring skips 02:00 to 03:00 in New York: a window that ends at 02:30 ends with the jump
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "America/New_York", (time(1), time(2, 30)), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        # autumn repeats 01:00 to 02:00: the first 01:30 ends it
        (datetime(2026, 11, 1, 5, 0, tzinfo=UTC), "America/New_York", (time(0), time(1, 30)), datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 22, tzinfo=UTC), "UTC", NIGHT, datetime(2026, 11, 25, 8, tzinfo=UTC)),
        (datetime(2026, 4, 4, 15, 10, tzinfo=UTC), "Australia/Lord_Howe", (time(1), time(2)), datetime(2026, 4, 4, 15, 30, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_quiet_hours_end_where_a_clock_on_the_wall_leaves_them(at, zone, window, ends) -> None:
    assert quiet_ends(at, zone, *window) == int(ends.timestamp())


def test_messages_use_up_money_contacts_and_keys_in_order() -> None:
    facts = [
        FACT,
        FACT._replace(key=2),
        FACT._replace(key=3),
        FACT._replace(person=2, key=1, cost=5),
        FACT._replace(person=3, key=9, cost=9),
    ]
    assert [ruling.rule for ruling in rule_on(facts, SETTING)] == [
        "",
        "",
        "gate.cap_day",
        "gate.twice_in_batch",
        "gate.budget_short",
    ]


@pytest.mark.parametrize(
    ("fact", "setting", "rule"),
    [
        ({"said": "no", "suppressed": True}, {}, "gate.consent_withdrawn"),
        ({"said": "nothing"}, {}, "gate.consent_unknown"),
        ({"said": "nothing"}, {"category": "service"}, ""),
        ({"held_out": True}, {"category": "transactional"}, ""),
        ({"suppressed": True}, {"category": "transactional"}, "gate.suppressed"),
        ({"timezone": "Pacific/Apia"}, {"now": datetime(2026, 11, 24, 10, tzinfo=UTC)}, "gate.quiet_hours"),
        ({"timezone": "Mars/Olympus"}, {}, ""),
        ({"test_recipient": False}, {"category": "test"}, "gate.test_recipient"),
        ({}, {"category": "test", "tests_sent": 20}, "gate.test_limit"),
    ],
)  # fmt: skip
def test_the_first_layer_that_objects_decides(fact, setting, rule: str) -> None:
    assert rule_on([FACT._replace(**fact)], SETTING._replace(**setting))[0].rule == rule


def test_bounds_are_judged_in_fractions() -> None:
    assert not bounds.discount_refused([Fraction(20), Fraction(25)], Fraction(40))
    assert bounds.discount_refused([Fraction(201, 10), Fraction(25)], Fraction(40))
    assert bounds.frequency_refused(4, 7, 3, 7, repeats=False)
    assert not bounds.frequency_refused(6, 14, 3, 7, repeats=False)
    assert bounds.time_refused(time(7, 59), NIGHT) and not bounds.time_refused(time(8), NIGHT)
    assert bounds.window_refused((time(20), time(21, 1)), NIGHT)
    assert not bounds.window_refused((time(20), time(21)), NIGHT)


def test_a_plan_is_the_same_for_the_same_seed() -> None:
    assert make_plan(7, 30) == make_plan(7, 30) != make_plan(8, 30)
