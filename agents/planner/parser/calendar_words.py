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
    written,
)
from agents.planner.parser.calendar_items import (
    EDGES,
    unit_in,
)
from agents.planner.parser.calendar_months import nth_of_month, opening_of_month
from agents.planner.parser.calendar_offsets import bare_days, offsets
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
    weekday_span,
)
from agents.planner.parser.items import Item, merged
from agents.planner.parser.moments import Moment, Reader


def dates(items: list[Item], today: date) -> list[Item]:
    """Replace every expression of time by one item tagged DATE, or BADDATE where there is no such day."""
    made: list[Item] = []
    at = 0
    while at < len(items):
        reader, found = next(
            ((reader, found) for reader in _READERS if (found := reader(items, at, today))), (None, None)
        )
        if found is None:
            made.append(items[at])
            at += 1
            continue
        last, moment = found
        tags = {"DATE"} if moment.exists(today) else {"BADDATE"}
        if moment.is_theme:
            tags.add("THEME")
        if reader is relative and any(item.has("THIS") for item in items[at : last + 1]):
            tags.add("NOWFRAME")
        if reader is day_of_month:
            tags.add("BAREDAY")
        weekday = next(
            (tag[2:] for item in items[at : last + 1] for tag in item.tags if tag.startswith("D:")), None
        )
        if weekday is not None and not moment.is_range and not moment.is_period:
            tags.add(f"SAID:{weekday}")
        made.append(merged(items, at, last, tags | (items[at].tags & {"HOLIDAY", "WEEKDAY"}), moment))
        at = last + 1
    return bare_days(offsets(_edges(made, today)))


_READERS: Final[tuple[Reader, ...]] = (
    end_of_now, opening_of_month, nth_of_month, weekday_span, dotted_range, written, east_asian, day_month, month_day, holiday, week_number, quarter, relative,
    from_now, named, weekday, month_alone, day_of_month,
)  # fmt: skip


def _edges(items: list[Item], today: date) -> list[Item]:
    """ "Mid-December", "first week of December", "week of 7 December": a part of, or the week around, what follows."""
    made: list[Item] = []
    for item in items:
        if "DATE" in item.tags and isinstance(item.value, Moment):
            back = len(made) - 1
            while back >= 0 and (
                made[back].has("OF", "THE", "IN", "STARTING")
                or (made[back].has("FROM") and back and unit_in(made[back - 1]) == "week")
            ):
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
    unit = unit_in(cue)
    counted = back and made[back - 1].has("NUM", "ARTICLE")
    if unit in ("week", "weekend") and not counted and back < len(made) - 1 and not moment.is_period:
        return at_time.around(moment, unit)
    return None
