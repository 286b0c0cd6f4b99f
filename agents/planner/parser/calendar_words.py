"""Join items into moments: written dates, month and weekday names, holidays, quarters, relative days, edges, offsets."""

from __future__ import annotations

from datetime import date
from typing import Final

from agents.planner.parser import moments as at_time
from agents.planner.parser.calendar_dates import (
    day_month,
    dotted_range,
    east_asian,
    month_alone,
    month_day,
    opening_of_month,
    written,
)
from agents.planner.parser.calendar_items import (
    EDGES,
    name_in,
)
from agents.planner.parser.calendar_relative import (
    day_of_month,
    end_of_now,
    from_now,
    holiday,
    named,
    quarter,
    relative,
    week_number,
    weekday,
)
from agents.planner.parser.items import Item, merged
from agents.planner.parser.lengths import UNIT_DAYS
from agents.planner.parser.moments import Moment, Reader, value_of


def dates(items: list[Item], today: date) -> list[Item]:
    """Replace every expression of time by one item tagged DATE, or BADDATE where there is no such day."""
    made: list[Item] = []
    at = 0
    while at < len(items):
        found = next((found for reader in _READERS if (found := reader(items, at, today))), None)
        if found is None:
            made.append(items[at])
            at += 1
            continue
        last, moment = found
        tags = {"DATE"} if moment.exists(today) else {"BADDATE"}
        if moment.is_theme:
            tags.add("THEME")
        weekday = next(
            (tag[2:] for item in items[at : last + 1] for tag in item.tags if tag.startswith("D:")), None
        )
        if weekday is not None and not moment.is_range and not moment.is_period:
            tags.add(f"SAID:{weekday}")
        made.append(merged(items, at, last, tags | (items[at].tags & {"HOLIDAY", "WEEKDAY"}), moment))
        at = last + 1
    return _offsets(_edges(made, today))


_READERS: Final[tuple[Reader, ...]] = (
    end_of_now, opening_of_month, dotted_range, written, east_asian, day_month, month_day, holiday, week_number, quarter, relative,
    from_now, named, weekday, month_alone, day_of_month,
)  # fmt: skip


def _edges(items: list[Item], today: date) -> list[Item]:
    """ "Mid-December", "first week of December", "week of 7 December": a part of, or the week around, what follows."""
    made: list[Item] = []
    for item in items:
        if "DATE" in item.tags and isinstance(item.value, Moment):
            back = len(made) - 1
            while back >= 0 and made[back].has("OF", "THE", "IN", "STARTING"):
                back -= 1
            part = _part(made, back, item.value) if back >= 0 else None
            if part is not None:
                tags = {"DATE"} if part.exists(today) else {"BADDATE"}
                run = [*made[back:], item]
                item = merged(run, 0, len(run) - 1, tags | (item.tags & {"HOLIDAY"}), part)
                del made[back:]
        made.append(item)
    return made


def _part(made: list[Item], back: int, moment: Moment) -> Moment | None:
    """The part of a moment that the word before it names; None where it names none."""
    cue = made[back]
    name = next((tag for tag in EDGES if tag in cue.tags), None)
    if name and (moment.is_period or name in ("LOOSE", "MIDDLE")):
        return at_time.edge(moment, name) if moment.is_period else moment
    unit = name_in(cue, "U:")
    counted = back and made[back - 1].has("NUM")
    if unit in ("week", "weekend") and not counted and back < len(made) - 1 and not moment.is_period:
        return at_time.around(moment, unit)
    return None


def _offsets(items: list[Item]) -> list[Item]:
    """ "Two weeks before Christmas", "the day after Black Friday"."""
    made: list[Item] = []
    for item in items:
        side = made[-1] if made else None
        if side is not None and side.has("THE") and len(made) > 1 and "DATE" in item.tags:
            side = made[-2] if made[-2].has("BEFORE", "AFTER") else side
        if (
            "DATE" in item.tags
            and isinstance(item.value, Moment)
            and side is not None
            and side.has("BEFORE", "AFTER")
        ):
            place = made.index(side) if made[-1] is not side else len(made) - 1
            unit = name_in(made[place - 1], "U:") if place >= 1 else None
            number = value_of(made[place - 2]) if place >= 2 and made[place - 2].has("NUM") else None
            if unit and number is None and place >= 2 and made[place - 2].has("ARTICLE", "THE"):
                number = 1
            if unit and number:
                days = round(number * UNIT_DAYS[unit])
                step = days if side.has("AFTER") else -days
                first = place - 2
                # "The week before Christmas" is that week, "two weeks before" a day.
                is_week = unit == "week" and made[first].has("THE") and number == 1
                moment = item.value
                opens = at_time.moved(moment.first, step)
                closes = at_time.moved(moment.first, -1) if is_week and step < 0 else opens
                new = Moment(opens, closes, moment.year, is_week, is_week)
                item = merged([*made[first:], item], 0, len(made) - first, {"DATE"}, new)
                del made[first:]
        made.append(item)
    return made
