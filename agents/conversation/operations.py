"""Changes said relative to the record: double the budget, a week later, no holdout, bolder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from agents.conversation.vocabulary import Found, Token, vocabulary
from agents.planner.brief import Brief
from agents.planner.parser.extract import Extract

_REACH: Final = 3
"""How many words may stand between a verb and the field that it is about."""
_CENT: Final = Decimal("0.01")
_REMOVED: Final[dict[str, tuple[tuple[str, object], ...]]] = {
    "holdout": (("constraints.holdout", Decimal(0)),),
    "discount": (("constraints.discount_pct", None), ("constraints.max_discount_pct", None)),
    "tone": (("constraints.tone", None),),
    "start": (("start", None),),
    "end": (("end", None),),
    "dates": (("start", None), ("end", None)),
}


class Operation(NamedTuple):
    """A field's new value, None to take it away, and the characters that say so."""

    field: str
    value: object
    span: tuple[int, int]


def operations(record: Brief, tokens: Sequence[Token], found: Extract) -> list[Operation]:
    """Return the changes that a turn says relative to the record; what the parser read as a value stays its own."""
    return [
        *_budget(record, tokens, found),
        *_dates(record, tokens, found),
        *_removals(record, tokens, found),
        *_tone(tokens, found),
    ]


def _budget(record: Brief, tokens: Sequence[Token], found: Extract) -> Iterator[Operation]:
    if record.budget is None:
        return
    words, amount = vocabulary(), record.budget.amount
    about = _field(tokens, "budget")
    stated = found.readings.get("budget")
    scale = words.anywhere("scale", tokens)
    direction = words.anywhere("direction", tokens)
    if stated is None and scale is not None and (about or len(tokens) <= _REACH):
        yield _scaled(record, amount * Decimal(scale.value), _span(tokens, scale.first, len(tokens)))
    elif direction is not None and about and (percent := _percent(tokens)) is not None:
        share = 1 + int(direction.value) * percent / 100
        yield _scaled(record, amount * share, _span(tokens, direction.first, len(tokens)))
    elif direction is not None and stated is not None and _after_by(tokens, stated.start):
        by = Decimal(str(stated.value["amount"])) if isinstance(stated.value, dict) else Decimal(0)
        yield _scaled(record, amount + int(direction.value) * by, (tokens[direction.first].start, stated.end))


def _scaled(record: Brief, amount: Decimal, span: tuple[int, int]) -> Operation:
    assert record.budget is not None
    rounded = max(amount, Decimal(0)).quantize(_CENT)
    return Operation("budget", {**record.budget.model_dump(), "amount": rounded}, span)


def _percent(tokens: Sequence[Token]) -> Decimal | None:
    for number, sign in pairwise(tokens):
        if sign.word in ("%", "percent", "prozent", "procent") and number.word.isdecimal():
            return Decimal(number.word)
    return None


def _after_by(tokens: Sequence[Token], at: int) -> bool:
    before = [index for index, token in enumerate(tokens) if token.end <= at]
    return bool(before) and vocabulary().at("by", tokens, before[-1]) is not None


def _dates(record: Brief, tokens: Sequence[Token], found: Extract) -> Iterator[Operation]:
    words = vocabulary()
    for category, fields in (("shift", ("start", "end")), ("stretch", ("end",))):
        move = words.anywhere(category, tokens)
        length = _days(tokens)
        if move is None or length is None or found.readings.keys() & {"start", "end"}:
            continue
        days, at = length
        span = _span(tokens, min(move.first, at.first), max(move.last, at.last))
        for field in fields:
            day: date | None = getattr(record, field)
            if day is not None:
                yield Operation(field, day + timedelta(days=int(move.value) * days), span)


def _days(tokens: Sequence[Token]) -> tuple[int, Found] | None:
    """A length of time: a number and a unit after it, in days."""
    words = vocabulary()
    for index in range(len(tokens) - 1):
        unit = words.at("unit_days", tokens, index + 1)
        count = _count(tokens, index)
        if unit is not None and count is not None:
            return count * int(unit.value), Found(index, unit.last, unit.value)
    return None


def _count(tokens: Sequence[Token], index: int) -> int | None:
    word = tokens[index].word
    if word.isdecimal() and len(word) <= 3:
        return int(word)
    known = vocabulary().at("count", tokens, index)
    if known is not None:
        return int(known.value)
    return 1 if vocabulary().at("one", tokens, index) else None


def _removals(record: Brief, tokens: Sequence[Token], found: Extract) -> Iterator[Operation]:
    words = vocabulary()
    for index in range(len(tokens)):
        verb = words.at("remove", tokens, index)
        about = _nearby(tokens, verb.last) if verb is not None else None
        if verb is None or about is None:
            continue
        for field, value in _REMOVED.get(about.value, ()):
            if field not in found.readings and _stated(record, field) != value:
                yield Operation(field, value, _span(tokens, verb.first, about.last))


def _nearby(tokens: Sequence[Token], first: int) -> Found | None:
    places = (vocabulary().at("field", tokens, at) for at in range(first, min(first + _REACH, len(tokens))))
    return next((each for each in places if each is not None), None)


def _stated(record: Brief, field: str) -> object:
    part, _, key = field.partition(".")
    return getattr(record.constraints, key) if key else getattr(record, part)


def _tone(tokens: Sequence[Token], found: Extract) -> Iterator[Operation]:
    tone = vocabulary().anywhere("tone", tokens)
    if tone is None:
        return
    span = _span(tokens, tone.first, tone.last)
    read = [*found.readings.values(), *found.audience_readings]
    if not any(reading.start < span[1] and span[0] < reading.end for reading in read):
        yield Operation("constraints.tone", tone.value, span)


def _field(tokens: Sequence[Token], name: str) -> bool:
    places = (vocabulary().at("field", tokens, at) for at in range(len(tokens)))
    return any(found is not None and found.value == name for found in places)


def _span(tokens: Sequence[Token], first: int, last: int) -> tuple[int, int]:
    return tokens[first].start, tokens[last - 1].end
