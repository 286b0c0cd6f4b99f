"""Start and end from many ways of saying them, on a Saturday in November."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from agents.planner.parser.dates import Period
from agents.planner.parser.dates import find_period as find_in
from agents.planner.parser.holidays import HOLIDAYS, easter_sunday
from agents.planner.parser.reading import fold, itemise

TODAY = date(2026, 11, 21)


def find_period(text: str, today: date) -> Period:
    return find_in(itemise(fold(text).text, "en", today), today)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("1-14 December", "2026-12-01", "2026-12-14"),
        ("December 1 to 14, 2027", "2027-12-01", "2027-12-14"),
        ("between 1 and 14 December", "2026-12-01", "2026-12-14"),
        ("from the 1st to the 14th", "2026-12-01", "2026-12-14"),
        ("27.11.-30.11.", "2026-11-27", "2026-11-30"),
        ("from 27/11 to 30/11", "2026-11-27", "2026-11-30"),
        ("12/25/2026", "2026-12-25", "2026-12-25"),
        ("28 Dec - 3 Jan", "2026-12-28", "2027-01-03"),
        ("15-25 November", "2026-11-15", "2026-11-25"),
        ("1 March", "2027-03-01", "2027-03-01"),
        ("until 14 Dec", None, "2026-12-14"),
        ("before 14 Dec", None, "2026-12-13"),
        ("from Monday", "2026-11-23", None),
        ("next Friday", "2026-11-27", "2026-11-27"),
        ("next week", "2026-11-23", "2026-11-29"),
        ("this month", "2026-11-21", "2026-11-30"),
        ("next 2 weeks", "2026-11-21", "2026-12-05"),
        ("by the end of the month", None, "2026-11-30"),
        ("until the end of Q1", None, "2027-03-31"),
        ("in Q1", "2027-01-01", "2027-03-31"),
        ("Black Friday to Cyber Monday", "2026-11-27", "2026-11-30"),
        ("two weeks before Christmas", "2026-12-11", "2026-12-11"),
        ("first week of December", "2026-12-01", "2026-12-07"),
        ("from 1 December for two weeks", "2026-12-01", "2026-12-14"),
        ("a two-week campaign ending 14 December", "2026-12-01", "2026-12-14"),
        ("from 1 December, actually 3 December", "2026-12-03", None),
        ("start in 2 weeks", "2026-12-05", None),
        ("29 February", "2028-02-29", "2028-02-29"),
        ("every Friday", None, None),
        ("we may march on", None, None),
        ("our Christmas campaign", None, None),
        ("soon", None, None),
        ("from mid-December", "2026-12-15", None),
        ("first two weeks of December", "2026-12-01", "2026-12-14"),
        ("Cyber Monday weekend (Sat 28 Nov to Mon 30 Nov)", "2026-11-28", "2026-11-30"),
        ("1 to 20 December, make that 22 December", "2026-12-01", "2026-12-22"),
        ("11 January until January 31", "2027-01-11", "2027-01-31"),
        ("from 1 December, the last email on 15 December", "2026-12-01", "2026-12-15"),
        ("the webinar takes place on 10 December", None, None),
        ("last year's campaign of December 2025; this one 1 to 4 December", "2026-12-01", "2026-12-04"),
    ],
)
def test_period(text: str, start: str | None, end: str | None) -> None:
    period = find_period(text, TODAY)
    read = tuple(None if each is None else str(each.value) for each in (period.start, period.end))
    assert read == (start, end)
    assert period.doubt is None


@pytest.mark.parametrize(
    "text",
    ["31 November", "2026-02-30", "Monday 1 December", "from 14 Dec to 1 Dec 2026", "until 1 May 2026"],
)
def test_a_day_that_cannot_be_meant_is_a_doubt(text: str) -> None:
    assert find_period(text, TODAY).doubt is not None


def test_weekday_never_is_today() -> None:
    for ahead in range(7):
        today = TODAY + timedelta(days=ahead)
        period = find_period("from Saturday", today)
        assert period.start is not None
        assert period.start.value == today + timedelta(days=(5 - today.weekday()) % 7 or 7)


def test_easter_agrees_with_the_published_dates() -> None:
    published = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2038: (4, 25)}
    assert {year: (easter_sunday(year).month, easter_sunday(year).day) for year in published} == published


def test_black_friday_follows_the_fourth_thursday_of_november() -> None:
    for year in range(2020, 2040):
        day = HOLIDAYS["black_friday"](year)
        assert day is not None and day.weekday() == 4 and 23 <= day.day <= 29
