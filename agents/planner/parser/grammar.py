"""Patterns over items: the one notation in which every slot's grammar is written, for all languages.

A pattern is words apart by blanks. `TAG` an item with that meaning, `A|B` either, `form` the very word, `form*` its
beginning, `.` any item inside a clause; `X?` optional; `~3` up to three items within the sentence, `_3` within the clause, `%3` anywhere;
`!X` what does not follow here; `name:X` a named item. The shortest gap wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from agents.planner.parser.items import Item, Sentence, Span

_ANY = r"<[WC] [^>]*>"
_ITEM = r"<[A-Z] [^>]*>"
_INSIDE = r"<W [^>]*>"


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a pattern holds: items first to last, and the named ones."""

    sentence: Sentence
    first: int
    last: int
    named: dict[str, int]

    @property
    def span(self) -> Span:
        return self.sentence.span(self.first, self.last)

    @property
    def words(self) -> str:
        return self.sentence.words(self.first, self.last)

    def item(self, name: str) -> Item:
        return self.sentence.items[self.named[name]]

    def get(self, name: str) -> Item | None:
        index = self.named.get(name)
        return None if index is None else self.sentence.items[index]


class Pattern:
    """A pattern compiled on first use; it is searched only where the words that it needs occur."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._needs: list[frozenset[str]] = []
        for part in source.split():
            body = _split(part)[1]
            if body[0] in "~_!.%" or body.endswith(("?", "*")) or "*" in body:
                continue
            self._needs.append(frozenset(_key(each) for each in body.split("|")))

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile("".join(_part(part) for part in self.source.split()))

    def find(self, sentence: Sentence) -> Iterator[Found]:
        """Every place where the pattern holds, left to right, none overlapping."""
        if any(need.isdisjoint(sentence.vocabulary) for need in self._needs):
            return
        for match in self.regex.finditer(sentence.encoded):
            last = sentence.index_at(match.end() - 1)
            named = {
                name: sentence.index_at(match.start(name)) for name, text in match.groupdict().items() if text
            }
            yield Found(sentence, sentence.index_at(match.start()), last, named)

    def first(self, sentence: Sentence) -> Found | None:
        """The first place where the pattern holds."""
        return next(self.find(sentence), None)


def _split(part: str) -> tuple[str, str]:
    """The name and the body of a part: names are small letters before a colon."""
    name, colon, body = part.partition(":")
    return (name, body) if colon and name.isalpha() and name.islower() else ("", part)


def _key(word: str) -> str:
    return word if word[0].isupper() else f"={word}"


def _one(word: str) -> str:
    if word == ".":
        return _INSIDE
    if word[0].isupper():
        return rf"<[A-Z] (?:[^>]* )?{re.escape(word)} [^>]*>"
    if word.endswith("*"):
        return rf"<[A-Z] [^>]*={re.escape(word[:-1])}[^ >]* >"
    return rf"<[A-Z] [^>]*={re.escape(word)} >"


def _either(body: str) -> str:
    return "(?:" + "|".join(_one(each) for each in body.split("|")) + ")"


def _part(part: str) -> str:
    if part[0] == "~":
        return f"(?:{_ANY}){{0,{part[1:]}}}?"
    if part[0] == "_" and part[1:].isdigit():
        return f"(?:{_INSIDE}){{0,{part[1:]}}}?"
    if part[0] == "%":
        return f"(?:{_ITEM}){{0,{part[1:]}}}?"
    if part[0] == "!":
        return f"(?!{_either(part[1:])})"
    optional = "?" if part.endswith("?") else ""
    name, body = _split(part.rstrip("?"))
    return (f"(?P<{name}>{_either(body)})" if name else _either(body)) + optional
