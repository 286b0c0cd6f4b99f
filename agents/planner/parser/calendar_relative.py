"""Times told from today: holidays, quarters, weeks, "next month", weekdays, the end of what now is."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from agents.planner.parser import moments as at_time
from agents.planner.parser.calendar_dates import day_month
from agents.planner.parser.calendar_items import (
    day_at,
    item_at,
    name_in,
    past,
    year_at,
)
from agents.planner.parser.items import Item
from agents.planner.parser.lengths import UNIT_DAYS
from agents.planner.parser.moments import Moment, value_of


def holiday(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    name = name_in(item_at(items, at), "H:")
    if name is None:
        return None
    last, period = at, None
    unit = name_in(item_at(items, at + 1), "U:")
    if unit in ("week", "weekend") and not item_at(items, at + 2).has("BEFORE", "AFTER"):
        last, period = at + 1, unit
    end, year = year_at(items, last + 1)
    return max(end, last), at_time.holiday(name, period, year)


def quarter(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    item, following = item_at(items, at), item_at(items, at + 1)
    number = None
    if (
        item.form in ("q", "t", "k")
        and following.start == item.end
        and following.form in ("1", "2", "3", "4")
        and not (item_at(items, at + 2).start == following.end and item_at(items, at + 2).form[:1].isalpha())
    ):
        number, last, months = int(following.form), at + 1, 3
    elif item.form in ("h", "s") and following.start == item.end and following.form in ("1", "2"):
        number, last, months = int(following.form), at + 1, 6
    else:
        if name_in(item, "U:") == "quarter" and following.form in ("1", "2", "3", "4"):
            # "Quarter 1", "Quartal 3": the number behind its unit.
            end, year = _year_of_quarter(items, at + 2, today)
            return max(end, at + 1), at_time.quarter(int(following.form), year, 3)
        order = name_in(item, "NTH:") or (
            str(value_of(item)) if item.has("NUM") and value_of(item) in (1, 2, 3, 4) else None
        )
        unit = name_in(following, "U:")
        if order and order.isdigit() and unit in ("quarter", "semester"):
            if (
                item.has("NUM")
                and not item.has("ORDINAL")
                and unit == "quarter"
                and following.form.endswith(("s", "e"))
            ):
                return None
            number, last, months = int(order), at + 1, 3 if unit == "quarter" else 6
    if number is None:
        return None
    end, year = _year_of_quarter(items, last + 1, today)
    return max(end, last), at_time.quarter(number, year, months)


def _year_of_quarter(items: list[Item], at: int, today: date) -> tuple[int, int | None]:
    """ "2027", "of 2027", "next year" behind a quarter or a half-year."""
    place = past(items, at, "OF", "THE")
    ahead, unit = item_at(items, place), item_at(items, place + 1)
    if ahead.has("NEXT", "THIS", "COMING") and name_in(unit, "U:") == "year":
        return place + 1, today.year + int(not ahead.has("THIS"))
    if name_in(ahead, "U:") == "year" and unit.has("NEXTAFTER"):
        return place + 1, today.year + 1
    return year_at(items, at)


def week_number(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "KW 50", "weeks 50 and 51": calendar weeks; "week 2 of the trial" is none."""
    cue, following = item_at(items, at), item_at(items, at + 1)
    plain = name_in(cue, "U:") == "week"
    if not (cue.has("WEEKNO") or plain) or not following.has("DIGITS"):
        return None
    number, last = value_of(following), at + 1
    moment = at_time.iso_week(number, today) if number else None
    if moment is None or (plain and item_at(items, last + 1).has("OF", "AFTER", "PERCENT", "CUR", "MONTH")):
        return None
    other = value_of(item_at(items, at + 3)) if item_at(items, at + 3).has("DIGITS") else None
    if number and other and item_at(items, at + 2).has("AND", "DASH", "TO", "UNTIL"):
        closing = at_time.iso_week(other, today)
        if closing is not None and other <= 53:
            return at + 3, moment._replace(last=closing.last, is_range=True)
    return last, moment


def weekday_span(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "Thursday to Sunday next week", "Friday to Sunday": Monday to Friday alone says which days of every week."""
    first, last = name_in(item_at(items, at), "D:"), name_in(item_at(items, at + 2), "D:")
    if first is None or last is None or not item_at(items, at + 1).has("TO", "DASH", "UNTIL"):
        return None
    place = past(items, at + 3, "OF", "THE")
    unit = name_in(item_at(items, place + 1), "U:")
    step = None
    if item_at(items, place).has("NEXT", "THIS", "COMING") and unit == "week":
        step, place = (0 if item_at(items, place).has("THIS") else 1), place + 1
    elif name_in(item_at(items, place), "U:") == "week" and item_at(items, place + 1).has("NEXTAFTER"):
        step, place = 1, place + 1
    monday = today - timedelta(days=today.weekday())
    if step is not None and int(first) <= int(last):
        opens, closes = (monday + timedelta(weeks=step, days=int(each)) for each in (first, last))
    elif (first, last) == ("0", "4") or item_at(items, at + 3).has(
        "NUM", "MONTH", "DOTTED", "SLASHED", "ISO", "THE"
    ):
        return None
    else:
        opens = today + timedelta(days=(int(first) - today.weekday()) % 7 or 7)
        closes = opens + timedelta(days=(int(last) - int(first)) % 7)
        place = at + 2
    return place, at_time.constant(opens, closes)._replace(is_range=True)


def relative(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "Next 2 weeks", "this month", "semana que viene", "in two weeks"."""
    place = at if item_at(items, at).has("THIS") else past(items, at, "THE")
    item = item_at(items, place)
    if not item.has("NEXT", "THIS", "COMING", "NUM", "IN", "UNIT", "DURING", "WITHIN"):
        return None
    if item.has("NEXT", "COMING"):
        counted = counted_at(items, place + 1, today)
        if counted:
            return counted[0], constant_until(today, counted[1])
    unit = name_in(item_at(items, place + 1), "U:")
    if item.has("NEXT", "THIS", "COMING") and unit in (
        "week",
        "weekend",
        "month",
        "quarter",
        "year",
        "semester",
    ):
        step = 0 if item.has("THIS") or (unit == "weekend" and item.has("COMING")) else 1
        return place + 1, at_time.relative_period(unit, step, today)
    own = name_in(item, "U:")
    if own in ("week", "weekend", "month", "quarter", "year", "semester") and item_at(items, place + 1).has(
        "NEXTAFTER"
    ):
        return place + 1, at_time.relative_period(own, 1, today)
    if item.has("NUM"):
        counted = counted_at(items, place, today)
        if counted and item_at(items, counted[0] + 1).has("NEXTAFTER"):
            return counted[0] + 1, constant_until(today, counted[1])
        ahead = None if counted is None else _from_now_at(items, counted[0] + 1)
        if counted and ahead:
            return ahead[0], at_time.constant(today + timedelta(days=counted[1] + ahead[1]))
        # "les 2 prochaines semaines"
        following = item_at(items, place + 1)
        many = value_of(item)
        inner = name_in(item_at(items, place + 2), "U:")
        if following.has("NEXT") and inner and many and many < 400:
            return place + 2, constant_until(today, round(many * UNIT_DAYS[inner]))
    return None


def _from_now_at(items: list[Item], at: int) -> tuple[int, int] | None:
    """ "From now", "from tomorrow", "hence": the last item of it and the days from today."""
    item, following = item_at(items, at), item_at(items, at + 1)
    if item.has("FROMNOW"):
        return at, 0
    if item.has("FROM") and following.has("TODAY", "NOW", "TOMORROW"):
        return at + 1, int(following.has("TOMORROW"))
    return None


def constant_until(today: date, days: int) -> Moment:
    """From today for some days."""
    return at_time.constant(today, today + timedelta(days=days))


def counted_at(items: list[Item], at: int, _today: date) -> tuple[int, int] | None:
    number = value_of(item_at(items, at)) if item_at(items, at).has("NUM") else None
    unit = name_in(item_at(items, at + 1), "U:")
    if number is None or unit is None or unit == "hour" or number * UNIT_DAYS[unit] > 3650:
        return None
    return at + 1, round(number * UNIT_DAYS[unit])


def from_now(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "Start in two weeks", "dans une semaine": a length ahead, where something begins."""
    if not item_at(items, at).has("INFUTURE", "IN"):
        return None
    place = at + 1
    if item_at(items, place).has("ARTICLE") and name_in(item_at(items, place + 1), "U:"):
        found: tuple[int, int] | None = (
            place + 1,
            round(UNIT_DAYS[str(name_in(item_at(items, place + 1), "U:"))]),
        )
    else:
        found = counted_at(items, place, today)
    if found is None:
        return None
    begins = any(
        item_at(items, at - back).has("START", "SEND", "LAUNCH")
        for back in range(1, 5)
        if item_at(items, at - back).stop == "W"
    )
    if not begins and not (item_at(items, at).has("INFUTURE") and not item_at(items, at).has("IN")):
        return None
    return found[0], at_time.constant(today + timedelta(days=found[1]))


def named(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    item = item_at(items, at)
    for name, ahead in (("DAYAFTER", 2), ("TOMORROW", 1), ("TODAY", 0)):
        if item.has(name):
            return at, at_time.constant(today + timedelta(days=ahead))
    before = item_at(items, at - 1)
    cued = before.has("FROM", "START", "BETWEEN") and not before.has("SEND")
    if item.has("NOW") and (cued or item.form != "now"):
        return at, at_time.constant(today)
    return None


def weekday(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    place = past(items, at, "THE")
    is_next = item_at(items, place).has("NEXT") and not item_at(items, place).has("COMING")
    if item_at(items, place).has("NEXT", "THIS", "COMING"):
        place += 1
        marked = True
    else:
        marked = False
    name = name_in(item_at(items, place), "D:")
    if place != at and not marked and day_month(items, place, today) is not None:
        return None  # "El lunes 11 de enero": the day of the week belongs to the date behind it.
    if name is None or (place != at and not marked and not item_at(items, at).has("THE")):
        return None
    last = place
    if item_at(items, place + 1).has("NEXTAFTER"):
        last, marked, is_next = place + 1, True, True
    before = item_at(items, at - 1)
    cued = before.has(
        "FROM",
        "UNTIL",
        "BY",
        "ON",
        "TO",
        "BEFORE",
        "AFTER",
        "START",
        "BETWEEN",
        "AND",
        "DASH",
        "END",
        "LAUNCH",
        "IN",
        "SEND",
    )
    if not marked and not cued and not item_at(items, at).has("THE"):
        return None
    if item_at(items, place).form in ("sun", "sat") and before.has("AFTER", "BEFORE"):
        return None  # "After-sun" is a lotion.
    weekday = int(name)
    ahead = (weekday - today.weekday()) % 7 or 7
    if is_next:
        ahead = 7 - today.weekday() + weekday
    return last, at_time.constant(today + timedelta(days=ahead))


def day_of_month(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "From the 1st to the 14th": ordinals of this month or the next, after a preposition."""
    place = past(items, at, "THE")
    item = item_at(items, place)
    number = day_at(items, place)
    before = item_at(items, at - 1)
    if number is None or not before.has("FROM", "UNTIL", "BY", "TO", "BETWEEN", "AND", "ON", "DASH", "START"):
        return None
    if not item.has("ORDINAL") or item_at(items, place + 1).has("UNIT", "KPI", "PEOPLE", "PERCENT", "NUM"):
        return None
    index = today.year * 12 + today.month - 1
    for ahead in range(4):
        year, month = divmod(index + ahead, 12)
        if number <= monthrange(year, month + 1)[1] and date(year, month + 1, number) >= today:
            return place, at_time.constant(date(year, month + 1, number))
    return None


def end_of_now(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "End of the month", "Monatsende": the edge of a period that today lies in."""
    item = item_at(items, at)
    for tag in item.tags:
        if tag.startswith("ENDOF:"):
            return at, at_time.constant(at_time.last_of(tag[6:], today))._replace(is_edge_end=True)
    if not item.has("EDGEEND"):
        return None
    place = past(items, at + 1, "OF", "THE", "THIS", "ARTICLE")
    unit = name_in(item_at(items, place), "U:")
    if unit not in ("month", "year", "quarter", "week", "semester") or item_at(items, place + 1).has(
        "NEXTAFTER"
    ):
        return None
    return place, at_time.constant(at_time.last_of(unit, today))._replace(is_edge_end=True)
