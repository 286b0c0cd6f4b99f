"""What the readers of dates look at: an item and its neighbours, years, days and months among them."""

from __future__ import annotations

from agents.planner.parser import moments as at_time
from agents.planner.parser.items import Item
from agents.planner.parser.moments import Moment, value_of

EDGES = ("EDGEEND", "BEGINNING", "MIDDLE", "FIRSTHALF", "SECONDHALF", "FIRSTWEEK", "LASTWEEK", "LOOSE")
RANGE_MARKS = ("DASH", "TO", "AND", "UNTIL")


def name_in(item: Item, prefix: str) -> str | None:
    return next((tag[len(prefix) :] for tag in item.tags if tag.startswith(prefix)), None)


def unit_in(item: Item) -> str | None:
    """The unit of time that an item names, also in "die Woche", which before a day is no pace."""
    unit = name_in(item, "U:")
    if unit is None and item.form.split(" ")[0] in ("die", "der", "in", "la", "de", "na", "il"):
        unit = name_in(item, "EVERY:")
    return unit


def item_at(items: list[Item], at: int) -> Item:
    return items[at] if 0 <= at < len(items) else Item("", 0, 0, frozenset(), None, "S")


def past(items: list[Item], at: int, *tags: str, commas: bool = False) -> int:
    """The next place that is none of the tags (and no comma), at most four on."""
    last = at + 4
    while (
        at < last and (item_at(items, at).has(*tags) and ("TO" in tags or not item_at(items, at).has("TO")))
    ) or (commas and item_at(items, at).form == ","):
        at += 1
    return at


def year_at(items: list[Item], at: int) -> tuple[int, int | None]:
    """The year that stands at (after "of" or a comma), and the last item read; `at - 1` and None without."""
    place = past(items, at, "OF", commas=True)
    item = item_at(items, place)
    year = value_of(item) if "DIGITS" in item.tags else None
    if year is not None and len(item.form) == 4 and 2020 <= year <= 2099:
        return place, year
    return at - 1, None


def day_at(items: list[Item], at: int) -> int | None:
    """A day of the month: a number up to 31 in digits or as an ordinal, or a word up to 31."""
    item = item_at(items, at)
    day = value_of(item) if item.has("NUM") and not item.has("SCALED") else None
    return (
        day if day is not None and 1 <= day <= 31 and "." not in item.form and "," not in item.form else None
    )


def worded_day_at(items: list[Item], at: int) -> int | None:
    """A day of the month as an ordinal in words, "the eleventh of January", "am ersten Dezember"."""
    item, place = item_at(items, at), past(items, at + 1, "OF")
    name, following = name_in(item, "NTH:"), item_at(items, place + 1)
    if name is None or item.has("LAST") or month_of(item_at(items, place)) is None:
        return None
    # "Zweite Januarhaelfte" is a part of the month.
    return None if following.has("HALFPART", "UNIT") else int(name)


def month_of(item: Item) -> int | None:
    name = name_in(item, "M:")
    return int(name) if name else None


def or_bad(moment: Moment | None, year: int | None) -> Moment:
    return moment or Moment(at_time.nowhere, at_time.nowhere, year)
