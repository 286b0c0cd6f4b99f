"""The words that steer a conversation, as data: one file a language in `words/`, all of them known at once.

A category is a list of phrases or a table from phrases to values; a phrase is a run of words. Case, accents and
punctuation do not count. Marketers mix languages, so a turn is compared with every language, the longest phrase first.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "it", "nl")
Phrase = tuple[str, ...]
_WORD: Final = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[?¿%]")


class Token(NamedTuple):
    """One word of a turn as it is compared, and its [start, end) characters."""

    word: str
    start: int
    end: int


class Found(NamedTuple):
    """A phrase found among tokens: [first, last) of them, and its value in a table, or the phrase itself."""

    first: int
    last: int
    value: str


class Vocabulary(NamedTuple):
    """Phrases by category, with their values; `longest` is the length in words of a category's longest phrase."""

    phrases: Mapping[str, Mapping[Phrase, str]]
    longest: Mapping[str, int]

    def at(self, category: str, tokens: Sequence[Token], index: int) -> Found | None:
        """Return the longest phrase of a category that begins at this token."""
        known = self.phrases[category]
        for length in range(min(self.longest[category], len(tokens) - index), 0, -1):
            value = known.get(tuple(token.word for token in tokens[index : index + length]))
            if value is not None:
                return Found(index, index + length, value)
        return None

    def anywhere(self, category: str, tokens: Sequence[Token]) -> Found | None:
        """Return the first phrase of a category among the tokens."""
        places = (self.at(category, tokens, index) for index in range(len(tokens)))
        return next((found for found in places if found is not None), None)


def tokens_of(text: str) -> list[Token]:
    """Return the words of a text as they are compared, and question and percent signs."""
    return [Token(plain(found.group()), found.start(), found.end()) for found in _WORD.finditer(text)]


@lru_cache(maxsize=4096)
def plain(word: str) -> str:
    """Return a word without case, accents and typographers' marks."""
    parts = unicodedata.normalize("NFKD", word.replace("’", "'").replace("\u2011", "-")).casefold()
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the words of every language."""
    phrases: dict[str, dict[Phrase, str]] = defaultdict(dict)
    for language in LANGUAGES:
        text = files("agents.conversation").joinpath("words", f"{language}.toml").read_text("utf-8")
        for category, entries in tomllib.loads(text).items():
            for phrase, value in _entries(category, entries):
                phrases[category].setdefault(_phrase(phrase), value)
    return Vocabulary(phrases, {name: max(map(len, known)) for name, known in phrases.items()})


def _entries(category: str, entries: list[str] | dict[str, object]) -> list[tuple[str, str]]:
    if isinstance(entries, list):
        return [(phrase, phrase) for phrase in entries]
    listed: list[tuple[str, str]] = []
    for name, value in entries.items():
        if isinstance(value, list):  # a group of phrases that mean `name`
            listed += [(str(phrase), name) for phrase in value]
        else:
            listed.append((name, str(value)))
    if not listed:
        raise ValueError(f"the category {category!r} holds no phrase")
    return listed


def _phrase(text: str) -> Phrase:
    return tuple(token.word for token in tokens_of(text))
