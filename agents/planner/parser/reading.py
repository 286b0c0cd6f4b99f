"""What a reader found, and how a text becomes items that every reader reads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from agents.planner.parser.calendar_words import dates
from agents.planner.parser.items import Item, Sentence, Span
from agents.planner.parser.lengths import lengths
from agents.planner.parser.quantities import quantities
from agents.planner.parser.tagging import tag
from agents.planner.parser.tokens import tokenise
from agents.planner.parser.vocabulary import vocabulary

_BLANKS = re.compile(r"[\s\x00]+")
# Letters that only case folding equates with a plain one, and typographers' marks; each one character for one.
_PLAIN = str.maketrans(
    {
        "ſ": "s",
        "\u212a": "K",
        "İ": "I",
        "’": "'",
        "‘": "'",
        "`": "'",
        "´": "'",
        "\u2011": "-",
        "\u2010": "-",
        "−": "-",
    }
    | {chr(0xFF10 + digit): str(digit) for digit in range(10)}
)


# What may stand between a "no" and the value that it brings in; other words would belong to another thought.
_CORRECTED_ACROSS = (
    "FILL", "THE", "TO", "FROM", "FOR", "MAX", "ARTICLE", "BUDGET", "IS", "ON", "DASH", "BY", "WITH", "ONLY", "CUR", "UNTIL",
    "NOT", "NO", "AND", "BUT", "START", "END", "IN", "CORRECTNEAR",
)  # fmt: skip


class Reading(NamedTuple):
    """One stated value: `field` is the slot's dotted name, [start, end) characters of the text."""

    field: str
    value: object
    start: int
    end: int
    confidence: float = 0.95

    @property
    def span(self) -> Span:
        return (self.start, self.end)


class Why(NamedTuple):
    """Why a value cannot be taken over: a reason by its code, and the words or values that it speaks of."""

    code: str
    values: tuple[str, ...] = ()


class Folded(NamedTuple):
    """A text with plain letters and single blanks, and for each character its place in the original."""

    text: str
    places: list[int]

    def original(self, span: Span) -> Span:
        """The span of the original text that a span of the folded one was read from."""
        return (self.places[span[0]], self.places[span[1] - 1] + 1)


def fold(text: str) -> Folded:
    """Fold blanks and look-alike characters, so that a grammar need not know of them; case is kept.

    A line break stays one before a capital, a digit or a bullet; elsewhere it is a wrapped line.
    """
    plain = text.translate(_PLAIN)
    characters: list[str] = []
    places: list[int] = []
    at = 0
    for run in _BLANKS.finditer(plain):
        characters.extend(plain[at : run.start()])
        places.extend(range(at, run.start()))
        following = plain[run.end() : run.end() + 1]
        breaks = "\n" in run.group() and (following.isupper() or following.isdigit() or following in "-*•")
        characters.append("\n" if breaks else " ")
        places.append(run.start())
        at = run.end()
    characters.extend(plain[at:])
    places.extend(range(at, len(plain)))
    return Folded("".join(characters), places)


def itemise(text: str, language: str, today: date) -> Sentence:
    """Read a folded text into items of one language: words, then quantities, then times and lengths."""
    words = vocabulary(language)
    items = quantities(tag(tokenise(text), words), words)
    return Sentence(text, lengths(dates(items, today)), language)


def correction_before(sentence: Sentence, index: int) -> bool:
    """Say whether the value at an item replaces the one before it: "5k, actually 4k"."""
    near = True
    for item in sentence.before(index, 9):
        if item.has("CORRECT") or (near and item.has("CORRECTNEAR")):
            return True
        if item.has("MONEY", "DATE", "CHANNEL") or (item.has("NUM") and not item.has("ARTICLE")):
            return False
        near = near and (item.stop == "C" or item.has(*_CORRECTED_ACROSS))
    return False


def overlaps(one: Span, other: Span) -> bool:
    """Say whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]


def hull(spans: Iterable[Span]) -> Span:
    """The span from the first start to the last end."""
    each = list(spans)
    return (min(start for start, _ in each), max(end for _, end in each))


__all__ = [
    "Folded",
    "Item",
    "Reading",
    "Sentence",
    "Span",
    "Why",
    "correction_before",
    "fold",
    "hull",
    "itemise",
    "overlaps",
]
