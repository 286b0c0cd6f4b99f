"""What a reader found: the value of one field, where it stands, how sure the rule is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

Span = tuple[int, int]

_CLAUSE_END = re.compile(r"[.!?;](?=\s|$)|\n")
_BLANKS = re.compile(r"[\s\x00]+")
# Letters that only case folding equates with an English one, and typographers' marks; each one character for one.
_PLAIN = str.maketrans(
    {"ſ": "s", "\u212a": "K", "İ": "I", "ı": "i", "’": "'", "‘": "'", "\u2011": "-", "\u2010": "-"}
)

# What stands before a value that replaces the one before it: "5k, actually 4k".
CORRECTION = re.compile(
    r"(?:\bactually|\bno,? (?:wait|make (?:it|that)|sorry)|\bsorry|\brather|\binstead|\bmake (?:it|that)|\bi mean(?:t)?"
    r"|\bcorrection|\bscratch that|\bor rather|\bbetter|\bchange (?:it|that) to|\bno)[\s,:-]*"
    r"(?:(?:make (?:it|that)|it's|its|let's say|say|only|just|the|budget|is|to|we have)\s+){0,6}$",
    re.IGNORECASE,
)


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


def mask(text: str, spans: Iterable[Span]) -> str:
    """Blank the spans and keep every other offset, so that what one reader consumed no other reads again.

    The blank is a character no grammar matches, so phrases do not join across it.
    """
    characters = list(text)
    for start, end in spans:
        characters[start:end] = "\x00" * (end - start)
    return "".join(characters)


def sentence_span(text: str, at: int) -> Span:
    """The sentence around position `at`; full stops inside numbers and dates do not end one."""
    start, end = 0, len(text)
    for match in _CLAUSE_END.finditer(text):
        if match.end() <= at:
            start = match.end()
        else:
            end = match.start()
            break
    return (start, max(start, end))


def overlaps(one: Span, other: Span) -> bool:
    """Say whether two spans share a character."""
    return one[0] < other[1] and other[0] < one[1]
