"""When and how often a person may be contacted: local quiet hours and frequency caps.

Quiet hours are read on the wall clock of the person's own time zone, so that they stay right when clocks change.
A time zone that is blank or unknown is replaced by the workspace's fallback zone, and every such person is
counted: `QuietHold.fallback_used`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


class QuietHoursError(InvalidInputError):
    """The quiet hours are no window of the day."""

    code = "quiet_hours_invalid"


class TimezoneError(InvalidInputError):
    """The time zone named by the workspace does not exist."""

    code = "timezone_unknown"


class NaiveTimeError(InvalidInputError):
    """A moment came without its time zone."""

    code = "time_without_zone"


class CapError(InvalidInputError):
    """A frequency cap is below zero or no whole number."""

    code = "cap_invalid"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The window of the local day in which nothing is sent: from `start` up to, but not at, `end`.

    A start after the end crosses midnight (21:00 to 08:00). Raises QuietHoursError when both are equal.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise QuietHoursError(
                f"Quiet hours from {self.start:%H:%M} to {self.end:%H:%M} have no length. "
                "Give two different times, or leave quiet hours out.",
                value=f"{self.start:%H:%M}-{self.end:%H:%M}",
            )
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise QuietHoursError(
                "Quiet hours are local times of each person; give them without a time zone.",
                value=f"{self.start}-{self.end}",
            )

    def holds_at(self, wall: time) -> bool:
        """Decide whether a reading of the wall clock lies in the window."""
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


class QuietHold(NamedTuple):
    """Per message (n,): until when it is quiet (epoch seconds, 0 = not quiet), and whose zone was replaced."""

    until: IntArray
    fallback_used: BoolArray


# Names that the zone database answers but that mean "this machine" or count leap seconds.
_MACHINE_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})
_MACHINE_FOLDERS: Final = ("posix/", "right/")


@lru_cache(
    maxsize=1024
)  # a name that is none is looked for in every folder of zones, and zoneinfo keeps but eight
def find_zone(name: str) -> ZoneInfo | None:
    """Find a time zone by its IANA name; None when there is no such zone on any machine."""
    if not name or name in _MACHINE_ZONES or name.startswith(_MACHINE_FOLDERS):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: a folder of the database, such as "America", or a name too long for a file.
        return None


def require_zone(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name, or raise TimezoneError naming it."""
    zone = find_zone(name)
    if zone is None:
        raise TimezoneError(
            f'There is no time zone "{name}". Use an IANA name such as Europe/Berlin or America/New_York.',
            value=name,
        )
    return zone


def require_aware(moment: datetime, what: str) -> datetime:
    """Return the moment in UTC, or raise NaiveTimeError when it carries no time zone."""
    if moment.tzinfo is None:
        raise NaiveTimeError(
            f"{what} is {moment.isoformat()} without a time zone; give it in UTC.", value=moment.isoformat()
        )
    return moment.astimezone(UTC)


def quiet_until(
    now: datetime, timezones: Sequence[str] | NDArray[np.str_], window: QuietHours | None, *, fallback: str
) -> QuietHold:
    """Decide for each person (n,) until when it is quiet where they live.

    `now` is aware; `timezones` are IANA names (n,); without a window nobody is quiet. `until` is the first
    instant after `now` at which the local wall clock reads the window's end or later: where the end falls into
    the hour that spring skips, the instant of the jump; where autumn repeats it, the first reading still to
    come. Each distinct zone is worked out once. Raises TimezoneError for a bad fallback, NaiveTimeError.
    """
    instant = require_aware(now, "The time to judge quiet hours at")
    fallback_zone = require_zone(fallback)
    names = timezones.tolist() if isinstance(timezones, np.ndarray) else list(timezones)
    index_of: dict[str, int] = {}
    inverse = np.fromiter(
        (index_of.setdefault(name, len(index_of)) for name in names), dtype=np.int64, count=len(names)
    )
    zones = [find_zone(name) for name in index_of]
    bad = np.array([zone is None for zone in zones], dtype=np.bool_)
    until = np.array(
        [0 if window is None else _quiet_end(instant, zone or fallback_zone, window) for zone in zones],
        dtype=np.int64,
    )
    return QuietHold(until=until[inverse], fallback_used=bad[inverse])


def _quiet_end(instant: datetime, zone: ZoneInfo, window: QuietHours) -> int:
    """Epoch second at which the quiet window around `instant` ends in one zone; 0 when it is not quiet."""
    local = instant.astimezone(zone)
    if not window.holds_at(local.time()):
        return 0
    ends_today = local.time() < window.end
    day = local.date() if ends_today else local.date() + timedelta(days=1)
    first, second = (
        datetime.combine(day, window.end, tzinfo=zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
    )
    if first > second:
        return _jump_between(second, first, zone)
    return _whole_seconds(first if first > instant else second)


def _jump_between(before: datetime, after: datetime, zone: ZoneInfo) -> int:
    """Epoch second at which the zone's clock jumps, by halving; it changes once in (before, after]."""
    low, high = _whole_seconds(before), _whole_seconds(after)
    old_offset = before.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, tz=zone).utcoffset() == old_offset:
            low = middle
        else:
            high = middle
    return high


def _whole_seconds(moment: datetime) -> int:
    """Epoch seconds, rounded up, so that a hold never ends a fraction too early."""
    return -int(-moment.timestamp() // 1)


class Unset(Enum):
    """The cap was never set at this level; the workspace's default applies."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
CapSetting = int | None | Unset


class FrequencyCaps(NamedTuple):
    """At most so many contacts a person in a day, a week and a month, over all channels.

    0 = may never be contacted; None = no cap. `unset` is resolved before, by `resolve_cap`.
    """

    day: int | None
    week: int | None
    month: int | None


def resolve_cap(setting: CapSetting, workspace_default: int | None) -> int | None:
    """Decide the cap that applies.

    0: these people may never be contacted. None (null): no cap, on purpose. UNSET: nothing was said here, so
    the workspace's default applies (itself 0, None or a number). Raises CapError below zero.
    """
    cap = workspace_default if isinstance(setting, Unset) else setting
    if cap is not None and (isinstance(cap, bool) or not isinstance(cap, int) or cap < 0):
        raise CapError(
            f"A frequency cap of {cap} is not possible. Use 0 for never, a whole number above 0, "
            "null for no cap, or leave it unset for the workspace's default.",
            value=cap,
        )
    return cap


def cap_reached(counts: IntArray, cap: int | None) -> BoolArray:
    """Decide who (n,) may not be contacted once more, given contacts so far (n,) and the resolved cap."""
    if cap is None:
        return np.zeros(counts.shape, dtype=np.bool_)
    reached: BoolArray = counts >= cap
    return reached
