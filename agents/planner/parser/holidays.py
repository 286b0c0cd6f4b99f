"""Days that have a name, as rules of the year."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

Rule = Callable[[int], date | None]


def _fixed(month: int, day: int) -> Rule:
    return lambda year: date(year, month, day)


def nth_weekday(month: int, weekday: int, nth: int, plus: int = 0) -> Rule:
    """The nth weekday (0 = Monday) of a month (-1 = the last), moved by `plus` days."""

    def rule(year: int) -> date:
        if nth > 0:
            first = date(year, month, 1)
            day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
        else:
            last = date(year, month, monthrange(year, month)[1])
            day = last - timedelta(days=(last.weekday() - weekday) % 7)
        return day + timedelta(days=plus)

    return rule


def easter_sunday(year: int) -> date:
    """Western Easter by the Gregorian computus (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    leap, shift = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * (year % 19) + century - leap - correction + 15) % 30
    weekday = (32 + 2 * shift + 2 * (rest // 4) - epact - rest % 4) % 7
    month_shift = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * month_shift + 114, 31)
    return date(year, month, day + 1)


def _easter(plus: int) -> Rule:
    return lambda year: easter_sunday(year) + timedelta(days=plus)


def _table(days: dict[int, tuple[int, int]]) -> Rule:
    """A lunar holiday by table; a year outside it is not known, so nothing is read."""
    return lambda year: date(year, *days[year]) if year in days else None


def _advent(nth: int) -> Rule:
    """The nth Sunday of Advent: the fourth is the last Sunday before 25 December."""

    def rule(year: int) -> date:
        fourth = date(year, 12, 24) - timedelta(days=(date(year, 12, 24).weekday() + 1) % 7)
        return fourth - timedelta(weeks=4 - nth)

    return rule


# Where countries differ the most common day is read; the plan shows the date, and a person may correct it.
HOLIDAYS: Final[dict[str, Rule]] = {
    "black_friday": nth_weekday(11, 3, 4, 1),
    "cyber_monday": nth_weekday(11, 3, 4, 4),
    "giving_tuesday": nth_weekday(11, 3, 4, 5),
    "thanksgiving": nth_weekday(11, 3, 4),
    "christmas_eve": _fixed(12, 24),
    "christmas": _fixed(12, 25),
    "boxing_day": _fixed(12, 26),
    "new_years_eve": _fixed(12, 31),
    "new_year": _fixed(1, 1),
    "advent_1": _advent(1),
    "advent_2": _advent(2),
    "advent_3": _advent(3),
    "advent_4": _advent(4),
    "epiphany": _fixed(1, 6),
    "valentines": _fixed(2, 14),
    "womens_day": _fixed(3, 8),
    "st_patrick": _fixed(3, 17),
    "good_friday": _easter(-2),
    "easter_monday": _easter(1),
    "easter": _easter(0),
    "ascension": _easter(39),
    "whit_sunday": _easter(49),
    "carnival": _easter(-47),
    "mothers_day": nth_weekday(5, 6, 2),
    "fathers_day": nth_weekday(6, 6, 3),
    "kings_day": _fixed(4, 27),
    "memorial_day": nth_weekday(5, 0, -1),
    "independence_day": _fixed(7, 4),
    "bastille_day": _fixed(7, 14),
    "ferragosto": _fixed(8, 15),
    "labor_day": nth_weekday(9, 0, 1),
    "may_day": _fixed(5, 1),
    "halloween": _fixed(10, 31),
    "all_saints": _fixed(11, 1),
    "singles_day": _fixed(11, 11),
    "st_nicholas": _fixed(12, 6),
    "sinterklaas": _fixed(12, 5),
    "german_unity": _fixed(10, 3),
    "earth_day": _fixed(4, 22),
    "cinco_de_mayo": _fixed(5, 5),
    "diwali": _table({2025: (10, 20), 2026: (11, 8), 2027: (10, 29), 2028: (10, 17), 2029: (11, 5)}),
    "lunar_new_year": _table({2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3)}),
}

# Named days that are themselves the time of the campaign ("a Black Friday push"); others are only its theme.
SALE_DAYS: Final = frozenset({"black_friday", "cyber_monday"})
