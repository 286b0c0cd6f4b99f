"""When the campaign starts and ends: ranges, roles of days, lengths, and the year that was left out."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser.holidays import Rule
from agents.planner.parser.moments import find_moments
from agents.planner.parser.numbers import duration, read_duration
from agents.planner.parser.reading import CORRECTION, Reading, Span
from agents.planner.parser.time_words import Moment

_JOIN = re.compile(
    r"^[\s,]*(?:-|–|—|to|until|till|til|through|thru|up to|(?:and )?end(?:s|ing)?(?: on| by)?|and (?:run(?:ning)? )?until)\s*"
    r"(?:and including )?(?:the )?$",
    re.IGNORECASE,
)
_AND = re.compile(r"^\s*and\s*(?:the )?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s(?:the )?$", re.IGNORECASE)
_START = re.compile(
    r"\b(?P<cue>from|start(?:s|ing)?|starting from|begin(?:s|ning)?|launch(?:es|ing)?|kick(?:s|ing)? off|as of|go(?:es|ing)? live|after"
    r"|effective|opens?|start date|run(?:s|ning)? from)(?: it| this| the campaign| date)?[\s:]*(?:is |on |from |in |at |by )?(?:the )?$",
    re.IGNORECASE,
)
_END = re.compile(
    r"\b(?P<cue>until|till|til|to|by|before|through|thru|up to|end(?:s|ing)?|end date|finish(?:es|ing)?|deadline|no later than|stops?"
    r"|clos(?:es|ing)|wrap(?:s|ping)? up|over by|done by|last(?:s|ing)? until)(?: date)?[\s:]*(?:is |on |by |at |with |the ){0,6}(?:and including )?$",
    re.IGNORECASE,
)
_AROUND = re.compile(r"\b(?:around|about|approximately|roughly|circa)\s(?:the )?$", re.IGNORECASE)
_ON = re.compile(r"\b(?:on|for|over|during|at)\s(?:the )?$", re.IGNORECASE)
_EDGE_END = re.compile(r"^(?:the )?(?:end|close)\b|^EO[MY]$|(?:month|year)[- ]end$", re.IGNORECASE)
_LASTING = re.compile(
    rf"\b(?:for|lasting|lasts|over|runs?(?: for)?|running(?: for)?|spanning|duration(?: of)?:?)\s(?:a |the |about |exactly )?"
    rf"(?!(?:the |over )?(?:last|past))(?P<body>{duration('n')})"
    rf"|(?P<body2>\b{duration('l')})[ -](?:long\b|campaign|push\b|sprint|flight|test\b|run\b|promo\w*|window|period)",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\b(?:some ?time (?:soon|next|in|this)|soon(?:ish)?|(?:over|during|for|before|after) the holidays|one of these days"
    r"|in the (?:near future|coming (?:days|weeks|months))|in a few (?:days|weeks)|when it suits|the usual (?:time|dates)"
    r"|(?:early|late|mid)[- ](?:spring|summer|autumn|fall|winter))\b",
    re.IGNORECASE,
)


class Period(NamedTuple):
    """The campaign's time as stated; `consumed` spans belong to dates, `doubt` says what cannot be read."""

    start: Reading | None
    end: Reading | None
    consumed: list[Span]
    doubt: str | None = None
    length: Reading | None = None


class _Role(NamedTuple):
    """A moment, or two joined ones, with the part it plays."""

    moments: tuple[Moment, ...]
    role: str
    confidence: float = 0.95


def find_period(text: str, today: date) -> Period:
    """Read start and end (both inclusive) from the text; the last stated of each wins.

    A year left out is the next occurrence; "after" starts the next day, "before" ends the day before; an end
    before its start, a day that does not exist or a loose time ("soon") is a doubt and reads as unsaid.
    """
    moments = find_moments(text, today)
    roles = _with_corrections(text, _roles(text, _join(text, moments.found)))
    consumed = [moment.span for moment in moments.found if not moment.is_theme]
    start, end = _latest(roles, today)
    start, end, length = _with_length(text, start, end, consumed)
    doubt = _doubt(text, start, end, moments.unreadable, today)
    if doubt is not None and start and end and _value(end) < _value(start):
        start = end = None
    return Period(start, end, consumed, doubt, length)


def _join(text: str, moments: list[Moment]) -> list[tuple[Moment, ...]]:
    joined: list[tuple[Moment, ...]] = []
    index = 0
    while index < len(moments):
        here = moments[index]
        if index + 1 < len(moments):
            after = moments[index + 1]
            between = text[here.end : after.start]
            is_between = _AND.match(between) and _BETWEEN.search(text[: here.start])
            if _JOIN.match(between) or is_between:
                joined.append((here, after))
                index += 2
                continue
        joined.append((here,))
        index += 1
    return joined


def _roles(text: str, joined: list[tuple[Moment, ...]]) -> list[_Role]:
    roles = []
    for moments in joined:
        before = text[max(0, moments[0].start - 40) : moments[0].start]
        roles.append(
            _Role(moments, "range")
            if len(moments) == 2
            else _role(moments[0], before, text[slice(*moments[0].span)])
        )
    return roles


def _role(moment: Moment, before: str, words: str) -> _Role:
    if moment.is_range:
        return _Role((moment,), "range")
    start, end = _START.search(before), _END.search(before)
    if start and (end is None or start.start() > end.start()):
        return _Role((moment,), "after" if start["cue"].lower() == "after" else "start")
    if end:
        return _Role((moment,), "before" if end["cue"].lower() == "before" else "end")
    if _AROUND.search(before) or (moment.is_theme and not _ON.search(before)):
        return _Role((moment,), "theme")
    if _EDGE_END.search(words):
        return _Role((moment,), "end", 0.85)
    return _Role((moment,), "range" if moment.is_period else "day", 0.9 if _ON.search(before) else 0.8)


def _with_corrections(text: str, roles: list[_Role]) -> list[_Role]:
    """ "From 1 December, actually 3 December": a corrected day plays the part of the day before it."""
    corrected: list[_Role] = []
    for role in roles:
        before = text[max(0, role.moments[0].start - 40) : role.moments[0].start]
        if corrected and role.role == "day" and CORRECTION.search(before):
            role = role._replace(role=corrected[-1].role)
            if role.role == "range":
                role = role._replace(role="day")
        corrected.append(role)
    return corrected


def _latest(roles: list[_Role], today: date) -> tuple[Reading | None, Reading | None]:
    start: Reading | None = None
    end: Reading | None = None
    has_edges = any(role.role in ("start", "end", "range", "after", "before") for role in roles)
    for role in roles:
        # Beside stated edges a lone day is an event inside the campaign, not its time.
        if role.role == "theme" or (role.role == "day" and has_edges):
            continue
        first, last = _resolve(role, start, today)
        one, other = role.moments[0], role.moments[-1]
        if role.role in ("range", "day", "start", "after") and first is not None:
            start = Reading("start", first, one.start, one.end, role.confidence)
        if role.role in ("range", "day", "end", "before") and last is not None:
            end = Reading("end", last, other.start, other.end, role.confidence)
    return start, end


def _resolve(role: _Role, known_start: Reading | None, today: date) -> tuple[date | None, date | None]:
    first, last = role.moments[0], role.moments[-1]
    if role.role in ("start", "after"):
        day = _next(first, first.last if role.role == "after" else first.first, today)
        return (day + timedelta(days=1) if day and role.role == "after" else day), None
    if role.role in ("end", "before"):
        floor = _value(known_start) if known_start else today
        day = _next(last, last.first if role.role == "before" else last.last, max(floor, today))
        return None, (day - timedelta(days=1) if day and role.role == "before" else day)
    return _resolve_range(first, last, today)


def _resolve_range(first: Moment, last: Moment, today: date) -> tuple[date | None, date | None]:
    """The end is the next occurrence, the start the latest one before it; a stated year fixes the other."""
    if first.year is not None and last.year is None:
        opens = first.first(first.year)
        return opens, (_next(last, last.last, opens) if opens else None)
    closes = _next(last, last.last, today)
    if closes is None:
        return None, None
    if first.year is not None:
        return first.first(first.year), closes
    opens = first.first(closes.year)
    earlier = first.first(closes.year - 1)
    if (opens is None or opens > closes) and earlier is not None and _is_plausible(earlier, closes, today):
        opens = earlier
    if opens and first is last and not first.is_range and opens < today and last.year is None:
        opens = today
    return opens, closes


def _is_plausible(opens: date, closes: date, today: date) -> bool:
    """A range over the turn of the year lies ahead or is at most a quarter long; else its ends are swapped."""
    return opens >= today or closes - opens <= timedelta(days=92)


def _next(moment: Moment, rule: Rule, today: date) -> date | None:
    if moment.year is not None:
        return rule(moment.year)
    for year in range(today.year, today.year + 5):
        day = rule(year)
        if day is not None and day >= today:
            return day
    return None


def _value(reading: Reading) -> date:
    assert isinstance(reading.value, date)
    return reading.value


def _with_length(
    text: str, start: Reading | None, end: Reading | None, consumed: list[Span]
) -> tuple[Reading | None, Reading | None, Reading | None]:
    """Complete one edge by a stated length: two weeks from 1 December end on 14 December."""
    if start is not None and end is not None and start.span != end.span:
        return start, end, None
    for match in _LASTING.finditer(text):
        body, name = ("body", "n") if match["body"] else ("body2", "l")
        span = match.span(body)
        if any(span[0] < other[1] and other[0] < span[1] for other in consumed):
            continue
        days = read_duration(match, name)
        if days is None or days.most is not None or days.least < 1:
            continue
        step = timedelta(days=days.least - 1)
        consumed.append(span)
        if start is not None:
            return start, Reading("end", _value(start) + step, *span, 0.9), None
        if end is not None:
            return Reading("start", _value(end) - step, *span, 0.8), end, None
        return None, None, Reading("constraints.other", match.group(), *match.span(), 0.8)
    return start, end, None


def _doubt(
    text: str, start: Reading | None, end: Reading | None, unreadable: list[Span], today: date
) -> str | None:
    if start and end and _value(end) < _value(start):
        return f"The brief starts on {_value(start).isoformat()} and ends before that, on {_value(end).isoformat()}."
    if end and _value(end) < today:
        return f"The stated end {_value(end).isoformat()} is in the past."
    if unreadable:
        return f'"{text[unreadable[0][0] : unreadable[0][1]]}" is not a date I can read.'
    vague = _VAGUE.search(text)
    if vague and start is None and end is None:
        return f'"{vague.group()}" names no date.'
    return None
