"""Numbers, times and names as a person reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import NamedTuple

from policies.figures import money

NO_BREAK = "\u00a0"
MINUS = "\u2212"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_METRICS = {"visit": "visit rate", "conversion": "conversion rate", "spend": "spend per person"}
_GROUPS = {
    "optimised": "optimised group",
    "holdout": "holdout",
    "random_control": "random control",
    "business_as_usual": "business as usual",
}
NO_ARM = "none"
MOST_DECIMALS = 6
_PER_CENT = re.compile(r"(\d) ?%")


class Scale(NamedTuple):
    """How the values of one unit are said: multiplied by `factor`, with `prefix` and `suffix`, at least `decimals`."""

    factor: float
    prefix: str
    suffix: str
    difference_suffix: str
    least_decimals: int

    def said(self, value: float, decimals: int) -> str:
        """A value: `14.7 %`, `USD 1.05`."""
        return f"{self.prefix}{_number(value * self.factor, decimals)}{self.suffix}"

    def difference(self, value: float, decimals: int) -> str:
        """A difference with its sign: `+4.1 points`, `+USD 0.32`."""
        number = _number(abs(value) * self.factor, decimals)
        sign = MINUS if value < 0 else "+" if value > 0 else ""
        return f"{sign}{self.prefix}{number}{self.difference_suffix}"

    def span(self, low: float, high: float, decimals: int) -> str:
        """An interval of values: `13.6 to 15.8 %`."""
        first = f"{self.prefix}{_number(low * self.factor, decimals)}"
        return f"{first} to {self.prefix}{_number(high * self.factor, decimals)}{self.suffix}"

    def difference_span(self, low: float, high: float, decimals: int) -> str:
        """An interval of differences: `+1.3 to +6.9 points`."""
        first = self.difference(low, decimals).removesuffix(self.difference_suffix)
        return f"{first} to {self.difference(high, decimals)}"

    def decimals(self, values: Iterable[float | None], half_width: float) -> int:
        """Decimals that show about two digits of the half-width, more where a bound that is not 0 would read as 0."""
        half = half_width * self.factor
        wanted = 1 - math.floor(math.log10(half * 1.5)) if half > 0 else 2
        places = min(max(wanted, self.least_decimals), MOST_DECIMALS)
        smallest = min((abs(v) * self.factor for v in values if v), default=1.0)
        while places < MOST_DECIMALS and round(smallest, places) == 0:
            places += 1
        return places


def scale_of(unit: str) -> Scale:
    """Return how to say a unit: `rate` as per cent, `minor:XXX` as money, anything else as it is."""
    if unit == "rate":
        return Scale(100.0, "", f"{NO_BREAK}%", f"{NO_BREAK}points", 0)
    if unit.startswith("minor:"):
        currency = unit.removeprefix("minor:")
        places = 0 if "." not in money(0, currency) else 2
        return Scale(10.0**-places, f"{currency}{NO_BREAK}", "", "", places)
    return Scale(1.0, "", "", "", 0)


def count(number: int) -> str:
    """A count with thousands parted: `15,061`."""
    return f"{number:,}"


def amount(minor: float, currency: str) -> str:
    """Money with its currency code, kept on one line."""
    return money(round(minor), currency).replace(" ", NO_BREAK)


def share(part: float) -> str:
    """A share as per cent to three digits; never 0 % for something, never 100 % for less than all."""
    if part in (0.0, 1.0):
        return f"{part * 100:.0f}{NO_BREAK}%"
    if part < 0.001:
        return f"under 0.1{NO_BREAK}%"
    if 0.999 < part < 1:
        return f"over 99.9{NO_BREAK}%"
    return f"{part * 100:.1f}{NO_BREAK}%"


def level(confidence: float) -> str:
    """A confidence level: `95 %`."""
    return f"{confidence * 100:.3g}{NO_BREAK}%"


def spaced(text: str) -> str:
    """Text of others with its per cent signs set as ours are."""
    return _PER_CENT.sub(rf"\1{NO_BREAK}%", text)


def p_value(p: float) -> str:
    """A p-value to two digits: `p = 0.42`, `p < 0.001`."""
    return f"p{NO_BREAK}<{NO_BREAK}0.001" if p < 0.001 else f"p{NO_BREAK}={NO_BREAK}{p:.2g}"


def day(at: datetime, zone: tzinfo) -> str:
    """`14 Dec` in the reader's zone."""
    local = at.astimezone(zone)
    return f"{local.day}{NO_BREAK}{_MONTHS[local.month - 1]}"


def moment(at: datetime, zone: tzinfo) -> str:
    """`14 Dec 2026, 09:00 UTC` in the reader's zone."""
    local = at.astimezone(zone)
    return f"{day(at, zone)} {local.year}, {local:%H:%M}{NO_BREAK}{local.tzname() or 'UTC'}"


def days(first: datetime, last: datetime, zone: tzinfo) -> str:
    """`1 Dec to 14 Dec 2026` in the reader's zone."""
    return f"{day(first, zone)} to {day(last, zone)} {last.astimezone(zone).year}"


def metric_words(metric: str, unit: str) -> str:
    """`visit rate`, `spend per person`."""
    known = _METRICS.get(metric)
    return known or f"{words(metric)} {'rate' if unit == 'rate' else 'per person'}"


def group_words(group: str) -> str:
    return _GROUPS.get(group, words(group))


def arm_words(arm: str, names: dict[str, str]) -> str:
    """An arm's declared name; doing nothing is `no message`."""
    return "no message" if arm == NO_ARM else names.get(arm, words(arm))


def words(code: str) -> str:
    """A code as words: `not_reached:limit` → `not reached: limit`."""
    return code.replace("_", " ").replace(":", ": ")


def first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def listed(items: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    every = list(items)
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else "".join(every)


def _number(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text
