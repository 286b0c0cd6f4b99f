"""Numbers, percentages and lengths of time as people write them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import NamedTuple

from agents.planner.parser.english import ENGLISH
from agents.planner.parser.lexicon import Lexicon, one_of

# Thousands may stand apart by a (narrow, no-break) space or an apostrophe.
# Repetitions are bounded, so that no text makes reading slow.
DIGITS = (
    r"(?:[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,4}(?![0-9]| [0-9]{3}(?![0-9]))(?:[.,][0-9]{1,2}(?![0-9]))?"
    r"|[0-9]{1,24}(?:[.,'’][0-9]{1,6}){0,5}(?![0-9]))"
)
MAX_DIGITS = 15


def number_words(lexicon: Lexicon = ENGLISH) -> str:
    """A pattern of a number in words, such as "twenty-five" or "two thousand"."""
    word = f"(?:{one_of([*lexicon.numbers, *lexicon.scales])})"
    return rf"(?:an? (?={one_of(lexicon.scales)}))?{word}(?:[ -](?:and )?{word}){{0,5}}"


WORDS = number_words()
NUMBER = rf"(?:{DIGITS}|{WORDS})"
PERCENT = rf"(?P<pct>{DIGITS}|{WORDS})\s?(?:%|percent\b|per cent\b)"


def read_number(text: str, lexicon: Lexicon = ENGLISH) -> Decimal | None:
    """Read a number in digits or words; None when it is no number or has more than 15 digits.

    With two kinds of separator the last is the decimal one; a single one before exactly three digits
    groups thousands ("5.000" is five thousand, "2.50" two and a half).
    """
    text = text.strip()
    if text[:1].isdigit():
        return _read_digits(text)
    return _read_words(text.lower(), lexicon)


def _read_digits(text: str) -> Decimal | None:
    plain = re.sub(r"[ \u00a0\u202f'’]", "", text)
    if sum(character.isdigit() for character in plain) > MAX_DIGITS:
        return None
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0:
        separator = plain[last]
        whole, fraction = plain[:last], plain[last + 1 :]
        mixed = ("," if separator == "." else ".") in whole
        grouping = separator in whole or (
            not mixed and len(fraction) == 3 and 1 <= len(whole) <= 3 and whole.strip("0") != ""
        )
        whole = re.sub(r"[.,]", "", whole)
        plain = whole + fraction if grouping else f"{whole}.{fraction}"
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def _read_words(text: str, lexicon: Lexicon) -> Decimal | None:
    total = current = 0
    if text in lexicon.numbers:
        return Decimal(lexicon.numbers[text])
    for word in re.split(r"[ -]+", text):
        if word in ("and", "a", "an", "of"):
            continue
        if word in lexicon.scales:
            scale = lexicon.scales[word]
            current = max(current, 1) * scale
            if scale >= 1000:
                total, current = total + current, 0
        elif word in lexicon.numbers:
            current += lexicon.numbers[word]
        else:
            return None
    return Decimal(total + current)


class Days(NamedTuple):
    """A length of time in days; `most` is set where a range was said."""

    least: int
    most: int | None = None


def _units(lexicon: Lexicon) -> str:
    return rf"(?:{one_of(lexicon.unit_days)})s?"


# "In the last year": one of the unit, said without a number.
_AFTER_LAST = r"(?:(?<=last )|(?<=past ))(?=[a-z])"


def duration(name: str, lexicon: Lexicon = ENGLISH) -> str:
    """A pattern of a length of time ("6+ months", "half a year", "12-18 months"); groups carry `name`."""
    number = rf"(?:{DIGITS}|{number_words(lexicon)}|a couple of|an?(?= )|{_AFTER_LAST})"
    return (
        rf"(?:(?P<{name}half>half an? )|(?P<{name}n>{number})"
        rf"(?:\s?(?:-|–|to|and)\s?(?P<{name}m>{number}))?\s?(?:\+|plus\b|or more\b)?[ -]?(?:full )?)"
        rf"(?P<{name}unit>{_units(lexicon)})\b(?:\s?\+|,? (?:or|and) (?:more|longer|over)\b|\s?plus\b)?"
    )


def read_duration(match: re.Match[str], name: str, lexicon: Lexicon = ENGLISH) -> Days | None:
    """Read the groups of `duration`; months are 30 days, half a year is six months, part days round up."""
    unit = match[f"{name}unit"].lower()
    if unit not in lexicon.unit_days:
        unit = unit[:-1]
    days = lexicon.unit_days[unit]
    if match[f"{name}half"]:
        return Days(180 if unit in ("year", "yr") else ceil(days / 2))
    least = _count(match[f"{name}n"], lexicon)
    if least is None or least * Decimal(days) > 36500:
        return None
    most = _count(match[f"{name}m"], lexicon) if match[f"{name}m"] else None
    if most is not None and (most < least or most * Decimal(days) > 36500):
        return None
    return Days(_days(least, days), None if most is None else _days(most, days))


def _days(count: Decimal, days: float) -> int:
    return ceil(round(float(count) * days, 6))


def _count(text: str, lexicon: Lexicon) -> Decimal | None:
    text = text.strip().lower()
    if text in ("", "a", "an"):
        return Decimal(1)
    if text == "a couple of":
        return Decimal(2)
    return read_number(text, lexicon)
