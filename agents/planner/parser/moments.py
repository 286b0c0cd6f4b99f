"""Find the expressions of time in a text, with what stands around them: edges, offsets, weeks."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.holidays import Rule
from agents.planner.parser.lexicon import one_of
from agents.planner.parser.numbers import duration, read_duration
from agents.planner.parser.reading import Span, mask
from agents.planner.parser.time_words import RULES, Moment, constant


class Moments(NamedTuple):
    """What was found, in order of the text, and the spans that look like dates but are none."""

    found: list[Moment]
    unreadable: list[Span]


_EDGE = re.compile(
    r"\b(?:(?P<edge>end|close|beginning|start|middle|first half|second half|first week|last week|week|weekend)"
    r"\s(?:of|commencing|beginning|starting)\s(?:the\s)?|(?P<loose>mid|early|late)[\s-](?:in\s)?)$",
    re.IGNORECASE,
)
_END_OF = re.compile(
    r"\b(?P<edge>end)\s(?:of\s)?(?:the\s)?(?P<unit>month|year|quarter|week)\b|\b(?P<short>EOM|EOY|month[- ]end|year[- ]end)\b",
    re.I,
)
_OFFSET = re.compile(
    rf"\b(?:(?P<day>the day)|{duration('n')})\s(?P<side>before|after|ahead of)\s(?:the\s)?$", re.IGNORECASE
)
_LOOKALIKE = re.compile(
    rf"(?<![\w.,/])[0-9]{{1,2}}(?:st|nd|rd|th|\.)?\s(?:of\s)?(?:{one_of(ENGLISH.months)})\b|(?<![\w-])20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}(?![\w-])",
    re.I,
)


def find_moments(text: str, today: date) -> Moments:
    """Find every expression of time, each character read once, longest forms first."""
    found = list(_edges_of_now(text, today))
    rest = mask(text, [moment.span for moment in found])
    for pattern, reader in RULES:
        new = [moment for match in pattern.finditer(rest) if (moment := reader(match, today)) is not None]
        rest = mask(rest, [moment.span for moment in new])
        found.extend(new)
    unreadable = [match.span() for match in _LOOKALIKE.finditer(rest)]
    found.sort(key=lambda moment: moment.start)
    refined = [refine(text, moment) for moment in found]
    readable = [moment for moment in refined if _exists(moment, today)]
    loose = [moment.span for moment in refined if moment not in readable]
    return Moments(readable, sorted([*unreadable, *loose]))


def _exists(moment: Moment, today: date) -> bool:
    """Say whether there is such a day: 31 November never is, 29 February is within four years."""
    years = range(today.year, today.year + 5) if moment.year is None else [moment.year]
    return any(moment.first(year) is not None for year in years)


def _edges_of_now(text: str, today: date) -> Iterator[Moment]:
    """Read "end of the month" and "year end": the edge of a period that today lies in."""
    for match in _END_OF.finditer(text):
        short = (match["short"] or "").upper()
        unit = match["unit"] or ("month" if short == "EOM" or short.startswith("MONTH") else "year")
        last = _last_of(unit.lower(), today)
        yield constant(*match.span(), last)


def _last_of(unit: str, today: date) -> date:
    if unit == "week":
        return today + timedelta(days=6 - today.weekday())
    month = {"month": today.month, "quarter": (today.month + 2) // 3 * 3, "year": 12}[unit]
    return date(today.year, month, monthrange(today.year, month)[1])


def refine(text: str, moment: Moment) -> Moment:
    """Apply what stands before a moment: an edge ("end of Q1"), a week around it, an offset ("2 weeks before")."""
    before = text[max(0, moment.start - 40) : moment.start]
    edge = _EDGE.search(before)
    if edge:
        start = moment.start - (len(before) - edge.start())
        return _edge(moment, (edge["edge"] or "loose").lower())._replace(start=start)
    offset = _OFFSET.search(before)
    if offset:
        days = 1 if offset["day"] else (read_duration(offset, "n") or (0,))[0]
        step = timedelta(days=days if offset["side"].lower() == "after" else -days)
        rule = _moved(moment.first, step)
        start = moment.start - (len(before) - offset.start())
        return moment._replace(start=start, first=rule, last=rule, is_period=False, is_theme=False)
    return moment


def _moved(rule: Rule, step: timedelta) -> Rule:
    def moved(year: int) -> date | None:
        day = rule(year)
        return None if day is None else day + step

    return moved


def _nothing(_year: int) -> date | None:
    return None


def _edge(moment: Moment, edge: str) -> Moment:
    first, last = moment.first, moment.last
    if edge in ("end", "close") and moment.is_period:
        return moment._replace(first=last, is_period=False)
    if edge in ("beginning", "start") and moment.is_period:
        return moment._replace(last=first, is_period=False)
    if edge in ("first half", "second half") and moment.is_period:
        middle = _moved(first, timedelta(days=14))
        if edge == "first half":
            return moment._replace(last=middle)
        return moment._replace(first=_moved(middle, timedelta(days=1)))
    if edge == "first week" and moment.is_period:
        return moment._replace(last=_moved(first, timedelta(days=6)))
    if edge == "last week" and moment.is_period:
        return moment._replace(first=_moved(last, timedelta(days=-6)))
    if edge in ("week", "weekend"):
        return _around(moment, edge)
    # "mid December", "early next week": too loose to put a date on.
    if moment.is_period:
        return moment._replace(first=_nothing, last=_nothing)
    return moment


def _around(moment: Moment, edge: str) -> Moment:
    def monday(year: int) -> date | None:
        day = moment.first(year)
        return None if day is None else day - timedelta(days=day.weekday())

    opens = monday if edge == "week" else _moved(monday, timedelta(days=5))
    return moment._replace(first=opens, last=_moved(monday, timedelta(days=6)), is_period=True)
