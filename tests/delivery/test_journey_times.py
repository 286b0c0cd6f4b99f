"""When a local time comes next, over changes of the clocks and ends of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.journeys.arriving import next_local
from policies.contact import require_zone

ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "weekday", "zone", "now", "then"),
    [
        ("10:00", None, "Europe/Berlin", utc(2026, 11, 21, 8), utc(2026, 11, 21, 9)),
        ("10:00", None, "Europe/Berlin", utc(2026, 11, 21, 9), utc(2026, 11, 22, 9)),
        ("10:00", "tuesday", "Europe/Berlin", utc(2026, 11, 21, 9), utc(2026, 11, 24, 9)),
        ("10:00", "saturday", "Europe/Berlin", utc(2026, 11, 21, 9), utc(2026, 11, 28, 9)),
        ("02:30", None, "Europe/Berlin", utc(2026, 3, 28, 23), utc(2026, 3, 29, 1, 30)),  # skipped
        ("02:30", None, "Europe/Berlin", utc(2026, 10, 24, 23), utc(2026, 10, 25, 0, 30)),  # comes twice
        ("10:00", None, "America/New_York", utc(2026, 10, 31, 15), utc(2026, 11, 1, 15)),
        ("10:00", None, "Pacific/Apia", utc(2026, 11, 21, 20, 59), utc(2026, 11, 21, 21)),
    ],
)
def test_the_next_local_time(at: str, weekday: str | None, zone: str, now: datetime, then: datetime) -> None:
    assert next_local(at, weekday, zone, now) == then


@given(
    minutes=st.integers(0, 6 * 366 * 24 * 60),
    hour=st.integers(4, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(ZONES),
)
def test_it_is_the_first_such_reading_after_now(minutes: int, hour: int, minute: int, zone: str) -> None:
    now = utc(2024, 1, 1) + timedelta(minutes=minutes)
    then = next_local(f"{hour:02}:{minute:02}", None, zone, now)
    local = then.astimezone(require_zone(zone))
    assert (local.hour, local.minute) == (hour, minute)
    assert now < then <= now + timedelta(hours=25)
