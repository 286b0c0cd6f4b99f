"""Dates as they are written: in figures, with the names of months, as ranges of days."""

from __future__ import annotations

import re
from datetime import date

from agents.planner.parser import moments as at_time
from agents.planner.parser.calendar_items import (
    EDGES,
    RANGE_MARKS,
    day_at,
    item_at,
    month_of,
    or_bad,
    past,
    worded_day_at,
    year_at,
)
from agents.planner.parser.items import Item
from agents.planner.parser.moments import Moment, value_of


def written(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    place = past(items, at, "WEEKDAY", commas=True) if item_at(items, at).has("WEEKDAY") else at
    place = past(items, place, "THE")
    item = item_at(items, place)
    numbers = [int(part) for part in re.findall(r"[0-9]+", item.form)]
    if item.has("ISO"):
        of_year, month, day = numbers
        return place, or_bad(at_time.month_day(month, day, of_year), of_year)
    if item.has("DOTTED", "SLASHED", "DASHED"):
        day, month = numbers[0], numbers[1]
        # Day first, unless only the other order is a date at all ("12/25").
        if item.has("SLASHED") and (month > 12 >= day or is_month_first(items)):
            day, month = month, day
        year = (numbers[2] if numbers[2] > 99 else 2000 + numbers[2]) if len(numbers) > 2 else None
        if item.has("DOTTED") and year is None:
            last, year = year_at(items, place + 1)
            place = max(place, last)
        if not at_time.is_possible(month, day) and item.has("SLASHED"):
            return None
        return place, or_bad(at_time.month_day(month, day, year), year)
    return None


def is_month_first(items: list[Item]) -> bool:
    """A text that writes "12/15" writes its other dates so too."""
    parts = [[int(part) for part in item.form.split("/")] for item in items if item.has("SLASHED")]
    return any(each[1] > 12 for each in parts) and all(each[0] <= 12 for each in parts)


def dotted_range(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "1.-14.12.", "from 1 to 14/12": a bare first day before a written last one."""
    first = day_at(items, at)
    if (
        first is None
        or not item_at(items, at + 1).has(*RANGE_MARKS)
        or not item_at(items, at + 2).has("DOTTED", "SLASHED")
    ):
        return None
    read = written(items, at + 2, today)
    numbers = [int(part) for part in re.findall(r"[0-9]+", item_at(items, at + 2).form)]
    if read is None or numbers[1] > 12:
        return None
    moment = at_time.month_day(numbers[1], first, read[1].year, numbers[0])
    return (read[0], moment) if moment else None


def day_month(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    place = past(items, at, "WEEKDAY", commas=True) if item_at(items, at).has("WEEKDAY") else at
    place = (
        past(items, place, "THE", "ON") if place == at or item_at(items, place).has("THE", "ON") else place
    )
    day = day_at(items, place) or worded_day_at(items, place)
    if day is None or (place != at and not item_at(items, at).has("WEEKDAY", "THE")):
        return None
    until = None
    following = place + 1
    if item_at(items, following).has(*RANGE_MARKS) or item_at(items, following).form == "/":
        other = past(items, following + 1, "THE", "WEEKDAY", "TO")
        until = day_at(items, other)
        following = other + 1 if until is not None else following
    following = past(items, following, "OF")
    month = month_of(item_at(items, following))
    if month is None:
        return None
    last, year = year_at(items, following + 1)
    last = max(last, following)
    if until is not None and until < day:
        return None
    moment = at_time.month_day(month, day, year, until)
    return last, or_bad(moment, year)


def month_day(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    place = past(items, at, "WEEKDAY", commas=True) if item_at(items, at).has("WEEKDAY") else at
    month = month_of(item_at(items, place))
    if month is None:
        return None
    number = past(items, place + 1, "THE")
    day = day_at(items, number)
    if day is None or item_at(items, number + 1).has("PERCENT", "CUR", "KPI", "PEOPLE", "UNIT", "CHANNEL"):
        return None
    last, until = number, None
    if item_at(items, number + 1).has("DASH", "TO", "UNTIL"):
        other = past(items, number + 2, "THE", "TO")
        until = day_at(items, other)
        if (
            until is not None
            and month_of(item_at(items, past(items, other + 1, "OF"))) is None
            and until >= day
        ):
            last = other
        else:
            until = None
    end, year = year_at(items, last + 1)
    moment = at_time.month_day(month, day, year, until)
    return max(end, last), or_bad(moment, year)


def month_alone(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    item = item_at(items, at)
    month = month_of(item)
    if month is None:
        return None
    last, year = year_at(items, at + 1)
    before = item_at(items, at - 1)
    cued = before.has("IN", "FROM", "UNTIL", "BY", "TO", "OF", "DASH", "BETWEEN", "AND", "THIS", "NEXT", "AFTER", "BEFORE",
                      "DURING", "FOR", "ON", "START", "ALL", *EDGES)  # fmt: skip
    if "NUMBERLIKE" in item.tags and not cued and year is None:
        return None
    if (
        not cued
        and year is None
        and not (at == 0 or before.stop != "W" or item_at(items, at + 1).stop != "W")
    ):
        return None
    first, closes = at_time.month_rules(month)
    return max(last, at), Moment(first, closes, year, True)


def east_asian(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    """ "12月1日": month and day by their signs."""
    month, day = value_of(item_at(items, at)), value_of(item_at(items, at + 2))
    if month is None or item_at(items, at + 1).form not in ("月", "월"):
        return None
    if day is None or item_at(items, at + 3).form not in ("日", "일", "号"):
        first, last = at_time.month_rules(month) if 1 <= month <= 12 else (at_time.nowhere, at_time.nowhere)
        return at + 1, Moment(first, last, None, True)
    return at + 3, or_bad(at_time.month_day(month, day), None)
