"""Lengths of time, built from numbers and units."""

from __future__ import annotations

from decimal import Decimal
from math import ceil
from typing import Final, NamedTuple

from agents.planner.parser.items import Item, joined, merged

UNIT_DAYS: Final[dict[str, float]] = {
    "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "fortnight": 14, "month": 30, "quarter": 90, "semester": 180,
    "year": 365, "weekend": 2,
}  # fmt: skip


class Length(NamedTuple):
    """A length of time in whole days (parts round up); `most` is set where a range was said."""

    least: int
    most: int | None
    unit: str
    number: Decimal

    @property
    def hours(self) -> int:
        """The length in hours: exact for hours, 24 a day otherwise."""
        return int(self.number) if self.unit == "hour" else self.least * 24


def lengths(items: list[Item]) -> list[Item]:
    """Join numbers and units of time into lengths."""
    return joined(items, read_length)


def read_length(items: list[Item], at: int) -> tuple[int, Item] | None:
    """Read a length that begins at an item: the last item of it, and the one that it becomes."""
    item = items[at]
    within = spoken_unit(items, at)
    if within is not None:
        return at, merged(
            items,
            at,
            at,
            ["DUR", f"IN:{within}"],
            Length(whole_days(Decimal(1), within), None, within, Decimal(1)),
        )
    if "HALF" in item.tags:
        if at + 1 < len(items) and (every := every_unit(items[at + 1])):
            return at + 1, merged(items, at, at + 1, ["DUR"], half_of(every))
        last = at + 1 + (at + 1 < len(items) and "ARTICLE" in items[at + 1].tags)
        unit = unit_at(items, last)
        return (last, merged(items, at, last, ["DUR"], half_of(unit))) if unit else None
    if "NUM" not in item.tags and "ARTICLE" not in item.tags:
        return None
    least = item.value if isinstance(item.value, Decimal) else Decimal(1)
    at_unit, most = at + 1, None
    if at + 2 < len(items) and items[at + 1].has("DASH", "TO", "OR", "AND") and "NUM" in items[at + 2].tags:
        upper = items[at + 2].value
        if isinstance(upper, Decimal) and unit_at(items, past_fill(items, at + 3)) and upper > least:
            most, at_unit = upper, at + 3
    at_unit = past_fill(items, at_unit)
    unit = unit_at(items, at_unit)
    if unit is None:
        return _minor_age(items, at, at_unit - 1, least)
    days = Decimal(UNIT_DAYS[unit])
    if (most or least) * days > 36500:
        return None
    length = Length(whole_days(least, unit), None if most is None else whole_days(most, unit), unit, least)
    tags = ["DUR", f"IN:{unit}"]
    if any("LAST" in each.tags for each in items[at + 1 : at_unit]):
        tags.append("PASTDUR")
    young = at > 0 and any(each.has("YOUTH", "AGED") for each in items[max(0, at - 2) : at])
    is_age = unit == "year" and 5 < (most or least) < 18
    if is_age and (
        young or most is not None or (at_unit + 1 < len(items) and items[at_unit + 1].has("OLD_AGE"))
    ):
        tags.append("MINORAGE")
    return at_unit, merged(items, at, at_unit, tags, length)


def _minor_age(items: list[Item], at: int, last: int, years: Decimal) -> tuple[int, Item] | None:
    """ "Aged 12 to 14", "below the age of 15": an age without its unit."""
    if at == 0 or not items[at - 1].has("AGED") or not 5 < years < 18:
        return None
    if any(each.has("MIN") for each in items[max(0, at - 4) : at]):
        return None
    return last, merged(items, at, last, ["MINORAGE"], Length(int(years * 365), None, "year", years))


def every_unit(item: Item) -> str | None:
    """The unit of "a year", "a week"; "per" and "each" say a pace and never a length."""
    name = next((tag[6:] for tag in item.tags if tag.startswith("EVERY:")), None)
    return name if name in UNIT_DAYS and item.form.split(" ")[0] in ("a", "an") else None


def spoken_unit(items: list[Item], at: int) -> str | None:
    """ "For a week", "in the last year": one of the unit, told from the pace "once a week" by what stands before."""
    before = items[at - 1] if at else None
    if before is None:
        return None
    if (every := every_unit(items[at])) and before.has(
        "FOR", "IN", "WITHIN", "DURING", "OVER", "SINCE", "AFTER", "LASTING", "LAST", "FROM", "MIN", "LASTBUY"
    ):
        return every
    if before.has("LAST", "PAST") and (unit := unit_at(items, at)) and unit != "weekend":
        return unit
    return None


def past_fill(items: list[Item], at: int) -> int:
    while at < len(items) and (items[at].form == "+" or items[at].has("FULL", "LAST")):
        at += 1
    return at


def half_of(unit: str) -> Length:
    days = 180 if unit == "year" else ceil(UNIT_DAYS[unit] / 2)
    return Length(days, None, unit, Decimal("0.5"))


def whole_days(count: Decimal, unit: str) -> int:
    return ceil(round(float(count) * UNIT_DAYS[unit], 6))


def unit_at(items: list[Item], at: int) -> str | None:
    if at >= len(items):
        return None
    return next((tag[2:] for tag in items[at].tags if tag.startswith("U:")), None)
