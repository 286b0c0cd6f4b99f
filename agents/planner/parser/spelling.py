"""The word that a misspelt one was meant to be, when it is only a slip of a key away."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from agents.planner.parser.vocabulary import Vocabulary, vocabulary

SHORTEST: Final = 5
_TWO_SLIPS: Final = 9
# Compounds are written as one word in these; the last part says what it is.
_COMPOUNDING: Final = frozenset(["de", "nl"])
_SHORTEST_HEAD: Final = 4


def meant(form: str, language: str) -> str:
    """The known word that a form stands for: itself, the head of a compound, or its one neighbour in spelling."""
    return (
        _meant(form, language)
        if len(form) >= SHORTEST and not _is_known(form, vocabulary(language))
        else form
    )


def _is_known(form: str, words: Vocabulary) -> bool:
    if form in words.spelt or form in words.numbers or form in words.scales:
        return True
    return any(form[:length] in words.stems for length in range(3, len(form) + 1))


@lru_cache(maxsize=4096)
def _meant(form: str, language: str) -> str:
    from rapidfuzz.distance import OSA

    words = vocabulary(language)
    slips = 1 if len(form) < _TWO_SLIPS else 2
    best, nearest = slips + 1, set[str]()
    for word in words.spelt:
        if len(word) < SHORTEST or word[0] != form[0] or abs(len(word) - len(form)) > slips:
            continue
        distance = OSA.distance(word, form, score_cutoff=slips)
        if distance < best:
            best, nearest = distance, {word}
        elif distance == best:
            nearest.add(word)
    if best <= slips and len(nearest) == 1 and form not in _dictionary():
        word = nearest.pop()
        if word in words.grave:
            return form
        if language == "en" or not _is_inflected(form, word):
            return word
    if language in _COMPOUNDING:
        return _head(form, words)
    return form


def _is_inflected(form: str, word: str) -> bool:
    """Two forms that differ in their ending only are more likely two words ("textes", "textos") than a slip."""
    return len(form) < 7 or form[: len(form) - 2] == word[: len(form) - 2]


def _head(form: str, words: Vocabulary) -> str:
    """The longest known word that a compound ends with ("Jahresabos" are "abos")."""
    for start in range(3, len(form) - _SHORTEST_HEAD + 1):
        if form[start:] in words.heads:
            return form[start:]
    return form


@cache
def _dictionary() -> frozenset[str]:
    """Common words that are no misspelling: the whole words of the offline embedder's vocabulary."""
    raw = json.loads(resources.files("store").joinpath("data/minilm/tokenizer.json").read_bytes())
    return frozenset(word for word in raw["model"]["vocab"] if len(word) >= SHORTEST and word.isalpha())
