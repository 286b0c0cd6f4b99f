"""When the campaign starts and ends: ranges, roles of days, lengths, and the year that was left out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from agents.planner.parser.date_doubts import (
    FILL,
    day_of,
    doubt_about,
    is_lasting,
    wrong_holiday,
    wrong_length,
    wrong_weekday,
)
from agents.planner.parser.date_roles import (
    Role,
    moment_of,
    refined_roles,
    resolve,
    settled_roles,
    stated_range,
)
from agents.planner.parser.date_subjects import is_of_others, of_the_plan
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.lengths import Length
from agents.planner.parser.moments import follows
from agents.planner.parser.reading import Reading, Why, correction_before


class Period(NamedTuple):
    """The campaign's time as stated; `consumed` spans belong to dates, `doubt` says what cannot be read."""

    start: Reading | None
    end: Reading | None
    doubt: Why | None = None
    length: Reading | None = None


def find_period(sentence: Sentence, today: date) -> Period:
    """Read start and end (both inclusive) from the items; the last stated of each wins.

    A year left out is the next occurrence; "after" starts the next day, "before" ends the day before; an end
    before its start, a day that does not exist or a loose time ("soon") is a doubt and reads as unsaid.
    """
    roles = _with_corrections(sentence, _roles(sentence, _join(sentence), today))
    kept = stated_range(sentence, settled_roles(sentence, refined_roles(sentence, roles, today)))
    start, end, two = _latest(sentence, kept, today)
    if two is not None:
        start, end, two = _latest(sentence, of_the_plan(sentence, kept, today), today)
    start, end, length = _with_length(sentence, start, end) if two is None else (start, end, None)
    doubt = (
        two
        or doubt_about(sentence, start, end, today)
        or wrong_length(sentence, start, end)
        or wrong_weekday(sentence, start, end)
    )
    named = wrong_holiday(sentence, today) if doubt is None else None
    if named is not None:
        # The named day and the date stand for one edge, so that edge is not known.
        wrong = [at for at, item in enumerate(sentence.items) if item.has("HOLIDAY")]
        start, end = (
            None if each and any(sentence.items[at].span == each.span for at in wrong) else each
            for each in (start, end)
        )
        doubt = named
    for role in roles:
        if role.role != "theme":
            sentence.take(role.indexes[0], role.indexes[-1])
    if doubt is not None and doubt.code == "date_weekday":
        start, end = (None if wrong_weekday(sentence, each, None) else each for each in (start, end))
    if doubt is not None and doubt.code == "dates_order":
        start = end = None
    if doubt is not None and doubt.code == "dates_length":
        end = None
    return Period(start, end, doubt, length)


def _join(sentence: Sentence) -> list[tuple[int, ...]]:
    items = sentence.items
    places = [at for at, item in enumerate(items) if "DATE" in item.tags and at not in sentence.taken]
    joined: list[tuple[int, ...]] = []
    index = 0
    while index < len(places):
        here = places[index]
        if index + 1 < len(places) and _is_joined(sentence, here, places[index + 1]):
            joined.append((here, places[index + 1]))
            index += 2
            continue
        joined.append((here,))
        index += 1
    return joined


def _is_joined(sentence: Sentence, one: int, other: int) -> bool:
    between = sentence.items[one + 1 : other]
    if not between:
        written = sentence.text[sentence.items[one].end : sentence.items[other].start].strip()
        return written in ("-", "–", "—")
    if len(between) > 5 or any(item.stop == "S" for item in between):
        return False
    links = [
        item
        for item in between
        if item.has("TO", "UNTIL", "AND")
        or not (
            item.form in (",", ":")
            or item.has(
                "THE", "ON", "AT", "RUN", "IS", "INCLUDING", "FILL", "OF", "DATEWORD", "WEEKDAY", "CLOCK"
            )
        )
    ]
    if links and links[0].has("AND") and len(links) == 1:
        return any(item.has("BETWEEN") for item in sentence.before(one, 3)) or follows(
            moment_of(sentence.items[one]), moment_of(sentence.items[other])
        )
    kept = [item for item in links if not item.has("AND")]
    return (
        bool(kept)
        and all(item.has("TO", "UNTIL", "DASH", "END") or item.form == "/" for item in kept)
        and not any(item.has("START") for item in kept)
    )


def _roles(sentence: Sentence, joined: list[tuple[int, ...]], today: date) -> list[Role]:
    return [
        Role(indexes, "theme")
        if is_of_others(sentence, indexes[0], today)
        else Role(indexes, "range")
        if len(indexes) == 2
        else _role(sentence, indexes[0])
        for indexes in joined
    ]


def _role(sentence: Sentence, index: int) -> Role:
    moment = moment_of(sentence.items[index])
    if moment.is_range:
        return Role((index,), "range")
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if (
        sentence.items[index].has("HOLIDAY")
        and following is not None
        and following.stop == "W"
        and following.has("PEOPLE", "ONETIME", "BUYERWORD")
    ):
        return Role((index,), "theme")
    on = sending = False
    near = sentence.before(index, 5)
    if moment.is_theme and len(near) > 1 and near[0].has("OF") and _names_a_thing(near[1]):
        return Role((index,), "theme")
    for place, item in enumerate(near):
        beyond = near[place + 1] if place + 1 < len(near) else None
        if item.has("U:month") or (item.has("OF") and beyond is not None and beyond.has("U:month")):
            continue
        if item.has("LAST") and sending:
            return Role((index,), "end")
        sending = sending or item.has("SENDWORD", "CHANNEL")
        if on and moment.is_period and item.has("RUN"):
            return Role((index,), "range", 0.9)
        if item.has("AROUND"):
            return Role((index,), "theme")
        if item.has("NOTBEFORE") or (item.has("BEFORE") and beyond is not None and beyond.has("NOT", "NO")):
            return Role((index,), "start")
        if item.has("BEFORE"):
            return Role((index,), "before")
        if item.has("AFTER"):
            return Role((index,), "after")
        if item.has("UNTIL", "END", "TO") or (item.has("BY") and not item.has("CHANNEL") and not sending):
            # "Au premier trimestre", "a gennaio": the word for "to" is also that for "in".
            within = (
                moment.is_period and item.has("TO") and item.has("IN", "THE") and not item.has("UNTIL", "END")
            )
            return Role((index,), "range" if within else "end")
        if item.has("START", "FROM", "NTH:1"):
            return Role((index,), "start")
        if item.has("LAUNCH"):
            return Role((index,), "launch")
        on = (
            on
            or item.has("ON", "DURING", "AT", "DEADLINE")
            or (item.has("FOR", "IN") and not moment.is_theme)
        )
        if not (item.has(*FILL, "DURING", "SENDWORD", "CLOCK") or item.form == ":"):
            break
    if following is not None and following.has("ONWARDS"):
        return Role((index,), "start")
    if moment.is_theme and (not on or _names_a_thing(following)):
        return Role((index,), "theme")
    if moment.is_edge_end:
        return Role((index,), "end", 0.85)
    launched = any(
        item.has("LAUNCH", "OBJ:product_launch") for item in sentence.before(index, 8, clause=True)
    )
    if launched and not moment.is_period:
        return Role((index,), "launch", 0.85)
    return Role((index,), "range" if moment.is_period else "day", 0.9 if on else 0.8)


def _names_a_thing(following: Item | None) -> bool:
    """ "For our Christmas sale" names the sale, not the day."""
    return following is not None and following.has("CAMPAIGN", "OFFER", "THING", "SALE")


def _with_corrections(sentence: Sentence, roles: list[Role]) -> list[Role]:
    """ "From 1 December, actually 3 December": a corrected day plays the part of the day before it."""
    corrected: list[Role] = []
    for role in roles:
        if corrected and role.role == "day" and correction_before(sentence, role.indexes[0]):
            role = role._replace(role=_edge_before(sentence, role.indexes[0]) or corrected[-1].role)
            if role.role == "range":
                # Of a range the edge named last is the one that is put right.
                role = role._replace(role="end" if _is_two_days(sentence, corrected[-1]) else "day")
        corrected.append(role)
    return corrected


def _is_two_days(sentence: Sentence, role: Role) -> bool:
    """ "1 to 20 December": both edges are stated."""
    return len(role.indexes) == 2 or moment_of(sentence.items[role.indexes[0]]).is_range


def _edge_before(sentence: Sentence, index: int) -> str | None:
    """The edge that is corrected, where its word stands before the slip: "ends on the 20th, no, the 22nd"."""
    for item in sentence.before(index, 9):
        if "DATE" in item.tags:
            return None
        if item.has("END", "UNTIL"):
            return "end"
        if item.has("START", "FROM"):
            return "start"
    return None


def _latest(
    sentence: Sentence, roles: list[Role], today: date
) -> tuple[Reading | None, Reading | None, Why | None]:
    """The last stated start and end; an edge stated twice, unlike and without a correction, is a doubt and unsaid."""
    start: Reading | None = None
    end: Reading | None = None
    starts: list[date] = []
    ends: list[date] = []
    has_edges = any(role.role in ("start", "end", "range", "after", "before") for role in roles)
    for role in roles:
        # Beside stated edges a lone day is an event inside the campaign, not its time.
        if role.role == "theme" or (role.role == "day" and has_edges):
            continue
        one, other = sentence.items[role.indexes[0]], sentence.items[role.indexes[-1]]
        first, last = resolve(moment_of(one), moment_of(other), role.role, start, today)
        corrects = correction_before(sentence, role.indexes[0])
        if corrects or role.role == "day":
            starts, ends = ([] if first is not None else starts), ([] if last is not None else ends)
        if first is not None and role.role != "day":
            starts.append(first)
        if last is not None and role.role != "day":
            ends.append(last)
        if role.role in ("range", "day", "start", "after") and first is not None:
            start = Reading("start", first, *one.span, role.confidence)
        if role.role in ("range", "day", "end", "before") and last is not None:
            end = Reading("end", last, *other.span, role.confidence)
    for days in (starts, ends):
        if len(set(days)) > 1:
            why = Why("dates_two", (days[0].isoformat(), days[-1].isoformat()))
            return (None if len(set(starts)) > 1 else start), (None if len(set(ends)) > 1 else end), why
    return start, end, None


def _with_length(
    sentence: Sentence, start: Reading | None, end: Reading | None
) -> tuple[Reading | None, Reading | None, Reading | None]:
    """Complete one edge by a stated length: two weeks from 1 December end on 14 December."""
    if start is not None and end is not None and start.span != end.span:
        return start, end, None
    if start is not None and end is not None and day_of(start) != day_of(end):
        return start, end, None
    for index, item in enumerate(sentence.items):
        length = item.value
        if index in sentence.taken or not isinstance(length, Length) or not is_lasting(sentence, index):
            continue
        if length.most is not None or length.least < 1 or length.unit in ("hour", "minute"):
            continue
        step = timedelta(days=length.least - 1)
        sentence.take(index, index)
        if start is not None:
            return start, Reading("end", day_of(start) + step, *item.span, 0.9), None
        if end is not None:
            return Reading("start", day_of(end) - step, *item.span, 0.8), end, None
        return None, None, Reading("constraints.other", sentence.text[slice(*item.span)], *item.span, 0.8)
    return start, end, None
