"""Days told from another day: "two weeks before Christmas", "the Monday after Black Friday", "ends on the 14th"."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from agents.planner.parser import moments as at_time
from agents.planner.parser.calendar_items import day_at, name_in, unit_in
from agents.planner.parser.holidays import Rule
from agents.planner.parser.items import Item, merged
from agents.planner.parser.lengths import UNIT_DAYS
from agents.planner.parser.moments import Moment, value_of

_BEYOND_A_DAY = (
    "UNIT", "PERCENT", "CUR", "KPI", "PEOPLE", "COUNTED", "MONTH", "CHANNEL", "ORDERS", "TIMES", "OCLOCK", "NUM", "POINTS",
    "VARIANT", "SENDWORD", "DASH", "AM", "PM",
)  # fmt: skip


def offsets(items: list[Item]) -> list[Item]:
    """Replace an offset and the day that it counts from by the day or days meant."""
    made: list[Item] = []
    for item in items:
        if "DATE" in item.tags and isinstance(item.value, Moment):
            found = _offset(made, item.value)
            if found is not None:
                first, moment = found
                item = merged([*made[first:], item], 0, len(made) - first, {"DATE"}, moment)
                del made[first:]
        made.append(item)
    return made


def _offset(made: list[Item], moment: Moment) -> tuple[int, Moment] | None:
    """The place where an offset before a day begins, and the moment that both make."""
    side = len(made) - 1
    while side > 0 and made[side].has("THE") and not made[side].has("BEFORE", "AFTER"):
        side -= 1
    if side < 1 or not made[side].has("BEFORE", "AFTER"):
        return None
    after = made[side].has("AFTER")
    weekday = name_in(made[side - 1], "D:") or name_in(made[side - 1], "SAID:")
    if weekday is not None:
        rule = _weekday_beside(moment.last if after else moment.first, int(weekday), after)
        return side - 1, Moment(rule, rule, moment.year)
    unit = unit_in(made[side - 1])
    return None if unit in (None, "hour", "minute") else _counted(made, side, str(unit), moment, after)


def _counted(made: list[Item], side: int, unit: str, moment: Moment, after: bool) -> tuple[int, Moment]:
    """ "Two weeks before" is a day, "the two weeks before" and "the week before" a time."""
    before = made[side - 2] if side >= 2 else Item("", 0, 0)
    number = value_of(before) if before.has("NUM") else None
    first = side - 1 if number is None and not before.has("ARTICLE", "THE") else side - 2
    definite = (
        not before.has("ARTICLE") if number is None else first > 0 and made[first - 1].has("THE", "DURING")
    )
    if number is not None and definite:
        first -= 1
    edge = moment.last if after else moment.first
    if unit == "weekend":
        saturday = _weekday_beside(edge, 5, after)
        return first, Moment(saturday, at_time.moved(saturday, 1), moment.year, True, True)
    days = round((number or 1) * UNIT_DAYS[unit])
    if definite and days > 1:
        opens, closes = (1, days) if after else (-days, -1)
        return first, Moment(at_time.moved(edge, opens), at_time.moved(edge, closes), moment.year, True, True)
    day = at_time.moved(moment.first, days if after else -days)
    return first, Moment(day, day, moment.year)


def _weekday_beside(rule: Rule, weekday: int, after: bool) -> Rule:
    """The next such day after a day, or the last one before it."""

    def beside(year: int) -> date | None:
        day = rule(year)
        if day is None:
            return None
        if after:
            return day + timedelta(days=(weekday - day.weekday()) % 7 or 7)
        return day - timedelta(days=(day.weekday() - weekday) % 7 or 7)

    return beside


def bare_days(items: list[Item]) -> list[Item]:
    """ "From 1 December, ends on the 14th": a day without a month is in that of the day before it, or in the next."""
    made: list[Item] = []
    known: Moment | None = None
    for at, item in enumerate(items):
        day = None if known is None else _bare_day(items, at)
        if known is not None and day is not None:
            item = merged(items, at, at, {"DATE"}, _in_month_of(known, day))
        elif "DATE" in item.tags and isinstance(item.value, Moment):
            known = item.value
        made.append(item)
    return made


def _bare_day(items: list[Item], at: int) -> int | None:
    """The day that an item names without a month, where a word before it says that it ends something."""
    item = items[at]
    following = items[at + 1] if at + 1 < len(items) else None
    if item.has("BAREDAY") and isinstance(item.value, Moment):
        opens = item.value.first(item.value.year or 0)
        day = None if opens is None else opens.day
    elif not item.has("DIGITS") or (following is not None and following.has(*_BEYOND_A_DAY)):
        return None
    else:
        day = day_at(items, at)
    for before in reversed(items[max(0, at - 3) : at]):
        if before.has("UNTIL", "END", "TO", "DASH") and not before.has("BUDGET"):
            return day
        if not before.has("THE", "ON", "AT", "IS", "FILL", "DAY", "IN", "WEEKDAY"):
            return None
    return None


def _in_month_of(known: Moment, day: int) -> Moment:
    def rule(year: int) -> date | None:
        opens = known.first(year)
        if opens is None:
            return None
        of, index = divmod(opens.year * 12 + opens.month - 1 + (day < opens.day), 12)
        return date(of, index + 1, day) if day <= monthrange(of, index + 1)[1] else None

    return Moment(rule, rule, known.year)
