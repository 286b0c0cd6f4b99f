"""The oracle's own reading of the bounds that briefs are refused by: discounts, frequency, hours. Exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from fractions import Fraction

from evals.worlds.local_time import minutes_of


def discount_refused(percents: Sequence[Fraction], ceiling: Fraction) -> bool:
    """Whether discounts given one after the other go deeper than the ceiling, all in percent."""
    price = Fraction(1)
    for percent in percents:
        price -= price * percent / 100
    return (1 - price) * 100 > ceiling


def frequency_refused(messages: int, days: int, cap_messages: int, cap_days: int, *, repeats: bool) -> bool:
    """Whether so many messages in so many days put more into some window of the cap's days than it allows.

    A single burst no longer than the window falls into it whole; anything else is a steady pace.
    """
    if not repeats and days <= cap_days:
        return messages > cap_messages
    return Fraction(messages * cap_days, days) > cap_messages


def minutes_between(start: time, end: time) -> set[int]:
    """Return the minutes of a day from start up to, not at, the end; past midnight where the end is earlier."""
    first, last = minutes_of(start), minutes_of(end)
    if first <= last:
        return set(range(first, last))
    return set(range(first, 24 * 60)) | set(range(last))


def time_refused(moment: time, quiet: tuple[time, time]) -> bool:
    """Whether a local time of sending lies in the quiet hours."""
    return minutes_of(moment) in minutes_between(*quiet)


def window_refused(window: tuple[time, time], quiet: tuple[time, time]) -> bool:
    """Whether a window of sending touches the quiet hours; a window without length is its one moment."""
    wanted = minutes_between(*window) or {minutes_of(window[0])}
    return bool(wanted & minutes_between(*quiet))
