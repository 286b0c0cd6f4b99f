"""From moments with their parts to days: the year that was left out, and the exact time before the coarse one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser.date_doubts import day_of
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.moments import Moment, next_day
from agents.planner.parser.reading import Reading, correction_before

_OF_PLAN = ("CAMPAIGN", "CHANNEL", "SENDWORD", "BUDGET", "OFFER", "SALE", "LAUNCH", "THIS")


class Role(NamedTuple):
    """A moment, or two joined ones, with the part it plays."""

    indexes: tuple[int, ...]
    role: str
    confidence: float = 0.95


def moment_of(item: Item) -> Moment:
    assert isinstance(item.value, Moment)
    return item.value


def refined_roles(sentence: Sentence, roles: list[Role], today: date) -> list[Role]:
    """Leave out the coarser of two times where the other says it exactly, and what has passed beside what is ahead.

    "Cyber Monday weekend (Sat 28 to Mon 30 Nov)", "in December, from the 1st to the 14th": the days stand.
    """
    spans = [
        resolve_range(
            moment_of(sentence.items[role.indexes[0]]), moment_of(sentence.items[role.indexes[-1]]), today
        )
        if role.role == "range"
        else (None, None)
        for role in roles
    ]
    ahead = any(last is not None and last >= today for _, last in spans)
    kept: list[Role] = []
    for at, (role, (first, last)) in enumerate(zip(roles, spans, strict=True)):
        if first is None or last is None or correction_before(sentence, role.indexes[0]):
            kept.append(role)
            continue
        moment = moment_of(sentence.items[role.indexes[0]])
        coarse = len(role.indexes) == 1 and (moment.is_period or moment.is_theme) and not moment.is_range
        refined = coarse and any(
            other != at
            and one is not None
            and two is not None
            and (one, two) != (first, last)
            and one <= last
            and first <= two
            and (_is_exact(sentence, roles[other]) or two - one < last - first)
            for other, (one, two) in enumerate(spans)
        )
        if not refined and not (ahead and last < today):
            kept.append(role)
    return kept


def settled_roles(sentence: Sentence, roles: list[Role]) -> list[Role]:
    """Let what is only what the text is about give way to the days that it states, and a launch begin what has no start."""
    return _launches(_without_loose_edges(sentence, roles))


def _launches(roles: list[Role]) -> list[Role]:
    """ "Launch on 1 December ... until 15 December": a launch begins the campaign, unless its own days are stated."""
    opened = any(role.role in ("start", "range", "after") for role in roles)
    return [
        role._replace(role="theme" if opened else "start") if role.role == "launch" else role
        for role in roles
    ]


def _without_loose_edges(sentence: Sentence, roles: list[Role]) -> list[Role]:
    """ "Before Christmas ... from 1 to 20 December": where days are stated, a holiday says only what it is about."""
    exact = [
        role
        for role in roles
        if role.role != "theme" and not moment_of(sentence.items[role.indexes[-1]]).is_theme
    ]
    if not any(role.role in ("range", "end", "before") for role in exact):
        return roles
    return [
        role._replace(role="theme")
        if (role.role in ("before", "after") and moment_of(sentence.items[role.indexes[0]]).is_theme)
        or (role not in exact[-1:] and sentence.items[role.indexes[0]].has("NOWFRAME"))
        else role
        for role in roles
    ]


def stated_range(sentence: Sentence, roles: list[Role]) -> list[Role]:
    """ "1 to 14 December ... lifts close 11 April": beside two joined days the day of another thing contradicts nothing."""
    ranges = [role for role in roles if role.role == "range" and _is_exact(sentence, role)]
    if len(ranges) != 1:
        return roles
    return [
        role._replace(role="theme")
        if role not in ranges and role.role != "theme" and _is_told_of_a_thing(sentence, role.indexes[0])
        else role
        for role in roles
    ]


def _is_told_of_a_thing(sentence: Sentence, index: int) -> bool:
    """Say whether the clause before a day names something that is no part of the plan, and corrects nothing."""
    near = sentence.before(index, 8, clause=True)
    if correction_before(sentence, index) or any(item.has(*_OF_PLAN) for item in near):
        return False
    return any((not item.tags and item.form.isalpha()) or item.has("EVENT", "PRODUCTWORD") for item in near)


def _is_exact(sentence: Sentence, role: Role) -> bool:
    """Both days are stated."""
    return len(role.indexes) == 2 or moment_of(sentence.items[role.indexes[0]]).is_range


def resolve(
    first: Moment, last: Moment, role: str, known_start: Reading | None, today: date
) -> tuple[date | None, date | None]:
    if role in ("start", "after"):
        day = next_day(first, first.last if role == "after" else first.first, today)
        return (day + timedelta(days=1) if day and role == "after" else day), None
    if role in ("end", "before"):
        floor = day_of(known_start) if known_start else today
        day = next_day(last, last.first if role == "before" else last.last, max(floor, today))
        return None, (day - timedelta(days=1) if day and role == "before" else day)
    return resolve_range(first, last, today)


def resolve_range(first: Moment, last: Moment, today: date) -> tuple[date | None, date | None]:
    """The end is the next occurrence, the start the latest one before it; a stated year fixes the other."""
    if first.year is not None and last.year is None:
        opens = first.first(first.year)
        return opens, (next_day(last, last.last, opens) if opens else None)
    closes = next_day(last, last.last, today)
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
