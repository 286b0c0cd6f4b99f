"""Replies in the marketer's language: every language says everything, and short turns are answered as their brief."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import get_args

import pytest

from agents.comments.asks import Reading
from agents.conversation.changes import FieldChange
from agents.conversation.explaining import Known, explain
from agents.conversation.questioning import settled
from agents.conversation.wording import changes_said, message, refusals_said, reply_language
from agents.planner.brief import Brief, BriefPolicy, Budget, Constraints
from agents.planner.parser.vocabulary import LANGUAGES
from policies.figures import Figure, FigureSource
from policies.refusals import RefusalCode, refuse

_FIGURE = re.compile(r"\{figure:[^ ]+\}")
GERMAN = "Inaktive Kunden per E-Mail zurückgewinnen, Budget 500 Euro, ab dem 1. Dezember."


def table(language: str) -> dict[str, dict[str, str]]:
    text = files("agents.conversation").joinpath("replies", f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_every_message_with_the_same_values(language: str) -> None:
    known, own = table("en"), table(language)
    for part in ("replies", "answers", "fields"):
        assert own[part].keys() == known[part].keys()
        for key, sentence in own[part].items():
            places = [
                name
                for name in (
                    "can",
                    "named",
                    "campaign",
                    "changes",
                    "words",
                    "said",
                    "value",
                    "state",
                    "asked",
                    "roles",
                    "arm",
                    "action",
                )
                if f"{{{name}}}" in sentence
            ]
            assert all(f"{{{name}}}" in known[part][key] for name in places), key
            assert sentence.count("{") == known[part][key].count("{"), key
            assert set(_FIGURE.findall(sentence)) == set(_FIGURE.findall(known[part][key])), key
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_is_told_in_the_marketers_language(language: str) -> None:
    known = Known(
        name="Winback",
        state="draft",
        missing=("marketing_approver",),
        brief=GERMAN,
        record=Brief(action="plan"),
        plan=None,
        segmentation=None,
        design=None,
        forecast=None,
        subjects={},
        figures={
            name: Figure(value=1, unit="days", source=FigureSource(kind="tool", name="plan"))
            for name in ("plan.starts", "plan.ends", "plan.budget")
        },
    )
    for topic in ("dates", "status", "cost"):
        told, english = explain(topic, known, language).text, explain(topic, known).text
        assert told
        assert (told == english) == (language == "en"), topic


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_record_that_contradicts_itself_is_asked_about_in_the_marketers_language(language: str) -> None:
    by = Reading(date(2026, 11, 21), "EUR", BriefPolicy(), language)
    record = Brief(
        action="plan",
        objective="winback",
        budget=Budget(amount=Decimal(100), currency="EUR"),
        start=date(2026, 12, 14),
        end=date(2026, 12, 1),
        constraints=Constraints(excluded_channels=["email", "sms", "push", "in_app"]),
    )
    asked = {question.field: question for question in settled(record, by).questions}
    english = {question.field: question for question in settled(record, by._replace(language="en")).questions}
    assert asked.keys() == english.keys() == {"dates", "channels"}
    for field, question in asked.items():
        assert (question.question == english[field].question) == (language == "en")
