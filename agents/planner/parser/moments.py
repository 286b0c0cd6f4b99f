"""Expressions of time among the items: days and periods, each as a rule of the year until the year is known."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from agents.planner.parser.holidays import HOLIDAYS, SALE_DAYS, Rule
from agents.planner.parser.items import Item


class Moment(NamedTuple):
    """A day, or a period from `first` to `last`, of a year; `year` is None where the text leaves it out."""

    first: Rule
    last: Rule
    year: int | None = None
    is_period: bool = False
    # First and last day are both stated ("1-14 December"), whatever preposition stands before.
    is_range: bool = False
    # Only a preposition or a lack of better dates makes a theme ("Christmas sale") the time of a campaign.
    is_theme: bool = False
    is_edge_end: bool = False

    def exists(self, today: date) -> bool:
        """Say whether there is such a day: 31 November never is, 29 February is within four years."""
        years = range(today.year, today.year + 5) if self.year is None else [self.year]
        return any(self.first(year) is not None for year in years)


def day_rule(month: int, day: int) -> Rule:
    """A day of a month as a rule of the year; None in years without it."""

    def rule(year: int) -> date | None:
        return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None

    return rule


def month_rules(month: int) -> tuple[Rule, Rule]:
    """First and last day of a month as rules of the year."""
    return day_rule(month, 1), lambda year: date(year, month, monthrange(year, month)[1])


def moved(rule: Rule, days: int) -> Rule:
    """A rule moved by some days."""

    def later(year: int) -> date | None:
        day = rule(year)
        return None if day is None else day + timedelta(days=days)

    return later


def nowhere(_year: int) -> date | None:
    """The rule of a time too loose to put a date on."""
    return None


def is_possible(month: int, day: int) -> bool:
    """Say whether some year has the day."""
    return 1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1]


def constant(first: date, last: date | None = None) -> Moment:
    """A moment whose year is known from today: the day `first`, or the period up to `last`."""
    closes = last or first
    return Moment(lambda _: first, lambda _: closes, first.year, last is not None)


def month_day(month: int, day: int, year: int | None = None, until: int | None = None) -> Moment | None:
    """A day of a month, or the days up to `until`; None when there are no such days."""
    last = until or day
    if not (is_possible(month, day) and is_possible(month, last) and day <= last):
        return None
    return Moment(day_rule(month, day), day_rule(month, last), year, until is not None, until is not None)


def holiday(name: str, period: str | None, year: int | None) -> Moment:
    """A named day, or the week or weekend around it."""
    rule = HOLIDAYS[name]

    def first(of: int) -> date | None:
        day = rule(of)
        return day - timedelta(days=day.weekday()) if day and period == "week" else day

    def last(of: int) -> date | None:
        day = rule(of)
        return day + timedelta(days=6 - day.weekday()) if day and period else day

    return Moment(first, last, year, bool(period), is_theme=name not in SALE_DAYS and not period)


def relative_period(unit: str, step: int, today: date) -> Moment:
    """This (0) or the next (1) week, weekend, month, quarter, year; what has begun starts today."""
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
    if unit == "week":
        first, last = monday, monday + timedelta(days=6)
    elif unit == "weekend":
        first, last = monday + timedelta(days=5), monday + timedelta(days=6)
    elif unit == "year":
        first, last = date(today.year + step, 1, 1), date(today.year + step, 12, 31)
    else:
        length = {"quarter": 3, "semester": 6}.get(unit, 1)
        index = (today.year * 12 + today.month - 1) // length * length + step * length
        first = date(index // 12, index % 12 + 1, 1)
        end = index + length - 1
        last = date(end // 12, end % 12 + 1, monthrange(end // 12, end % 12 + 1)[1])
    return constant(max(first, today), last)


def last_of(unit: str, today: date) -> date:
    """The last day of the week, month, quarter or year that today lies in."""
    if unit == "week":
        return today + timedelta(days=6 - today.weekday())
    month = {
        "month": today.month,
        "quarter": (today.month + 2) // 3 * 3,
        "semester": 12 if today.month > 6 else 6,
    }.get(unit, 12)
    return date(today.year, month, monthrange(today.year, month)[1])


def quarter(number: int, year: int | None, months: int = 3) -> Moment:
    """The nth quarter (or half-year with `months` 6) of a year."""
    first_month = months * (number - 1) + 1
    return Moment(month_rules(first_month)[0], month_rules(first_month + months - 1)[1], year, True)


def iso_week(number: int, today: date) -> Moment | None:
    """A calendar week by ISO 8601, the next with that number."""
    for year in (today.year, today.year + 1):
        try:
            monday = date.fromisocalendar(year, number, 1)
        except ValueError:
            continue
        if monday + timedelta(days=6) >= today:
            return constant(monday, monday + timedelta(days=6))
    return None


def edge(moment: Moment, name: str) -> Moment:
    """A part of a period: its end, beginning, middle, a half, its first or last week."""
    first, last = moment.first, moment.last
    if not moment.is_period:
        return moment._replace(is_edge_end=name == "EDGEEND")
    if name == "EDGEEND":
        return moment._replace(first=last, is_period=False, is_edge_end=True)
    if name == "BEGINNING":
        return moment._replace(last=first, is_period=False)
    if name == "MIDDLE":
        middle = moved(first, 14)
        return moment._replace(first=middle, last=middle, is_period=False)
    if name == "FIRSTHALF":
        return moment._replace(last=moved(first, 14))
    if name == "SECONDHALF":
        return moment._replace(first=moved(first, 15))
    if name == "FIRSTWEEK":
        return moment._replace(last=moved(first, 6))
    if name == "LASTWEEK":
        return moment._replace(first=moved(last, -6))
    return moment._replace(first=nowhere, last=nowhere)


def around(moment: Moment, unit: str) -> Moment:
    """The week or weekend that a day lies in."""

    def monday(year: int) -> date | None:
        day = moment.first(year)
        return None if day is None else day - timedelta(days=day.weekday())

    opens = monday if unit == "week" else moved(monday, 5)
    return moment._replace(first=opens, last=moved(monday, 6), is_period=True, is_theme=False)


def next_day(moment: Moment, rule: Rule, today: date) -> date | None:
    """The day that a rule of a moment means: in its year, else the next one from `today` on."""
    if moment.year is not None:
        return rule(moment.year)
    for year in range(today.year, today.year + 5):
        day = rule(year)
        if day is not None and day >= today:
            return day
    return None


def follows(one: Moment, other: Moment) -> bool:
    """Say whether a period begins the day after another ends: January and February are one time."""
    if not (one.is_period and other.is_period):
        return False
    # Any two years do: the rules of months and weeks are the same in all.
    closes = one.last(2027)
    return closes is not None and closes + timedelta(days=1) in (other.first(2027), other.first(2028))


def value_of(item: Item) -> int | None:
    """The whole number of an item, None when it has none."""
    return int(item.value) if isinstance(item.value, Decimal) and item.value == int(item.value) else None


Reader = Callable[[list[Item], int, date], "tuple[int, Moment] | None"]
