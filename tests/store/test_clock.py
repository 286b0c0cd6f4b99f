from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from policies.errors import ConflictError
from store.clock import ClockBackwardsError, ClockNotStartedError, FixedClock, ReplayClock, WallClock
from store.database import Database

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_the_wall_clock_is_aware_utc_and_goes_on():
    first, second = WallClock().now(), WallClock().now()
    assert first.tzinfo is UTC
    assert first <= second


def test_a_fixed_clock_gives_its_instant_in_utc():
    there = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=1)))
    assert FixedClock(there).now() == AT
    assert FixedClock(there).now().tzinfo is UTC


def test_a_replay_clock_never_started_is_an_error(any_database: Database):
    with pytest.raises(ClockNotStartedError, match="never started"):
        ReplayClock(any_database, "unknown home").now()


def test_starting_twice_keeps_the_time(any_database: Database):
    clock = ReplayClock(any_database, "new")
    assert clock.start(AT) == AT
    assert clock.start(AT + timedelta(days=9)) == AT
    assert clock.now() == AT


def test_two_processes_see_the_same_time(any_database: Database):
    url = any_database.operational_url.render_as_string(hide_password=False)
    other = Database(url, any_database.identity_url.render_as_string(hide_password=False))
    mine, theirs = ReplayClock(any_database, "new"), ReplayClock(other, "new")
    mine.start(AT)
    assert theirs.now() == AT
    assert theirs.advance_to(AT + timedelta(hours=12)) == AT + timedelta(hours=12)
    assert mine.now() == AT + timedelta(hours=12)
    other.close()


def test_the_same_instant_changes_nothing(any_database: Database):
    clock = ReplayClock(any_database, "new")
    clock.start(AT)
    assert clock.advance_to(AT) == AT


def test_replay_time_never_goes_back(any_database: Database):
    clock = ReplayClock(any_database, "new")
    clock.start(AT)
    with pytest.raises(ClockBackwardsError, match="cannot go back") as caught:
        clock.advance_to(AT - timedelta(microseconds=1))
    assert isinstance(caught.value, ConflictError)
    assert clock.now() == AT


def test_of_racing_advances_the_latest_instant_stays(any_database: Database):
    clock = ReplayClock(any_database, "new")
    clock.start(AT)
    targets = [AT + timedelta(minutes=minute) for minute in (5, 1, 9, 3, 7, 2)]

    def move(target: datetime) -> bool:
        try:
            clock.advance_to(target)
        except ClockBackwardsError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        moved = list(pool.map(move, targets))
    assert clock.now() == max(targets)
    assert moved[targets.index(max(targets))]
