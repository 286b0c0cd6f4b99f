"""The vocabulary of one language: phrases with their meanings, number words, names of days, from its data file."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from agents.planner.parser.tokens import plain, tokenise

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "it", "nl")
_FOLDER: Final = "agents.planner.parser.lexicon"
# Sections of a data file whose keys become tags with this prefix; [words] keys are tags themselves.
_PREFIXES: Final = {
    "words": "", "objective": "OBJ:", "objective_hint": "HINT:", "kpi": "KPI:", "channels": "CH:",
    "unsupported": "NO:", "months": "M:", "weekdays": "D:", "holidays": "H:", "currencies": "CUR:",
    "countries": "COUNTRY:", "states": "STATE:", "cities": "CITY:", "units": "U:", "types": "TYPE:",
    "plans": "PLAN:", "tiers": "TIER:", "demonyms": "DEMONYM:", "segments": "SEGMENT:", "refused": "",
    "sensitive": "SENSITIVE:", "optimise": "OPT:",
}  # fmt: skip
_GROUPS: Final = {
    "months": "MONTH", "weekdays": "WEEKDAY", "holidays": "HOLIDAY", "currencies": "CUR", "units": "UNIT", "channels": "CHANNEL",
    "unsupported": "UNSUPPORTED", "kpi": "KPI", "countries": "PLACE", "states": "PLACE", "cities": "PLACE", "tiers": "TIER",
    "types": "TYPE", "plans": "PLANNAME", "demonyms": "DEMONYM", "segments": "SEGMENT", "objective": "OBJECTIVE",
    "sensitive": "SENSITIVE", "optimise": "OPTIMISE",
}  # fmt: skip


# What the head of a compound may say of it; other meanings would be read into too many words.
_HEADS: Final = frozenset(
    ["CAMPAIGN", "PLANWORD", "PEOPLE", "OFFER", "DISCOUNT", "THING", "BUDGET", "START", "END", "SALE", "EVENT", "APPROVALWORD",
     "UNSUBLINK", "ORDERS", "NEWSWORD", "REMINDER", "REVIEW", "TRIAL", "CART"]
)  # fmt: skip


# A phrase still says what its words say of people and of what is forbidden ("trial users" are on trial).
_INHERITED: Final = frozenset(
    ["TRIAL", "PLANWORD", "PEOPLE", "NEWSWORD", "APP", "LOYAL", "INACTIVE", "BUY", "BOUGHT", "UNCONSENTED", "SENSITIVE", "MINOR",
     "PRIVATE", "APPROVALWORD", "UNSUBLINK", "COMPETITOR", "BADWORD", "GROUPWORD", "SECRET"]
)  # fmt: skip


# Meanings of single words that make a sentence a forbidden ask.
_GRAVE: Final = frozenset(
    ["FLOODV", "SCRAPEV", "MINOR", "SENSITIVE", "BADWORD", "BADSTRONG", "TRASHV", "SELFAPPROVE", "NOAPPROVAL", "FALSECLAIM",
     "GROUPWORD", "SECRET", "DISEASE", "GIVEAWAY", "FAKE"]
)  # fmt: skip


@dataclass
class Vocabulary:
    """Phrases by their first word ("purchas*" by its beginning), each with the tags that it carries."""

    language: str
    phrases: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = field(default_factory=dict)
    prefixes: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    scales: dict[str, int] = field(default_factory=dict)
    joiners: frozenset[str] = frozenset()
    spelt: frozenset[str] = frozenset()
    """Every word of its phrases: what a misspelling may have meant."""
    grave: frozenset[str] = frozenset()
    """Words that are refused for themselves: no other word is taken for a slip of one."""
    stems: frozenset[str] = frozenset()
    """Beginnings that stand for all their endings."""
    month_parts: frozenset[str] = frozenset()
    """Single words for a part of a month."""
    heads: frozenset[str] = frozenset()
    """Single words that a compound may end with."""

    def candidates(self, form: str) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
        """The phrases that may begin with a word, longest first among equals of one beginning."""
        yield from self.phrases.get(form, ())
        for length in range(2, len(form) + 1):
            yield from self.prefixes.get(form[:length], ())


@cache
def vocabulary(language: str) -> Vocabulary:
    """The vocabulary of a language, with what is common to all of them."""
    data = _read(language)
    gathered: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for source in (_read("common"), data):
        for section, prefix in _PREFIXES.items():
            for key, phrases in source.get(section, {}).items():
                tags = {prefix + key, _GROUPS[section]} if section in _GROUPS else {prefix + key}
                for phrase in _split(phrases):
                    gathered[phrase].update(tags)
    for phrase, tags in gathered.items():
        for start in range(len(phrase)):
            for end in range(start + 1, len(phrase) + (start > 0)):
                tags.update(gathered.get(phrase[start:end], set()) & _INHERITED)
    made = Vocabulary(language)
    _numbers(made, data)
    by_first: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = defaultdict(list)
    by_prefix: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = defaultdict(list)
    for phrase, tags in gathered.items():
        entry = (phrase, frozenset(tags))
        if phrase[0].endswith("*"):
            by_prefix[phrase[0][:-1]].append(entry)
        else:
            by_first[phrase[0]].append(entry)
    every = [word for phrase in gathered for word in phrase]
    made.spelt = frozenset(word.rstrip("*") for word in every)
    made.grave = frozenset(
        word.rstrip("*")
        for phrase, tags in gathered.items()
        if len(phrase) == 1 and tags & _GRAVE
        for word in phrase
    )
    made.stems = frozenset(word[:-1] for word in every if word.endswith("*"))
    made.heads = frozenset(
        phrase[0] for phrase, tags in gathered.items() if len(phrase) == 1 and tags & _HEADS
    )
    made.month_parts = frozenset(
        phrase[0]
        for phrase, tags in gathered.items()
        if len(phrase) == 1 and tags & {"HALFPART", "U:week", "U:weekend", "U:day"}
    )
    made.phrases, made.prefixes = dict(by_first), dict(by_prefix)
    return made


def _numbers(made: Vocabulary, data: Mapping[str, Any]) -> None:
    made.numbers = {plain(word): value for word, value in data.get("numbers", {}).items()}
    made.scales = {plain(word): value for word, value in data.get("scales", {}).items()}
    made.joiners = frozenset(data.get("joiners", {}).get("number", "").split())


def _split(phrases: str) -> Iterator[tuple[str, ...]]:
    for phrase in phrases.split("|"):
        if phrase.strip():
            words = []
            for written in phrase.split():
                starred = written.endswith("*")
                # An elided word stands before another in a text, so it is never cut alone ("l'", "all'").
                elided = written.endswith("'") and len(written) > 1
                parts = (
                    [plain(written)] if elided else [token.form for token in tokenise(written.rstrip("*"))]
                )
                if starred and parts:
                    parts[-1] += "*"
                words.extend(parts)
            if words:
                yield tuple(words)


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(_FOLDER).joinpath(f"{name}.toml").read_text("utf-8"))
