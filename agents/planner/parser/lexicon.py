"""The words of one language that the grammars of numbers, money, dates and channels are built from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lexicon:
    """Vocabulary of one language, in lower case; a further language is one more instance."""

    language: str
    numbers: Mapping[str, int]
    scales: Mapping[str, int]
    unit_days: Mapping[str, float]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    currencies: Mapping[str, str]
    countries: Mapping[str, str]
    states: Mapping[str, str]
    cities: tuple[str, ...]


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
