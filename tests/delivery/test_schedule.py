"""An envelope as slots: shares of a ramp, limits, days of 23 hours, and what does not fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from delivery.errors import LaunchRefusedError
from delivery.order import order_people
from delivery.schedule import Slot, bounds_of, plan_slots
from policies.contact import TimezoneError
from tests.delivery.small_plan import FIRST_SLOT, Plan, make_content


def slots(plan: Plan, zone: str = "America/New_York") -> tuple[Slot, ...]:
    content = make_content(plan, "0" * 64, {"mens_email": "a" * 64, "womens_email": "b" * 64}, "0" * 64)
    return plan_slots(content, bounds_of(content, plan.limits), timezone=zone, first_slot_local="10:00")


def test_batches_divide_people_evenly_and_follow_each_other() -> None:
    found = slots(Plan(batches=3, batch_interval_hours=6))
    assert [(s.number, s.first, s.people) for s in found] == [(1, 0, 66), (2, 66, 67), (3, 133, 67)]
    assert [s.at for s in found] == [FIRST_SLOT + timedelta(hours=6 * i) for i in range(3)]


def test_each_ramp_step_is_a_batch_up_to_its_share() -> None:
    found = slots(Plan(batches=5, ramp=("0.05", "0.2", "1")))
    assert [s.people for s in found] == [10, 30, 53, 53, 54]


def test_a_lower_first_step_shrinks_the_first_batch_only() -> None:
    assert [s.people for s in slots(Plan(batches=3, limits={"first_step_people": 5}))] == [5, 97, 98]
    ramped = slots(Plan(batches=3, ramp=("0.1", "1"), limits={"first_step_people": 5}))
    assert [s.people for s in ramped] == [5, 97, 98]
    assert slots(Plan(batches=3, limits={"first_step_people": 150}))[0].people == 67


def test_limits_never_raise_a_bound() -> None:
    content = make_content(Plan(), "0" * 64, {}, "0" * 64)
    bounds = bounds_of(content, {"maximum_people": 10**6, "budget_minor": 10**9})
    assert (bounds.people, bounds.budget_minor) == (200, 2000)


def test_more_batches_than_people_leaves_the_empty_ones_out() -> None:
    found = slots(Plan(batches=12, batch_interval_hours=1, limits={"maximum_people": 5}))
    assert [s.people for s in found] == [1] * 5
    assert [s.number for s in found] == [1, 2, 3, 4, 5]


def test_the_first_slot_is_local_to_the_workspace() -> None:
    assert slots(Plan(), "Europe/Berlin")[0].at == datetime(2026, 12, 1, 9, tzinfo=UTC)
    with pytest.raises(TimezoneError):
        slots(Plan(), "Europe/Atlantis")


def test_batches_beyond_the_last_day_are_refused() -> None:
    with pytest.raises(LaunchRefusedError, match="after the campaign's end"):
        slots(Plan(batches=30))
    with pytest.raises(LaunchRefusedError, match="at least 1"):
        slots(Plan(batches=0))


def test_order_and_groups_follow_the_seed_and_survive_a_deletion() -> None:
    content = make_content(Plan(), "0" * 64, {}, "0" * 64)
    other = make_content(Plan(seed=8), "0" * 64, {}, "0" * 64)
    ids = np.array([f"person-{i:04d}" for i in range(1000)])
    shuffled = np.random.default_rng(1).permutation(ids)
    first, again = order_people(ids, content), order_people(shuffled, content)
    assert first.person_ids.tolist() == again.person_ids.tolist()
    assert first.groups.tolist() == again.groups.tolist()
    assert first.person_ids.tolist() != order_people(ids, other).person_ids.tolist()
    assert {name: int((first.groups == name).sum()) for name in set(first.groups.tolist())} == {
        "holdout": 100,
        "random_control": 100,
        "optimised": 800,
    }
    fewer = order_people(np.delete(ids, 17), content)
    assert fewer.person_ids.tolist() == [p for p in first.person_ids.tolist() if p != ids[17]]
    before = dict(zip(first.person_ids.tolist(), first.groups.tolist(), strict=True))
    moved = [
        p for p, g in zip(fewer.person_ids.tolist(), fewer.groups.tolist(), strict=True) if before[p] != g
    ]
    assert len(moved) <= 2
