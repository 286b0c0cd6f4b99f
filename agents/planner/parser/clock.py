"""Times of day."""

from __future__ import annotations

import re
from datetime import time


def time_of_day(name: str) -> str:
    """A pattern of a time of day ("9am", "21:30", "8 p.m."); groups h, m and p carry `name`."""
    return rf"(?P<{name}h>[0-2]?[0-9])(?:[:.](?P<{name}m>[0-5][0-9]))?(?:\s?(?P<{name}p>[ap]\.?m\b\.?|h\b|o['’]clock))?(?![0-9%])"


def read_time(match: re.Match[str], name: str) -> time | None:
    """Read the groups of `time_of_day`; None when it is no time of day."""
    hour, minute = int(match[f"{name}h"]), int(match[f"{name}m"] or 0)
    half = (match[f"{name}p"] or "").lower().replace(".", "")
    if half in ("am", "pm"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute) if hour < 24 else None
