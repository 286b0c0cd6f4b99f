"""The reservation ledger: never more out than its limit, and each reservation settled once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.budget import (
    BudgetShortError,
    Ledger,
    ReservationState,
    ReservationStateError,
    affordable,
    confirm,
    release,
    reserve,
)
from policies.errors import CountersignError

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SOON = NOW + timedelta(minutes=10)
LATER = NOW + timedelta(minutes=11)
USD = Ledger("campaign budget in USD minor units", 1000)


def held(units: int, name: str = "a") -> Ledger:
    return reserve(USD, name, units, now=NOW, expires_at=SOON)


def test_reserved_units_are_not_left_for_others() -> None:
    assert held(600).left(NOW) == 400
    with pytest.raises(BudgetShortError, match="400 of 1000 are left"):
        reserve(held(600), "b", 401, now=NOW, expires_at=SOON)


def test_a_reservation_takes_the_last_unit() -> None:
    assert held(1000).left(NOW) == 0


def test_an_expired_reservation_is_free_again() -> None:
    assert held(600).left(SOON) == 1000


def test_confirming_less_than_reserved_frees_the_rest() -> None:
    ledger = confirm(held(600), "a", 450, now=NOW)
    assert (ledger.taken(LATER), ledger.left(LATER)) == (450, 550)


def test_a_confirmed_reservation_does_not_expire() -> None:
    assert confirm(held(600), "a", 600, now=NOW).left(NOW + timedelta(days=900)) == 400


def test_a_released_reservation_is_free_at_once() -> None:
    assert release(held(600), "a").left(NOW) == 1000


def test_repeating_a_call_changes_nothing() -> None:
    ledger = held(600)
    assert reserve(ledger, "a", 600, now=NOW, expires_at=LATER) is ledger
    used = confirm(ledger, "a", 500, now=NOW)
    assert confirm(used, "a", 500, now=LATER) is used
    given_back = release(ledger, "a")
    assert release(given_back, "a") == given_back


def test_an_expired_reservation_can_be_taken_up_again_while_there_is_room() -> None:
    again = reserve(held(600), "a", 600, now=LATER, expires_at=LATER + timedelta(minutes=1))
    assert again.left(LATER) == 400
    taken = reserve(held(600), "b", 900, now=LATER, expires_at=LATER + timedelta(minutes=1))
    with pytest.raises(BudgetShortError):
        reserve(taken, "a", 600, now=LATER, expires_at=LATER + timedelta(minutes=1))


def test_a_late_confirmation_counts_only_while_there_is_room() -> None:
    assert confirm(held(600), "a", 600, now=LATER).left(LATER) == 400
    taken = reserve(held(600), "b", 900, now=LATER, expires_at=LATER + timedelta(minutes=1))
    with pytest.raises(BudgetShortError, match="ran out"):
        confirm(taken, "a", 600, now=LATER)


def test_a_settled_reservation_cannot_be_settled_in_another_way() -> None:
    used = confirm(held(600), "a", 500, now=NOW)
    with pytest.raises(ReservationStateError):
        release(used, "a")
    with pytest.raises(ReservationStateError):
        confirm(used, "a", 400, now=NOW)
    with pytest.raises(ReservationStateError):
        confirm(release(held(600), "a"), "a", 1, now=NOW)
    with pytest.raises(ReservationStateError):
        reserve(held(600), "a", 601, now=NOW, expires_at=SOON)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "confirm", "release"]),
        st.integers(0, 5),
        st.integers(1, 60),
        st.integers(0, 9),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_no_sequence_of_calls_takes_more_than_the_limit(
    steps: list[tuple[str, int, int, int]],
) -> None:
    ledger, now = Ledger("stock", 100), NOW
    for verb, name, units, minutes in steps:
        now += timedelta(minutes=minutes)
        try:
            if verb == "reserve":
                ledger = reserve(ledger, str(name), units, now=now, expires_at=now + timedelta(minutes=5))
            elif verb == "confirm":
                ledger = confirm(ledger, str(name), units, now=now)
            else:
                ledger = release(ledger, str(name))
        except CountersignError as refused:
            assert refused.code
        assert 0 <= ledger.taken(now) <= ledger.limit
        confirmed = sum(r.units for r in ledger.reservations if r.state is ReservationState.CONFIRMED)
        assert confirmed <= ledger.limit


@given(st.integers(0, 1000), st.integers(0, 50), st.integers(0, 5000))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_affordable_is_the_largest_number_that_fits(messages: int, cost: int, left: int) -> None:
    number = affordable(messages, cost, left)
    assert number * cost <= left or number == 0
    assert number == messages or (number + 1) * cost > left
