"""What a conversation says, in the marketer's language: a table of messages in `replies/`, one file a language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import JsonValue

from agents.conversation.changes import FieldChange
from agents.planner.parser import language_of
from agents.planner.parser.vocabulary import LANGUAGES
from policies.refusals import Refusal

# Fewer words ("undo", "ja", "3k") do not tell a language; the brief that they are about does.
_TELLING_WORDS: Final = 4
_FALLBACK: Final = "en"


def reply_language(text: str, brief: str = "") -> str:
    """Decide which language a turn is answered in: its own where it is long enough to tell, else that of its brief.

    English for a language that there are no messages in.
    """
    telling = text if len(text.split()) >= _TELLING_WORDS or not brief else brief
    language = language_of(telling)
    return language if language in LANGUAGES else _FALLBACK


def message(key: str, language: str, **values: str) -> str:
    """Return a message in a language with its values put in; KeyError for a message that there is not."""
    sentence = _table(language)["replies"][key]
    for name, value in {"can": _table(language)["replies"]["can"], **values}.items():
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence


def answer(key: str, language: str, /, **values: str) -> str:
    """Return a sentence about a plan or a result in a language, its values put in; figures stay names: "{figure:plan.budget}"."""
    sentence = _table(language)["answers"][key]
    for name, value in values.items():
        sentence = sentence.replace(f"{{{name}}}", value)
    return sentence


def changes_said(changes: Sequence[FieldChange], language: str, *, undone: bool = False) -> str:
    """Say what a turn changed, or took back: each field with its value before and after; empty where nothing did."""
    if not changes:
        return ""
    listed = "; ".join(
        f"{_field(change.field, language)}: {_words(change.before, language)} → {_words(change.after, language)}"
        for change in changes
    )
    return message("undone" if undone else "changed", language, changes=listed)


def refusals_said(refusals: Sequence[tuple[Refusal, str]], language: str) -> str:
    """Say what is not done and what may be done instead; each refusal comes with the words that asked for it."""
    reasons = _table(language).get("refusals", {})
    return " ".join(
        f"{message('notice', language, words=words)} "
        + reasons.get(refusal.code, f"{refusal.reason} {refusal.alternative}")
        for refusal, words in refusals
    )


def _field(name: str, language: str) -> str:
    """A field of the record in the language, its key behind where the field has keys ("audience (tier)")."""
    names = _table(language)["fields"]
    whole, _, key = name.partition(".")
    for part, known in (("discount_pct", "discount"), ("holdout", "holdout"), ("tone", "tone")):
        if part in key:
            return names[known]
    return f"{names.get(whole, whole)} ({key.replace('_', ' ')})" if key else names.get(whole, whole)


def _words(value: JsonValue, language: str) -> str:
    if value is None:
        return message("unsaid", language)
    if isinstance(value, Mapping):
        return " ".join(_words(inner, language) for inner in value.values() if inner is not None)
    return ", ".join(_words(each, language) for each in value) if isinstance(value, list) else f"{value}"


@cache
def _table(language: str) -> dict[str, dict[str, str]]:
    text = files("agents.conversation").joinpath("replies", f"{language}.toml").read_text("utf-8")
    table: dict[str, dict[str, str]] = tomllib.loads(text)
    return table
