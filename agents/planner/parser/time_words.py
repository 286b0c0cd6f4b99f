"""The grammar of expressions of time: days and periods, each as a rule of the year until the year is known."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.holidays import HOLIDAYS, SALE_DAYS, Rule
from agents.planner.parser.lexicon import one_of
from agents.planner.parser.numbers import duration, read_duration
from agents.planner.parser.reading import Span

_M = one_of(ENGLISH.months)
_W = one_of(ENGLISH.weekdays)
_D = r"[0-3]?[0-9]"
_TH = r"(?:st|nd|rd|th|\.)?"
_Y = r"(?:,?\s?(?P<y>20[0-9]{2})(?![0-9]))?"
_TO = r"\s?(?:-|–|—|to|through|thru|until|till|and)\s?"
_WEEKDAY = rf"(?:(?:{_W})\.?,?\s+)?"


class Moment(NamedTuple):
    """A day, or a period from `first` to `last`, of a year; `year` is None where the text leaves it out."""

    start: int
    end: int
    first: Rule
    last: Rule
    year: int | None
    is_period: bool = False
    # First and last day are both stated ("1-14 December"), whatever preposition stands before.
    is_range: bool = False
    # Only a preposition or a lack of better dates makes a theme ("Christmas sale") the time of a campaign.
    is_theme: bool = False

    @property
    def span(self) -> Span:
        return (self.start, self.end)


_Reader = Callable[[re.Match[str], date], Moment | None]


def _day(month: int, day: int) -> Rule:
    def rule(year: int) -> date | None:
        return date(year, month, day) if day <= monthrange(year, month)[1] else None

    return rule


def _is_possible(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1]


def _absolute(match: re.Match[str], day: str, month: int, until: str | None = None) -> Moment | None:
    groups = match.groupdict()
    year = _year(groups.get("y"))
    first, last = int(day), int(until or day)
    if not (_is_possible(month, first) and _is_possible(month, last) and first <= last):
        return None
    return Moment(
        *match.span(), _day(month, first), _day(month, last), year, until is not None, until is not None
    )


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)


def constant(start: int, end: int, first: date, last: date | None = None) -> Moment:
    """A moment whose year is known from today: the day `first`, or the period up to `last`."""
    closes = last or first
    return Moment(start, end, lambda _: first, lambda _: closes, first.year, last is not None)


def _iso(match: re.Match[str], _today: date) -> Moment | None:
    year, month, day = (int(match[name]) for name in ("y", "m", "d"))
    if not _is_possible(month, day) or _day(month, day)(year) is None:
        return None
    return Moment(*match.span(), _day(month, day), _day(month, day), year)


def _day_month(match: re.Match[str], _today: date) -> Moment | None:
    return _absolute(match, match["d"], ENGLISH.months[match["m"].lower()], match.groupdict().get("e"))


def _numeric(match: re.Match[str], _today: date) -> Moment | None:
    day, month = int(match["d"]), int(match["m"])
    # Day first, unless only the other order is a date at all ("12/25").
    if month > 12 >= day and "/" in match.group():
        day, month = month, day
    return _absolute(match, str(day), month, match.groupdict().get("e"))


def _holiday(match: re.Match[str], _today: date) -> Moment | None:
    name = match["h"].lower().replace("’", "'")
    rule = HOLIDAYS[name]
    period = (match["p"] or "").lower()
    theme = name not in SALE_DAYS
    year = _year(match["y"])

    def first(of: int) -> date | None:
        day = rule(of)
        return day - timedelta(days=day.weekday()) if day and period == "week" else day

    def last(of: int) -> date | None:
        day = rule(of)
        return day + timedelta(days=6 - day.weekday()) if day and period else day

    return Moment(*match.span(), first, last, year, bool(period), is_theme=theme and not period)


def month_rules(month: int) -> tuple[Rule, Rule]:
    """First and last day of a month as rules of the year."""
    return _day(month, 1), lambda year: date(year, month, monthrange(year, month)[1])


def _month(match: re.Match[str], _today: date) -> Moment | None:
    name, before = match["m"], match["prep"]
    if name.lower() in ("may", "march", "mar", "sun", "sat") and not name[0].isupper():
        return None
    if not before and not match["y"]:
        return None
    first, last = month_rules(ENGLISH.months[name.lower()])
    year = _year(match["y"])
    return Moment(match.start("body"), match.end("body"), first, last, year, is_period=True)


def _quarter(match: re.Match[str], _today: date) -> Moment | None:
    first_month = 3 * int(match["q"]) - 2
    return Moment(
        *match.span(), month_rules(first_month)[0], month_rules(first_month + 2)[1], _year(match["y"]), True
    )


def _relative_period(match: re.Match[str], today: date) -> Moment | None:
    unit, step = match["unit"].lower(), 0 if match["which"].lower() in ("this", "the", "current") else 1
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
    if unit == "week":
        first, last = monday, monday + timedelta(days=6)
    elif unit == "weekend":
        first, last = monday + timedelta(days=5), monday + timedelta(days=6)
    elif unit == "year":
        first, last = date(today.year + step, 1, 1), date(today.year + step, 12, 31)
    else:
        length = 3 if unit == "quarter" else 1
        index = (today.year * 12 + today.month - 1) // length * length + step * length
        first = date(index // 12, index % 12 + 1, 1)
        end = index + length - 1
        last = date(end // 12, end % 12 + 1, monthrange(end // 12, end % 12 + 1)[1])
    return constant(*match.span(), max(first, today), last)


def _next_days(match: re.Match[str], today: date) -> Moment | None:
    days = read_duration(match, "n")
    return constant(*match.span(), today, today + timedelta(days=days.least)) if days else None


def _from_now(match: re.Match[str], today: date) -> Moment | None:
    days = read_duration(match, "n")
    if days is None:
        return None
    day = today + timedelta(days=days.least)
    return constant(*match.span("body"), day)


def _named_day(match: re.Match[str], today: date) -> Moment | None:
    word = re.sub(r"\s+", " ", match.group().lower())
    ahead = 2 if word.startswith("the day") or word.startswith("day") else int(word == "tomorrow")
    return constant(*match.span(), today + timedelta(days=ahead))


def _weekday(match: re.Match[str], today: date) -> Moment | None:
    if not match["which"] and not match["prep"]:
        return None
    weekday = ENGLISH.weekdays[match["w"].lower()]
    ahead = (weekday - today.weekday()) % 7 or 7
    if (match["which"] or "").lower().strip() == "next":
        ahead = 7 - today.weekday() + weekday
    day = today + timedelta(days=ahead)
    start = match.start("which") if match["which"] else match.start("w")
    return constant(start, match.end("w"), day)


def _day_of_month(match: re.Match[str], today: date) -> Moment | None:
    number = int(match["d"])
    index = today.year * 12 + today.month - 1
    for ahead in range(4):
        year, month = divmod(index + ahead, 12)
        if 1 <= number <= monthrange(year, month + 1)[1] and date(year, month + 1, number) >= today:
            return constant(*match.span("body"), date(year, month + 1, number))
    return None


_PREP = (
    r"(?P<prep>\b(?:in|during|throughout|until|till|by|from|for|over|to|through|this|next|of|all|starting|since|before"
    r"|after|on|and|between|beginning|ending|end|begins?|starts?|ends?|(?:launch|send|start)(?:ing|es)?(?: it)?|early|late|mid|through)[\s-]+(?:the\s+)?)?"
)
RULES: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), reader)
    for pattern, reader in (
        (r"(?<![\w-])(?P<y>20[0-9]{2})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?![\w-])", _iso),
        (
            rf"(?<![\w.,/])(?:the\s)?(?P<d>{_D}){_TH}{_TO}(?:the\s)?(?P<e>{_D}){_TH}\s?(?:of\s)?(?P<m>{_M})\b(?:\.(?=,?\s?[0-9]))?{_Y}",
            _day_month,
        ),
        (
            rf"\b(?P<m>{_M})\.?\s(?:the\s)?(?P<d>{_D}){_TH}{_TO}(?P<e>{_D}){_TH}(?![\w.,/]?[0-9]|\s(?:{_M})\b){_Y}",
            _day_month,
        ),
        (
            rf"(?<![\w.,/]){_WEEKDAY}(?:the\s)?(?P<d>{_D}){_TH}\s?(?:of\s)?(?P<m>{_M})\b(?:\.(?=,?\s?[0-9]))?{_Y}",
            _day_month,
        ),
        (
            rf"(?<!\w){_WEEKDAY}(?P<m>{_M})\.?\s(?:the\s)?(?P<d>{_D}){_TH}(?![\w%:]|[.,/][0-9]){_Y}",
            _day_month,
        ),
        (
            rf"(?<![\w.,/])(?P<d>{_D})\.?{_TO}(?P<e>{_D})\.(?P<m>[01]?[0-9])\.(?:(?P<y>20[0-9]{{2}})(?![0-9]))?",
            _numeric,
        ),
        (
            rf"(?<![\w.,/]){_WEEKDAY}(?P<d>{_D})\.\s?(?P<m>[01]?[0-9])\.\s?(?:(?P<y>20[0-9]{{2}}|[0-9]{{2}}\b)(?![0-9]))?",
            _numeric,
        ),
        (
            rf"(?<![\w.,/]){_WEEKDAY}(?P<d>{_D})/(?P<m>{_D})(?:/(?P<y>20[0-9]{{2}}|[0-9]{{2}}))(?![\w/])",
            _numeric,
        ),
        (
            rf"(?:(?<=from )|(?<=until )|(?<=till )|(?<=by )|(?<=on )|(?<=to )|(?<=starting )|(?<=between )|(?<=and )|(?<=[0-9]-)|(?<=[0-9] - )|(?<=– ))(?P<d>{_D})/(?P<m>{_D})(?![\w/%])",
            _numeric,
        ),
        (
            rf"\b(?P<h>{one_of(HOLIDAYS)}|{one_of(name.replace(chr(39), '’') for name in HOLIDAYS if chr(39) in name)})(?:\s(?P<p>week(?:end)?)\b)?(?:\s(?P<y>20[0-9]{{2}})(?![0-9]))?(?!\w)",
            _holiday,
        ),
        (r"\bQ(?P<q>[1-4])\b(?:\s?/?(?P<y>20[0-9]{2})(?![0-9]))?", _quarter),
        (rf"{_PREP}(?P<body>\b(?P<m>{_M})\b\.?(?:\s(?P<y>20[0-9]{{2}})(?![0-9]))?)", _month),
        (
            rf"\b(?:the |over the |during the )?(?:next|coming|following)\s(?!\d{{4}}){duration('n')}",
            _next_days,
        ),
        (
            r"\b(?P<which>this|next|current|coming|the(?=\s(?:month|quarter|year)\b))\s(?P<unit>week(?:end)?|month|quarter|year)\b",
            _relative_period,
        ),
        (
            rf"\b(?:start|launch|begin|go(?:es)? live|kick off|send)\w*\s(?:\w+\s){{0,3}}(?P<body>in\s{duration('n')})",
            _from_now,
        ),
        (rf"(?P<body>\b{duration('n')}\sfrom (?:now|today)\b)", _from_now),
        (
            r"\b(?:the )?day after tomorrow\b|\btomorrow\b|\btoday\b|\bright now\b|\bimmediately\b|(?<=starting )now\b|(?<=from )now\b(?! on)",
            _named_day,
        ),
        (rf"{_PREP}(?P<which>\b(?:next|this|coming)\s)?(?P<w>\b(?:{_W}))\b(?!s)", _weekday),
        (
            r"\b(?:from|until|till|by|to|between|and|on)\s(?P<body>the\s(?P<d>[0-3]?[0-9])(?:st|nd|rd|th))\b",
            _day_of_month,
        ),
    )
)
