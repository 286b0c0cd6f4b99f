"""Amounts of money, built from a number and a currency beside it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from agents.planner.parser.items import Item, merged

MAX_AMOUNT: Final = Decimal(10) ** 12


class Money(NamedTuple):
    """An amount in major units; `mark` is an ISO code, a shared symbol ("$", "¥", "kr") or None when unsaid."""

    amount: Decimal
    mark: str | None
    scaled: bool = False


def read_money(items: list[Item], at: int) -> tuple[int, Item] | None:
    """Read an amount in a currency that begins at an item: the last item of it, and the one that it becomes."""
    first = at
    mark = mark_of(items[at])
    if mark is not None:
        at += 1
    if at >= len(items) or "NUM" not in items[at].tags:
        return None
    number, last, amount = items[at], at, items[at].value
    if not isinstance(amount, Decimal):
        return None
    if mark is None:
        step = 2 if at + 2 < len(items) and _joins_currency(items[at + 1], items[at + 2]) else 1
        if at + step < len(items):
            mark = mark_of(items[at + step])
            last = at + step if mark is not None else at
    if mark is None or is_negative(items, first) or amount > MAX_AMOUNT:
        return None
    amount = amount.quantize(Decimal("0.01"))
    return last, merged(items, first, last, ["MONEY"], Money(amount, mark, "SCALED" in number.tags))


def _joins_currency(link: Item, currency: Item) -> bool:
    """ "Mil de euros", "ten grand in US dollars"."""
    named = currency.form[:1].isalpha()  # "5k (euros)"
    return link.form in ("of", "de", "d'", "di") or (named and (link.has("IN") or link.form == "("))


def is_negative(items: list[Item], first: int) -> bool:
    sign = items[first - 1] if first else None
    glued = sign is not None and "DASH" in sign.tags and sign.end == items[first].start
    return glued and (first < 2 or items[first - 2].end < items[first - 1].start)


def mark_of(item: Item) -> str | None:
    return next((tag[4:] for tag in item.tags if tag.startswith("CUR:")), None)
