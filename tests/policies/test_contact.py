"""Quiet hours across clock changes and zones, and the three meanings of a cap."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from policies.contact import UNSET, QuietHours, cap_reached, find_zone, quiet_until, resolve_cap

NIGHT = QuietHours(time(21, 0), time(8, 0))


def until(now: datetime, zone: str, window: QuietHours | None = NIGHT) -> datetime | None:
    seconds = int(quiet_until(now, [zone], window, fallback="UTC").until[0])
    return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None


def at(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_evening_is_quiet_until_the_next_morning() -> None:
    assert until(at("Europe/Berlin", 2026, 12, 1, 21, 0), "Europe/Berlin") == at(
        "Europe/Berlin", 2026, 12, 2, 8, 0
    )


def test_the_end_itself_is_not_quiet_and_the_start_is() -> None:
    assert until(at("Europe/Berlin", 2026, 12, 1, 8, 0), "Europe/Berlin") is None
    assert until(at("Europe/Berlin", 2026, 12, 1, 20, 59), "Europe/Berlin") is None


def test_a_window_inside_one_day_ends_the_same_day() -> None:
    siesta = QuietHours(time(13, 0), time(15, 30))
    assert until(at("Europe/Madrid", 2026, 6, 1, 14, 0), "Europe/Madrid", siesta) == at(
        "Europe/Madrid", 2026, 6, 1, 15, 30
    )
    assert until(at("Europe/Madrid", 2026, 6, 1, 16, 0), "Europe/Madrid", siesta) is None


def test_the_night_of_the_spring_change_is_an_hour_shorter() -> None:
    start = at("Europe/Berlin", 2026, 3, 28, 21, 0)
    end = until(start, "Europe/Berlin")
    assert end == at("Europe/Berlin", 2026, 3, 29, 8, 0)
    assert end - start == timedelta(hours=10)


def test_the_night_of_the_autumn_change_is_an_hour_longer() -> None:
    start = at("Europe/Berlin", 2026, 10, 24, 21, 0)
    end = until(start, "Europe/Berlin")
    assert end is not None
    assert end - start == timedelta(hours=12)


def test_an_end_in_the_skipped_hour_is_the_instant_of_the_jump() -> None:
    window = QuietHours(time(21, 0), time(2, 30))
    end = until(at("America/New_York", 2026, 3, 7, 23, 0), "America/New_York", window)
    assert end == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


def test_an_end_in_the_repeated_hour_is_its_first_reading_still_to_come() -> None:
    window = QuietHours(time(21, 0), time(1, 30))
    zone = "America/New_York"
    assert until(at(zone, 2026, 10, 31, 23, 0), zone, window) == at(zone, 2026, 11, 1, 1, 30, fold=0)
    second_pass = at(zone, 2026, 11, 1, 1, 10, fold=1)
    assert until(second_pass, zone, window) == at(zone, 2026, 11, 1, 1, 30, fold=1)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@pytest.mark.parametrize("day", [datetime(2026, 3, 7), datetime(2026, 4, 4), datetime(2026, 10, 31)])  # noqa: DTZ001
def test_hold_equals_walking_the_wall_clock_minute_by_minute(zone: str, day: datetime) -> None:
    window = QuietHours(time(22, 15), time(2, 30))
    place = ZoneInfo(zone)
    for hours in range(0, 48, 1):
        now = day.replace(tzinfo=UTC) + timedelta(hours=hours)
        walked = now
        while walked.astimezone(place).time() >= window.start or walked.astimezone(place).time() < window.end:
            walked += timedelta(minutes=1)
        assert until(now, zone, window) == (None if walked == now else walked)


def test_zones_of_a_batch_are_worked_out_independently() -> None:
    now = datetime(2026, 12, 3, 5, 30, tzinfo=UTC)
    zones = np.array(["Asia/Tokyo", "America/New_York", "Asia/Tokyo", "Europe/Berlin"])
    together = quiet_until(now, zones, NIGHT, fallback="UTC").until
    alone = [quiet_until(now, [zone], NIGHT, fallback="UTC").until[0] for zone in zones.tolist()]
    assert together.tolist() == alone
    assert (together == 0).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "America", "../etc/passwd", "localtime", "right/UTC", "x" * 5000]
)
def test_a_bad_zone_is_replaced_by_the_fallback_and_counted(zone: str) -> None:
    now = at("Europe/Berlin", 2026, 12, 1, 23, 0)
    hold = quiet_until(now, [zone, "Europe/Berlin"], NIGHT, fallback="Europe/Berlin")
    assert hold.fallback_used.tolist() == [True, False]
    assert hold.until[0] == hold.until[1] > 0


def test_bad_zones_are_counted_also_without_quiet_hours() -> None:
    hold = quiet_until(datetime(2026, 1, 1, tzinfo=UTC), ["nowhere"], None, fallback="UTC")
    assert (hold.until.tolist(), hold.fallback_used.tolist()) == ([0], [True])


def test_known_zones_are_found() -> None:
    assert find_zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")


def test_a_hold_is_rounded_up_to_whole_seconds() -> None:
    window = QuietHours(time(21, 0), time(8, 0, 0, 500_000))
    end = until(at("UTC", 2026, 1, 1, 7, 0), "UTC", window)
    assert end == datetime(2026, 1, 1, 8, 0, 1, tzinfo=UTC)


def test_zero_null_and_unset_are_three_meanings_of_a_cap() -> None:
    counts = np.array([0, 1, 5])
    assert cap_reached(counts, resolve_cap(0, workspace_default=3)).tolist() == [True, True, True]
    assert cap_reached(counts, resolve_cap(None, workspace_default=3)).tolist() == [False, False, False]
    assert cap_reached(counts, resolve_cap(UNSET, workspace_default=3)).tolist() == [False, False, True]
    assert resolve_cap(UNSET, workspace_default=None) is None


def test_a_cap_is_reached_at_its_number() -> None:
    assert cap_reached(np.array([1, 2, 3]), 2).tolist() == [False, True, True]
