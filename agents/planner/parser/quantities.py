"""Numbers, percentages, amounts of money, lengths of time and times of day, built from the words beside each other."""

from __future__ import annotations

import re
from datetime import time
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Final

from agents.planner.parser.items import Item, joined, merged
from agents.planner.parser.money import read_money
from agents.planner.parser.vocabulary import Vocabulary

MAX_DIGITS: Final = 15
_SCALES: Final[dict[str, int]] = {
    "k": 1_000, "grand": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000, "mln": 1_000_000, "lakh": 100_000,
    "lakhs": 100_000, "lac": 100_000, "crore": 10_000_000, "crores": 10_000_000, "cr": 10_000_000, "万": 10_000, "萬": 10_000,
    "만": 10_000, "億": 100_000_000, "亿": 100_000_000, "千": 1_000, "tsd": 1_000, "mil": 1_000, "thousand": 1_000,
    "million": 1_000_000, "bn": 1_000_000_000, "tys": 1_000, "тыс": 1_000, "млн": 1_000_000,
}  # fmt: skip
_GLUED: Final = frozenset(["k", "m", "cr"])
_ORDINAL_ENDS: Final = frozenset(["st", "nd", "rd", "th", "er", "ste", "de", "e", "o", "a", "º", "ª", "°"])


def quantities(items: list[Item], words: Vocabulary) -> list[Item]:
    """Join items into quantities, in the order number, percentage, clock, money; lengths come after dates."""
    for build in (partial(_number, words=words), _percent, _clock, read_money):
        items = joined(items, build)
    return items


def read_digits(text: str) -> Decimal | None:
    """Read a number in digits; None when it has more than 15 of them.

    With two kinds of separator the last is the decimal one; a single one before exactly three digits
    groups thousands ("5.000" is five thousand, "2.50" two and a half).
    """
    written = re.sub(r"[ \u00a0\u202f'’]", "", text)
    if sum(character.isdigit() for character in written) > MAX_DIGITS:
        return None
    last = max(written.rfind("."), written.rfind(","))
    if last >= 0:
        separator = written[last]
        whole, fraction = written[:last], written[last + 1 :]
        mixed = ("," if separator == "." else ".") in whole
        grouping = separator in whole or (
            not mixed and len(fraction) == 3 and 1 <= len(whole) <= 3 and whole.strip("0") != ""
        )
        whole = re.sub(r"[.,]", "", whole)
        written = whole + fraction if grouping else f"{whole}.{fraction}"
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def read_word(form: str, words: Vocabulary) -> Decimal | None:
    """Read one word as a number, also a compound ("zweitausend", "venticinque")."""
    if form in words.numbers:
        return Decimal(words.numbers[form])
    if form in words.scales:
        return Decimal(words.scales[form])
    if len(form) < 6:
        return None
    parts = _segments(form, words)
    return None if parts is None else _summed(parts, words)


def _segments(form: str, words: Vocabulary) -> list[str] | None:
    if not form:
        return []
    for length in range(len(form), 1, -1):
        piece = form[:length]
        if piece in words.numbers or piece in words.scales or piece in words.joiners:
            rest = _segments(form[length:], words)
            if rest is not None:
                return [piece, *rest]
    return None


def _summed(parts: list[str], words: Vocabulary) -> Decimal:
    total = current = 0
    for part in parts:
        if part in words.scales:
            scale = words.scales[part]
            current = max(current, 1) * scale
            if scale >= 1000:
                total, current = total + current, 0
        elif part in words.numbers:
            current += words.numbers[part]
    return Decimal(total + current)


def _number(items: list[Item], at: int, words: Vocabulary) -> tuple[int, Item] | None:
    item = items[at]
    if "DIGITS" in item.tags:
        value = read_digits(item.form)
        if value is None:
            return None
        return _scaled(items, at, at, item, value, words)
    if item.tags - {"ARTICLE", "NUMBERLIKE"} or read_word(item.form, words) is None:
        return None
    last, parts = at, [item.form]
    while last + 1 < len(items):
        joiner = last + 2 < len(items) and items[last + 1].form in words.joiners
        following = items[last + 2] if joiner else items[last + 1]
        if following.tags - {"ARTICLE"} or read_word(following.form, words) is None:
            break
        last += 2 if joiner else 1
        parts.append(following.form)
    if last == at and "ARTICLE" in item.tags:
        return None
    segments = [piece for part in parts for piece in (_segments(part, words) or [part])]
    value = (
        Decimal(words.numbers[item.form])
        if last == at and item.form in words.numbers
        else _summed(segments, words)
    )
    made = merged(items, at, last, ["NUM", "WORDED"], value)
    return _scaled(items, at, last, made, value, words)


def _scaled(
    items: list[Item], at: int, last: int, item: Item, value: Decimal, words: Vocabulary
) -> tuple[int, Item]:
    tags = set(item.tags) | {"NUM"}
    following = items[last + 1] if last + 1 < len(items) else None
    if following is not None:
        scale = words.scales.get(following.form) or _SCALES.get(following.form)
        glued = following.start == items[last].end
        if following.form == "m" and not glued:
            scale = None
        if scale and not (following.form in _GLUED and not glued and following.form != "k"):
            if re.fullmatch(r"[0-9]+[.,][0-9]{3}", item.form):
                value = Decimal(item.form.replace(",", "."))
            made = merged(items, at, last + 1, {*tags, "SCALED"}, value * scale)
            return last + 1, made
        ends_ordinal = glued and following.form in _ORDINAL_ENDS and "DIGITS" in item.tags
        if ends_ordinal:
            return last + 1, merged(items, at, last + 1, {*tags, "ORDINAL"}, value)
    return last, Item(item.form, item.start, item.end, frozenset(tags), value)


def _percent(items: list[Item], at: int) -> tuple[int, Item] | None:
    if "NUM" in items[at].tags and at + 1 < len(items) and "PERCENT" in items[at + 1].tags:
        return at + 1, merged(items, at, at + 1, ["PCT"], items[at].value)
    return None


def _clock(items: list[Item], at: int) -> tuple[int, Item] | None:
    item = items[at]
    following = items[at + 1] if at + 1 < len(items) else None
    if "TIME" in item.tags:
        hour, minute = (int(part) for part in item.form.split(":"))
        last = at + 1 if following is not None and following.has("AM", "PM", "OCLOCK") else at
        return _at_hour(items, at, last, hour, minute)
    if item.has("NOON", "MIDNIGHT"):
        return at, Item(
            item.form, item.start, item.end, item.tags | {"CLOCK"}, time(12 if "NOON" in item.tags else 0)
        )
    if "NUM" not in item.tags or following is None or not isinstance(item.value, Decimal):
        return None
    if following.has("AM", "PM") and following.start - item.end <= 1:
        parts = re.fullmatch(r"([0-9]{1,2})(?:\.([0-5][0-9]))?", item.form)
        return _at_hour(items, at, at + 1, int(parts[1]), int(parts[2] or 0)) if parts else None
    if following.has("OCLOCK") and item.value <= 24:
        parts = re.fullmatch(r"([0-9]{1,2})(?:\.([0-5][0-9]))?", item.form)
        return _at_hour(items, at, at + 1, int(parts[1]), int(parts[2] or 0)) if parts else None
    if (
        following.form == "h"
        and following.start - item.end <= 1
        and item.value <= 24
        and "DIGITS" in item.tags
    ):
        minutes = items[at + 2] if at + 2 < len(items) else None
        if (
            minutes is not None
            and "NUM" in minutes.tags
            and minutes.start == following.end
            and len(minutes.form) == 2
        ):
            return _at_hour(items, at, at + 2, int(item.value), int(minutes.form))
        cued = at > 0 and items[at - 1].has("AT", "AROUND", "BETWEEN", "FROM", "TO", "DASH", "UNTIL")
        return _at_hour(items, at, at + 1, int(item.value), 0) if cued else None
    return None


def _at_hour(items: list[Item], at: int, last: int, hour: int, minute: int) -> tuple[int, Item] | None:
    half = items[last]
    if last > at and half.has("AM", "PM"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if "PM" in half.tags else 0)
    if hour == 24:
        hour = 0
    return (
        (last, merged(items, at, last, ["CLOCK"], time(hour, minute))) if hour < 24 and minute < 60 else None
    )
