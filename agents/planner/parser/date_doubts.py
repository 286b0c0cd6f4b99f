"""What does not add up about the stated days: order, past, weekday, length, days that do not exist."""

from __future__ import annotations

from datetime import date

from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.lengths import Length
from agents.planner.parser.moments import Moment, next_day
from agents.planner.parser.reading import Reading, Why

FILL = (
    "THE",
    "ON",
    "IN",
    "AT",
    "IS",
    "ARTICLE",
    "DAY",
    "DATEWORD",
    "WITH",
    "FILL",
    "OF",
    "FOR",
    "INCLUDING",
)


def wrong_weekday(sentence: Sentence, start: Reading | None, end: Reading | None) -> Why | None:
    """A day of the week that is not that of its date: one of the two is a slip."""
    for reading in (start, end):
        if reading is None:
            continue
        index = next((at for at, item in enumerate(sentence.items) if item.span == reading.span), None)
        item = None if index is None else sentence.items[index]
        said = None if item is None else next((tag[5:] for tag in item.tags if tag.startswith("SAID:")), None)
        if said is not None and int(said) != day_of(reading).weekday():
            return Why("date_weekday", (sentence.text[slice(*reading.span)],))
    return None


def wrong_holiday(sentence: Sentence, today: date) -> Why | None:
    """ "Black Friday, 4 December": a named day beside a date that it does not fall on."""
    for index in range(len(sentence.items) - 2):
        one, mark, other = sentence.items[index : index + 3]
        if not (one.has("HOLIDAY") and mark.form in (",", "(") and isinstance(one.value, Moment)):
            continue
        if (
            other.has("HOLIDAY")
            or not isinstance(other.value, Moment)
            or one.value.is_period
            or other.value.is_period
        ):
            continue
        named = next_day(one.value, one.value.first, today)
        dated = next_day(other.value, other.value.first, today)
        if named is not None and dated is not None and named != dated:
            return Why("date_weekday", (sentence.text[one.start : other.end],))
    return None


def day_of(reading: Reading) -> date:
    assert isinstance(reading.value, date)
    return reading.value


def wrong_length(sentence: Sentence, start: Reading | None, end: Reading | None) -> Why | None:
    """A length that is not that of the stated days; a few days more or less are how people speak."""
    if start is None or end is None:
        return None
    days = (day_of(end) - day_of(start)).days + 1
    for index, item in enumerate(sentence.items):
        length = item.value
        if (
            index in sentence.taken
            or not isinstance(length, Length)
            or length.unit not in ("day", "week", "month")
        ):
            continue
        if (
            length.most is None
            and is_lasting(sentence, index)
            and abs(length.least - days) > max(3, days // 10)
        ):
            return Why("dates_length", (sentence.text[slice(*item.span)], f"{days}"))
    return None


def is_lasting(sentence: Sentence, index: int) -> bool:
    close = sentence.before(index, 3)
    if (
        len(close) > 1
        and close[0].has("FOR", "SINCE")
        and close[1].has("BUY", "BOUGHT", "INACTIVE", "ORDERS")
    ):
        # "Nothing bought for 180 days" is about people.
        return False
    if _is_told_of_people(sentence, index):
        return False
    for item in close:
        if item.has("DATE", "FOR"):
            break
        if item.has("LAST", "PAST", "AGO", "NOT", "INACTIVE", "BUY", "SINCE", "EACH"):
            return False
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if (
        following is not None
        and following.has("STARTING", "FROM")
        and index + 2 < len(sentence.items)
        and sentence.items[index + 2].has("DATE")
    ):
        return True
    if following is not None and following.has("LONG", "CAMPAIGN", "LASTING", "SALE", "RUN", "OFFER"):
        return True
    before = sentence.before(index, 2)
    alone = following is None or following.stop != "W"
    if (
        alone
        and before
        and (before[0].has("DATE") or (before[0].form in (",", "(") and before[-1].has("DATE")))
    ):
        # "Week of 30 November, two weeks", "from Monday two weeks": a length alone behind a day.
        return True
    beyond = sentence.items[index + 2] if index + 2 < len(sentence.items) else None
    if following is not None and following.has("OF") and beyond is not None and beyond.has("CAMPAIGN"):
        return True
    for item in sentence.before(index, 3):
        if item.has("FOR", "LASTING", "DURING", "OVER", "RUN"):
            return not (is_of_people(following)) and not (
                following is not None and following.has("AGO", "NOT", "BEFORE", "AFTER", "LATER")
            )
        if not (item.has(*FILL) or item.form == ":"):
            return False
    return False


def _is_told_of_people(sentence: Sentence, index: int) -> bool:
    """ "Haven't opened the app for 45 days", "a voucher valid for 60 days", "within 7 days": no length of the campaign."""
    for item in sentence.before(index, 8, clause=True):
        if item.has("CAMPAIGN", "LASTING", "LAUNCH", "DATE"):
            return False
        if item.has(
            "NOT", "INACTIVE", "UNOPENED", "VALID", "WITHIN", "VOUCHER", "OFFER", "TRIAL"
        ) and not item.has("DURING", "OVER", "START", "END"):
            return True
    return False


def is_of_people(following: Item | None) -> bool:
    """ "For 30 days customers": the length belongs to people."""
    return following is not None and following.has("PEOPLE", "INACTIVE")


def doubt_about(sentence: Sentence, start: Reading | None, end: Reading | None, today: date) -> Why | None:
    if start and end and day_of(end) < day_of(start):
        return Why("dates_order", (day_of(start).isoformat(), day_of(end).isoformat()))
    if end and day_of(end) < today:
        return Why("date_past", (day_of(end).isoformat(),))
    if start and end is None and day_of(start) < today:
        return Why("date_past", (day_of(start).isoformat(),))
    bad = next(
        (
            item
            for at, item in enumerate(sentence.items)
            if "BADDATE" in item.tags and at not in sentence.taken
        ),
        None,
    )
    if bad is not None:
        return Why("date_unreadable", (sentence.text[slice(*bad.span)],))
    return None
