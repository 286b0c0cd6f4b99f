"""Which language a text is in: by its script, its function words and its letters."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from agents.planner.parser.tokens import plain
from agents.planner.parser.vocabulary import LANGUAGES, vocabulary

UNKNOWN: Final = "und"
# Languages whose function words are nearly as many are told apart by their lexicons.
_CLOSE: Final = 1.5
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


class Language(NamedTuple):
    """How a language is told: a script of its own, its commonest words, letters that few others use."""

    code: str
    name: str
    script: tuple[int, int] | None
    words: frozenset[str]
    letters: frozenset[str]


@cache
def languages() -> tuple[Language, ...]:
    """The languages that are recognised, read or not."""
    raw = tomllib.loads(
        resources.files("agents.planner.parser.lexicon").joinpath("languages.toml").read_text("utf-8")
    )
    return tuple(
        Language(
            code,
            entry["name"],
            tuple(entry["script"]) if "script" in entry else None,
            frozenset(entry.get("words", "").split()),
            frozenset(entry.get("letters", "")),
        )
        for code, entry in raw.items()
    )


def detect(text: str) -> str:
    """The ISO 639-1 code of a text's language; English for a text of names and numbers, "und" for an unknown script."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return "en"
    scripted = _by_script(text)
    if scripted is not None:
        return scripted
    scores = {language.code: _score(language, words) for language in languages() if language.script is None}
    best = max(scores.values())
    if best <= 0:
        latin = sum("a" <= word[0] <= "ɏ" for word in words)
        return "en" if 2 * latin >= len(words) else UNKNOWN
    near = [code for code, score in scores.items() if score >= best - _CLOSE and code in LANGUAGES]
    if len(near) > 1 and max(scores, key=lambda code: scores[code]) in LANGUAGES:
        return max(near, key=lambda code: scores[code] + _known(words, code))
    return next(code for code, score in scores.items() if score == best)


def _known(words: list[str], code: str) -> int:
    """How many words stand in the lexicon of a language: what decides between two that are close."""
    lexicon = vocabulary(code)
    forms = [plain(word) for word in words]
    return sum(
        form in lexicon.spelt or any(form[:length] in lexicon.stems for length in range(4, len(form) + 1))
        for form in forms
    )


def reading_language(language: str) -> str:
    """The language whose lexicon reads a text: its own, else English, for the words that all share."""
    return language if language in LANGUAGES else "en"


def _by_script(text: str) -> str | None:
    """A language with a script of its own, when that script prevails; Japanese before Chinese, for its kana."""
    letters = [ord(character) for character in text if character.isalpha()]
    if not letters:
        return None
    for language in languages():
        if language.script is not None:
            first, last = language.script
            share = sum(first <= letter <= last for letter in letters) / len(letters)
            if share > (0.1 if language.code == "ja" else 0.4):
                return _within_script(language.code, text)
    return None


def _within_script(code: str, text: str) -> str:
    """Languages of one script are told apart by their letters and words."""
    rivals = {"ru": ("ru", "uk", "bg", "sr"), "ar": ("ar", "fa", "ur")}.get(code, (code,))
    words = [word.lower() for word in _WORD.findall(text)]
    scores = {language.code: _score(language, words) for language in languages() if language.code in rivals}
    return max(scores, key=lambda each: (scores[each], each == code))


def _score(language: Language, words: list[str]) -> float:
    hits = sum(1.0 if len(word) > 1 else 0.3 for word in words if word in language.words)
    hits += sum(0.5 for word in words if language.letters and not language.letters.isdisjoint(word))
    return hits
