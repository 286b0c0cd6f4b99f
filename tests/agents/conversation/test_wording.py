"""Replies in the marketer's language: every language says everything, and short turns are answered as their brief."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import get_args

import pytest

from agents.conversation.changes import FieldChange
from agents.conversation.wording import changes_said, message, refusals_said, reply_language
from agents.planner.parser.vocabulary import LANGUAGES
from policies.refusals import RefusalCode, refuse

GERMAN = "Inaktive Kunden per E-Mail zurückgewinnen, Budget 500 Euro, ab dem 1. Dezember."


def table(language: str) -> dict[str, dict[str, str]]:
    text = files("agents.conversation").joinpath("replies", f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_every_message_with_the_same_values(language: str) -> None:
    known, own = table("en"), table(language)
    for part in ("replies", "fields"):
        assert own[part].keys() == known[part].keys()
        for key, sentence in own[part].items():
            places = [
                name for name in ("can", "named", "campaign", "changes", "words") if f"{{{name}}}" in sentence
            ]
            assert all(f"{{{name}}}" in known[part][key] for name in places), key
            assert sentence.count("{") == known[part][key].count("{"), key
    if language != "en":
        assert set(own["refusals"]) == set(get_args(RefusalCode))
        assert own["replies"]["proposal"] != known["replies"]["proposal"]


def test_a_short_turn_is_answered_in_the_language_of_its_brief() -> None:
    assert reply_language("3k", GERMAN) == "de"
    assert reply_language("make the budget 3,000 euros please", GERMAN) == "en"
    assert reply_language("ok", "") == "en"


def test_a_language_without_messages_is_answered_in_english() -> None:
    assert reply_language("Dzień dobry, chcielibyśmy odzyskać klientów, którzy dawno nic nie kupili") == "en"


def test_a_change_is_told_field_by_field() -> None:
    change = FieldChange(
        field="budget", before=None, after={"amount": 400, "currency": "EUR"}, span=(0, 5), words="400 €"
    )
    assert changes_said([change], "de") == "Geändert: Budget: nicht genannt → 400 EUR."
    assert changes_said([change], "fr", undone=True).startswith("Annulé : budget")
    assert changes_said([], "de") == ""


def test_a_refusal_names_the_words_and_what_may_be_done() -> None:
    told = refusals_said([(refuse("false_urgency", (0, 3)), "nur noch 3")], "de")
    assert "„nur noch 3“" in told
    assert "Möglich ist" in told


def test_an_unknown_message_is_an_error() -> None:
    with pytest.raises(KeyError):
        message("no_such_message", "de")
