"""Join items into moments: written dates, month and weekday names, holidays, quarters, relative days, edges, offsets."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

from agents.planner.parser import moments as at_time
from agents.planner.parser.items import Item, merged
from agents.planner.parser.moments import Moment, Reader, value_of
from agents.planner.parser.quantities import UNIT_DAYS
from agents.planner.parser.vocabulary import Vocabulary

_RANGE = ("DASH", "TO", "AND", "UNTIL")
_EDGES = ("EDGEEND", "BEGINNING", "MIDDLE", "FIRSTHALF", "SECONDHALF", "FIRSTWEEK", "LASTWEEK", "LOOSE")


def dates(items: list[Item], words: Vocabulary, today: date) -> list[Item]:
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
    return _offsets(_edges(made, today), today)


def _tag(item: Item, prefix: str) -> str | None:
    return next((tag[len(prefix) :] for tag in item.tags if tag.startswith(prefix)), None)


def _get(items: list[Item], at: int) -> Item:
    return items[at] if 0 <= at < len(items) else Item("", 0, 0, frozenset(), None, "S")


def _skip(items: list[Item], at: int, *tags: str, commas: bool = False) -> int:
    """The next place that is none of the tags (and no comma), at most four on."""
    last = at + 4
    while (
        (at < last
        and (_get(items, at).has(*tags) and ("TO" in tags or not _get(items, at).has("TO"))))
        or (commas and _get(items, at).form == ",")
    ):
        at += 1
    return at


def _year(items: list[Item], at: int) -> tuple[int, int | None]:
    """The year that stands at (after "of" or a comma), and the last item read; `at - 1` and None without."""
    place = _skip(items, at, "OF", commas=True)
    item = _get(items, place)
    year = value_of(item) if "DIGITS" in item.tags else None
    if year is not None and len(item.form) == 4 and 2020 <= year <= 2099:
        return place, year
    return at - 1, None


def _day(items: list[Item], at: int) -> int | None:
    """A day of the month: a number up to 31 in digits or as an ordinal, or a word up to 31."""
    item = _get(items, at)
    day = value_of(item) if item.has("NUM") and not item.has("SCALED") else None
    return (
        day if day is not None and 1 <= day <= 31 and "." not in item.form and "," not in item.form else None
    )


def _month(item: Item) -> int | None:
    name = _tag(item, "M:")
    return int(name) if name else None


def _written(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    place = _skip(items, at, "WEEKDAY", commas=True) if _get(items, at).has("WEEKDAY") else at
    place = _skip(items, place, "THE")
    item = _get(items, place)
    numbers = [int(part) for part in re.findall(r"[0-9]+", item.form)]
    if item.has("ISO"):
        year, month, day = numbers
        return place, _or_bad(at_time.month_day(month, day, year), month, day, year)
    if item.has("DOTTED", "SLASHED", "DASHED"):
        day, month = numbers[0], numbers[1]
        # Day first, unless only the other order is a date at all ("12/25").
        if item.has("SLASHED") and (month > 12 >= day or _is_month_first(items)):
            day, month = month, day
        year = (numbers[2] if numbers[2] > 99 else 2000 + numbers[2]) if len(numbers) > 2 else None
        if item.has("DOTTED") and year is None:
            last, year = _year(items, place + 1)
            place = max(place, last)
        if not at_time.is_possible(month, day) and item.has("SLASHED"):
            return None
        return place, _or_bad(at_time.month_day(month, day, year), month, day, year)
    return None


def _is_month_first(items: list[Item]) -> bool:
    """A text that writes "12/15" writes its other dates so too."""
    parts = [[int(part) for part in item.form.split("/")] for item in items if item.has("SLASHED")]
    return any(each[1] > 12 for each in parts) and all(each[0] <= 12 for each in parts)


def _or_bad(moment: Moment | None, month: int, day: int, year: int | None) -> Moment:
    return moment or Moment(at_time.nowhere, at_time.nowhere, year)


def _dotted_range(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "1.-14.12.", "from 1 to 14/12": a bare first day before a written last one."""
    first = _day(items, at)
    if (
        first is None
        or not _get(items, at + 1).has(*_RANGE)
        or not _get(items, at + 2).has("DOTTED", "SLASHED")
    ):
        return None
    read = _written(items, at + 2, today)
    numbers = [int(part) for part in re.findall(r"[0-9]+", _get(items, at + 2).form)]
    if read is None or numbers[1] > 12:
        return None
    moment = at_time.month_day(numbers[1], first, read[1].year, numbers[0])
    return (read[0], moment) if moment else None


def _day_month(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    place = _skip(items, at, "WEEKDAY", commas=True) if _get(items, at).has("WEEKDAY") else at
    place = _skip(items, place, "THE", "ON") if place == at or _get(items, place).has("THE", "ON") else place
    day = _day(items, place)
    if day is None or (place != at and not _get(items, at).has("WEEKDAY", "THE")):
        return None
    until = None
    following = place + 1
    if _get(items, following).has(*_RANGE):
        other = _skip(items, following + 1, "THE", "WEEKDAY", "TO")
        until = _day(items, other)
        following = other + 1 if until is not None else following
    following = _skip(items, following, "OF")
    month = _month(_get(items, following))
    if month is None:
        return None
    last, year = _year(items, following + 1)
    last = max(last, following)
    if until is not None and until < day:
        return None
    moment = at_time.month_day(month, day, year, until)
    return last, _or_bad(moment, month, day, year)


def _month_day(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    place = _skip(items, at, "WEEKDAY", commas=True) if _get(items, at).has("WEEKDAY") else at
    month = _month(_get(items, place))
    if month is None:
        return None
    number = _skip(items, place + 1, "THE")
    day = _day(items, number)
    if day is None or _get(items, number + 1).has("PERCENT", "CUR", "KPI", "PEOPLE", "UNIT", "CHANNEL"):
        return None
    last, until = number, None
    if _get(items, number + 1).has("DASH", "TO", "UNTIL"):
        other = _skip(items, number + 2, "THE", "TO")
        until = _day(items, other)
        if until is not None and _month(_get(items, _skip(items, other + 1, "OF"))) is None and until >= day:
            last = other
        else:
            until = None
    end, year = _year(items, last + 1)
    moment = at_time.month_day(month, day, year, until)
    return max(end, last), _or_bad(moment, month, day, year)


def _month_alone(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    item = _get(items, at)
    month = _month(item)
    if month is None:
        return None
    last, year = _year(items, at + 1)
    before = _get(items, at - 1)
    cued = before.has("IN", "FROM", "UNTIL", "BY", "TO", "OF", "DASH", "BETWEEN", "AND", "THIS", "NEXT", "AFTER", "BEFORE",
                      "DURING", "FOR", "ON", "START", "ALL", *_EDGES)  # fmt: skip
    if "NUMBERLIKE" in item.tags and not cued and year is None:
        return None
    if not cued and year is None and not (at == 0 or before.stop != "W" or _get(items, at + 1).stop != "W"):
        return None
    first, closes = at_time.month_rules(month)
    return max(last, at), Moment(first, closes, year, True)


def _holiday(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    name = _tag(_get(items, at), "H:")
    if name is None:
        return None
    last, period = at, None
    unit = _tag(_get(items, at + 1), "U:")
    if unit in ("week", "weekend") and not _get(items, at + 2).has("BEFORE", "AFTER"):
        last, period = at + 1, unit
    end, year = _year(items, last + 1)
    return max(end, last), at_time.holiday(name, period, year)


def _quarter(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    item, following = _get(items, at), _get(items, at + 1)
    number = None
    if (
        item.form in ("q", "t", "k")
        and following.start == item.end
        and following.form in ("1", "2", "3", "4")
    ):
        number, last, months = int(following.form), at + 1, 3
    elif item.form in ("h", "s") and following.start == item.end and following.form in ("1", "2"):
        number, last, months = int(following.form), at + 1, 6
    else:
        order = _tag(item, "NTH:") or (
            str(value_of(item)) if item.has("NUM") and value_of(item) in (1, 2, 3, 4) else None
        )
        unit = _tag(following, "U:")
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
    end, year = _year(items, last + 1)
    return max(end, last), at_time.quarter(number, year, months)


def _week_number(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    if not _get(items, at).has("WEEKNO"):
        return None
    number = value_of(_get(items, at + 1)) if _get(items, at + 1).has("DIGITS") else None
    moment = at_time.iso_week(number, today) if number else None
    return (at + 1, moment) if moment else None


def _relative(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "Next 2 weeks", "this month", "semana que viene", "in two weeks"."""
    place = _skip(items, at, "THE")
    item = _get(items, place)
    if not item.has("NEXT", "THIS", "COMING", "NUM", "IN", "UNIT", "DURING", "WITHIN"):
        return None
    if item.has("NEXT", "COMING"):
        counted = _counted(items, place + 1, today)
        if counted:
            return counted[0], constant_until(today, counted[1])
    unit = _tag(_get(items, place + 1), "U:")
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
    own = _tag(item, "U:")
    if own in ("week", "weekend", "month", "quarter", "year", "semester") and _get(items, place + 1).has(
        "NEXTAFTER"
    ):
        return place + 1, at_time.relative_period(own, 1, today)
    if item.has("NUM"):
        counted = _counted(items, place, today)
        if counted and _get(items, counted[0] + 1).has("NEXTAFTER"):
            return counted[0] + 1, constant_until(today, counted[1])
        if counted and _get(items, counted[0] + 1).has("FROMNOW"):
            return counted[0] + 1, at_time.constant(today + timedelta(days=counted[1]))
        # "les 2 prochaines semaines"
        following = _get(items, place + 1)
        many = value_of(item)
        inner = _tag(_get(items, place + 2), "U:")
        if following.has("NEXT") and inner and many and many < 400:
            return place + 2, constant_until(today, round(many * UNIT_DAYS[inner]))
    return None


def constant_until(today: date, days: int) -> Moment:
    """From today for some days."""
    return at_time.constant(today, today + timedelta(days=days))


def _counted(items: list[Item], at: int, _today: date) -> tuple[int, int] | None:
    number = value_of(_get(items, at)) if _get(items, at).has("NUM") else None
    unit = _tag(_get(items, at + 1), "U:")
    if number is None or unit is None or unit == "hour" or number * UNIT_DAYS[unit] > 3650:
        return None
    return at + 1, round(number * UNIT_DAYS[unit])


def _from_now(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "Start in two weeks", "dans une semaine": a length ahead, where something begins."""
    if not _get(items, at).has("INFUTURE", "IN"):
        return None
    place = at + 1
    if _get(items, place).has("ARTICLE") and _tag(_get(items, place + 1), "U:"):
        found: tuple[int, int] | None = (place + 1, round(UNIT_DAYS[str(_tag(_get(items, place + 1), "U:"))]))
    else:
        found = _counted(items, place, today)
    if found is None:
        return None
    begins = any(
        _get(items, at - back).has("START", "SEND", "LAUNCH")
        for back in range(1, 5)
        if _get(items, at - back).stop == "W"
    )
    if not begins and not (_get(items, at).has("INFUTURE") and not _get(items, at).has("IN")):
        return None
    return found[0], at_time.constant(today + timedelta(days=found[1]))


def _named(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    item = _get(items, at)
    for name, ahead in (("DAYAFTER", 2), ("TOMORROW", 1), ("TODAY", 0)):
        if item.has(name):
            return at, at_time.constant(today + timedelta(days=ahead))
    if item.has("NOW") and (
        _get(items, at - 1).has("FROM", "START", "LAUNCH", "SEND") or item.form not in ("now",)
    ):
        return at, at_time.constant(today)
    return None


def _weekday(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    place = _skip(items, at, "THE")
    is_next = _get(items, place).has("NEXT") and not _get(items, place).has("COMING")
    if _get(items, place).has("NEXT", "THIS", "COMING"):
        place += 1
        marked = True
    else:
        marked = False
    name = _tag(_get(items, place), "D:")
    if name is None or (place != at and not marked and not _get(items, at).has("THE")):
        return None
    last = place
    if _get(items, place + 1).has("NEXTAFTER"):
        last, marked, is_next = place + 1, True, True
    before = _get(items, at - 1)
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
    if not marked and not cued and not _get(items, at).has("THE"):
        return None
    weekday = int(name)
    ahead = (weekday - today.weekday()) % 7 or 7
    if is_next:
        ahead = 7 - today.weekday() + weekday
    return last, at_time.constant(today + timedelta(days=ahead))


def _day_of_month(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "From the 1st to the 14th": ordinals of this month or the next, after a preposition."""
    place = _skip(items, at, "THE")
    item = _get(items, place)
    number = _day(items, place)
    before = _get(items, at - 1)
    if number is None or not before.has("FROM", "UNTIL", "BY", "TO", "BETWEEN", "AND", "ON", "DASH", "START"):
        return None
    if not item.has("ORDINAL") or _get(items, place + 1).has("UNIT", "KPI", "PEOPLE", "PERCENT", "NUM"):
        return None
    index = today.year * 12 + today.month - 1
    for ahead in range(4):
        year, month = divmod(index + ahead, 12)
        if number <= monthrange(year, month + 1)[1] and date(year, month + 1, number) >= today:
            return place, at_time.constant(date(year, month + 1, number))
    return None


def _end_of_now(items: list[Item], at: int, today: date) -> tuple[int, Moment] | None:
    """ "End of the month", "Monatsende": the edge of a period that today lies in."""
    item = _get(items, at)
    for tag in item.tags:
        if tag.startswith("ENDOF:"):
            return at, at_time.constant(at_time.last_of(tag[6:], today))._replace(is_edge_end=True)
    if not item.has("EDGEEND"):
        return None
    place = _skip(items, at + 1, "OF", "THE", "THIS", "ARTICLE")
    unit = _tag(_get(items, place), "U:")
    if unit not in ("month", "year", "quarter", "week", "semester") or _get(items, place + 1).has(
        "NEXTAFTER"
    ):
        return None
    return place, at_time.constant(at_time.last_of(unit, today))._replace(is_edge_end=True)


def _east_asian(items: list[Item], at: int, _today: date) -> tuple[int, Moment] | None:
    """ "12月1日": month and day by their signs."""
    month, day = value_of(_get(items, at)), value_of(_get(items, at + 2))
    if month is None or _get(items, at + 1).form not in ("月", "월"):
        return None
    if day is None or _get(items, at + 3).form not in ("日", "일", "号"):
        first, last = at_time.month_rules(month) if 1 <= month <= 12 else (at_time.nowhere, at_time.nowhere)
        return at + 1, Moment(first, last, None, True)
    return at + 3, _or_bad(at_time.month_day(month, day), month, day, None)


_READERS: Final[tuple[Reader, ...]] = (
    _end_of_now, _dotted_range, _written, _east_asian, _day_month, _month_day, _holiday, _week_number, _quarter, _relative,
    _from_now, _named, _weekday, _month_alone, _day_of_month,
)  # fmt: skip


def _edges(items: list[Item], today: date) -> list[Item]:
    """ "Mid-December", "first week of December", "week of 7 December": a part of, or the week around, what follows."""
    made: list[Item] = []
    for item in items:
        if "DATE" in item.tags and isinstance(item.value, Moment):
            back = len(made) - 1
            while back >= 0 and made[back].has("OF", "THE", "IN", "STARTING"):
                back -= 1
            cue = made[back] if back >= 0 else None
            name = next((tag for tag in _EDGES if cue is not None and tag in cue.tags), None)
            unit = _tag(cue, "U:") if cue is not None else None
            if name and (item.value.is_period or name in ("EDGEEND", "LOOSE", "MIDDLE")) and cue is not None:
                moment = (
                    at_time.edge(item.value, name)
                    if item.value.is_period or name == "EDGEEND"
                    else item.value
                )
                tags = {"DATE"} if moment.exists(today) else {"BADDATE"}
                if not (name == "EDGEEND" and not item.value.is_period):
                    item = merged(
                        [*made[back:], item], 0, len(made) - back, tags | (item.tags & {"HOLIDAY"}), moment
                    )
                    del made[back:]
            elif (
                unit in ("week", "weekend")
                and not (back and made[back - 1].has("NUM"))
                and back < len(made) - 1
                and not item.value.is_period
            ):
                item = merged(
                    [*made[back:], item], 0, len(made) - back, {"DATE"}, at_time.around(item.value, str(unit))
                )
                del made[back:]
        made.append(item)
    return made


def _offsets(items: list[Item], today: date) -> list[Item]:
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
            unit = _tag(made[place - 1], "U:") if place >= 1 else None
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
