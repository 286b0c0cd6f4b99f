"""Figures: every number a person sees, with where it came from.

Agents' prose holds numbers only as `{figure:ID}`. `unsourced_numbers` finds any other digit or number
word, so that freezing can refuse it; the exceptions are a quoted span of the brief (`{brief:START-END}`) and a
field of the catalogue or of an offer (`{product:ID.FIELD}`, `{offer:ID.FIELD}`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from policies.errors import CountersignError

PLACEHOLDER = re.compile(r"\{(figure|brief|product|offer):([^{}\s]+)\}")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
NUMBER_WORDS = frozenset(
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "hundreds",
        "thousand",
        "thousands",
        "million",
        "millions",
        "billion",
        "billions",
        "dozen",
        "dozens",
        "half",
        "halves",
        "quarter",
        "quarters",
        "twice",
        "thrice",
        "double",
        "doubles",
        "doubled",
        "triple",
        "triples",
        "tripled",
        "tenfold",
        "twofold",
        "threefold",
    ]
)
SIGNIFICANT_DIGITS = 4


class UnsourcedNumberError(CountersignError):
    """A number stands in a proposal without a figure that says where it came from."""

    code = "unsourced_number"


class FigureSource(BaseModel):
    """Where a figure came from: a tool result (by digest), a span of the brief, a rule, or a declared setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["tool", "brief", "rule", "setting"]
    name: str
    path: str = ""
    digest: str = ""


class Figure(BaseModel):
    """One sourced number: counts and minor units are integers, estimates decimal strings, dates ISO text.

    `unit` is one of people, messages, choices, batches, days, hours, date, rate (shown in percent), points (a difference of rates), ratio, visits, conversions, seed,
    or `minor:XXX` for money in minor units of an ISO 4217 currency.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: int | str
    unit: str
    source: FigureSource


class Ref(BaseModel):
    """A number said by naming its figure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    figure: str = Field(min_length=1)


Figures = Mapping[str, Figure]


def estimate(value: float | Decimal) -> str:
    """Return `value` as a decimal string to 4 significant digits, without an exponent.

    >>> estimate(0.1467812), estimate(1234.56), estimate(-0.00001234567)
    ('0.1468', '1235', '-0.00001235')
    """
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise UnsourcedNumberError(f"an estimate must be a finite number, not {value}", value=value)
    rounded = Context(prec=SIGNIFICANT_DIGITS).plus(number)
    text = format(rounded, "f")
    return "0" if Decimal(text) == 0 else text


def unsourced_numbers(text: str, figures: Figures, *, brief_length: int = 0) -> list[str]:
    """Return each digit run, number word or unknown placeholder in `text` that no source stands behind."""
    problems: list[str] = []
    for match in PLACEHOLDER.finditer(text):
        kind, name = match.groups()
        if kind == "figure" and name not in figures:
            problems.append(match.group())
        if kind == "brief" and not _inside_brief(name, brief_length):
            problems.append(match.group())
    bare = PLACEHOLDER.sub(" ", text)
    if _DIGIT.search(bare):
        problems += re.findall(r"\S*\d\S*", bare)
    if not bare.isascii():
        problems += [c for c in bare if unicodedata.category(c) in ("Nl", "No")]
    problems += [w for w in _WORD.findall(bare) if w.lower() in NUMBER_WORDS]
    return problems


def require_sourced(place: str, text: str, figures: Figures, *, brief_length: int = 0) -> None:
    """Raise UnsourcedNumberError naming the place and the number when `text` holds one without a source."""
    found = unsourced_numbers(text, figures, brief_length=brief_length)
    if found:
        raise UnsourcedNumberError(
            f"{place} says {found[0]!r}, and nothing says where that number came from; "
            "cite a tool result, a line of the brief or a rule as {figure:ID}, or leave it out",
            value=found[0],
        )


def figures_named(texts: Iterable[str]) -> set[str]:
    """Return the ids of the figures that the texts cite."""
    return {name for text in texts for kind, name in PLACEHOLDER.findall(text) if kind == "figure"}


def say(text: str, figures: Figures, *, brief: str = "") -> str:
    """Return prose with each `{figure:ID}` replaced by its value as a person reads it."""

    def replace(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "figure":
            return show(figures[name])
        if kind == "brief":
            start, end = (int(part) for part in name.split("-"))
            return f"“{brief[start:end]}”"
        return match.group()

    return PLACEHOLDER.sub(replace, text)


def show(figure: Figure) -> str:
    """Return a figure as text with its unit: `12,345 people`, `$2,000.00`, `14.7 %`."""
    value, unit = figure.value, figure.unit
    if unit.startswith("minor:"):
        return money(int(value), unit.removeprefix("minor:"))
    if unit == "rate":
        return f"{float(Decimal(str(value)) * 100):.3g} %"
    if unit == "points":
        return f"{float(Decimal(str(value)) * 100):.3g} points"
    if unit in ("date", "text"):
        return str(value)
    number = f"{value:,}" if isinstance(value, int) else f"{Decimal(value):,f}"
    return number if unit in ("seed", "ratio") else f"{number} {unit}"


def money(minor: int, currency: str) -> str:
    """Return minor units as an amount with its currency code (two decimals; none for JPY and KRW)."""
    places = 0 if currency in ("JPY", "KRW") else 2
    return f"{currency} {Decimal(minor).scaleb(-places):,.{places}f}"


def _inside_brief(name: str, length: int) -> bool:
    match = re.fullmatch(r"(\d+)-(\d+)", name)
    return bool(match) and int(match[1]) < int(match[2]) <= length  # type: ignore[index]
