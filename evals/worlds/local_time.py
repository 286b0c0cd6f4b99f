"""Quiet hours by walking the clock: the oracle's own reading of local time, minute by minute.

Written from the rule in words: in the person's own time zone nothing is sent from the start of the window up to, but not
at, its end; a hold ends at the first instant at which the local clock is out of the window.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_MACHINE = {"localtime", "posixrules", "Factory"}
_DAY_AND_MORE = 60 * 27


def known_zone(name: str) -> bool:
    """Whether a name is a time zone that means the same on every machine."""
    return name in _zones() and name not in _MACHINE and not name.startswith(("posix/", "right/"))


def minutes_of(clock: time) -> int:
    """Return the minutes since local midnight."""
    return clock.hour * 60 + clock.minute


def is_quiet(at: datetime, zone: str, start: time, end: time) -> bool:
    """Whether it is quiet in a zone at an aware instant; a window may pass midnight."""
    now = minutes_of(at.astimezone(ZoneInfo(zone)).time())
    begin, finish = minutes_of(start), minutes_of(end)
    if begin < finish:
        return begin <= now < finish
    return not finish <= now < begin


@lru_cache(maxsize=100_000)
def quiet_ends(at: datetime, zone: str, start: time, end: time) -> int:
    """Return the epoch second at which it is no longer quiet; 0 when it is not quiet.

    Windows end on whole minutes and zones change on whole minutes, so a walk by the minute finds the very second.
    """
    if not is_quiet(at, zone, start, end):
        return 0
    minute = at.replace(second=0, microsecond=0)
    for step in range(1, _DAY_AND_MORE):
        later = minute + timedelta(minutes=step)
        if not is_quiet(later, zone, start, end):
            return int(later.timestamp())
    raise ValueError(f"it stays quiet in {zone} for more than a day from {at.isoformat()}")


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
