"""Parts of a month that are counted: its nth weekday, its nth week, its first ten days, its halves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser import moments as at_time
from agents.planner.parser.calendar_items import item_at, month_of, name_in, past, year_at
from agents.planner.parser.holidays import nth_weekday
from agents.planner.parser.items import Item
from agents.planner.parser.moments import Moment, value_of


class _Part(NamedTuple):
    """A unit ("day", "week", "weekend", "half", a weekday's number) of a month, up to an item."""

    last: int
    unit: str
    month: int
    year: int | None


def opening_of_month(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "First two weeks of December", "ersten zehn Januartage": the days that open a month."""
    one, other = item_at(items, at), item_at(items, at + 1)
    number = other if one.has("NTH:1") else one
    if not (number.has("NUM") and (one.has("NTH:1") or other.has("NTH:1"))):
        return None
    part = _part_of_month(items, at + 2, today)
    days = None if part is None else {"day": 1, "week": 7}.get(part.unit)
    count = value_of(number)
    if part is None or days is None or not count or not 2 <= count * days <= 28:
        return None
    moment = at_time.month_day(part.month, 1, part.year, count * days)
    return (part.last, moment) if moment else None


def nth_of_month(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "The last Friday of January", "second week of December", "zweite Januarhaelfte"; -1 is the last."""
    nth = _order(item_at(items, at))
    part = None if nth is None else _part_of_month(items, at + 1, today)
    moment = None if nth is None or part is None else _nth(part, nth)
    return None if part is None or moment is None else (part.last, moment)


def _nth(part: _Part, nth: int) -> Moment | None:
    month, year = part.month, part.year
    whole = Moment(*at_time.month_rules(month), year, True)
    if part.unit.isdigit():
        day = nth_weekday(month, int(part.unit), nth)
        return Moment(day, day, year)
    if part.unit == "weekend":
        saturday = nth_weekday(month, 5, nth)
        return Moment(saturday, at_time.moved(saturday, 1), year, True)
    if part.unit == "half":
        return at_time.edge(whole, "FIRSTHALF" if nth == 1 else "SECONDHALF") if nth in (1, 2) else None
    if part.unit == "week":
        return (
            at_time.month_day(month, 7 * nth - 6, year, 7 * nth)
            if nth > 0
            else at_time.edge(whole, "LASTWEEK")
        )
    return (
        at_time.month_day(month, nth, year) if nth > 0 else whole._replace(first=whole.last, is_period=False)
    )


def _order(item: Item) -> int | None:
    """Which one is spoken of, -1 for the last; None where nothing is counted."""
    if item.has("LAST"):
        return -1
    name = name_in(item, "NTH:")
    if name is not None:
        return int(name)
    number = value_of(item) if item.has("ORDINAL") else None
    return number if number in (1, 2, 3, 4) else None


def _part_of_month(items: list[Item], at: int, today: date) -> _Part | None:
    """A unit of a month in either order: "week of December", "Dezemberwoche", "Monday of next month"."""
    item, following = item_at(items, at), item_at(items, at + 1)
    month, unit = month_of(item), _unit(following)
    if month and unit:
        last, year = year_at(items, at + 2)
        return _Part(max(last, at + 1), unit, month, year)
    unit = _unit(item)
    place = past(items, at + 1, "OF", "IN", "FROM", "THE", "ON")
    if unit is None or place == at + 1:
        return None
    month = month_of(item_at(items, place))
    if month is not None:
        last, year = year_at(items, place + 1)
        return _Part(max(last, place), unit, month, year)
    ahead = _months_ahead(items, place)
    if ahead is None:
        return None
    then = (today.replace(day=1) + timedelta(days=31 * ahead[1])).replace(day=1)
    return _Part(ahead[0], unit, then.month, then.year)


def _months_ahead(items: list[Item], at: int) -> tuple[int, int] | None:
    """ "Of this month", "of next month": the last item, and how many months from now."""
    one, other = item_at(items, at), item_at(items, at + 1)
    if one.has("NEXT", "THIS") and name_in(other, "U:") == "month":
        return at + 1, int(not one.has("THIS"))
    if name_in(one, "U:") == "month" and other.has("NEXTAFTER"):
        return at + 1, 1
    return None


def _unit(item: Item) -> str | None:
    if item.has("HALFPART"):
        return "half"
    unit = name_in(item, "U:")
    return name_in(item, "D:") or (unit if unit in ("day", "week", "weekend") else None)
