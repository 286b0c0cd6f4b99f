"""A person's answers merge into the record and nothing else is lost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agents.planner.brief import AnswerNotUnderstoodError, Brief, BriefPolicy
from agents.planner.parser import blocking_questions, merge_answer, read_brief

TODAY = date(2026, 11, 21)


def answer(brief: Brief, field: str, text: str) -> Brief:
    return merge_answer(brief, field, text, today=TODAY, policy=BriefPolicy(discount_ceiling_pct=40))


def test_answers_turn_gibberish_into_a_plan() -> None:
    brief = read_brief("asdf qwer", today=TODAY)
    assert {question.field for question in blocking_questions(brief)} == {"objective", "audience", "budget"}
    brief = answer(brief, "objective", "winback")
    assert brief.objective == "winback" and brief.action == "clarify"
    brief = answer(brief, "budget", "2000")
    assert brief.action == "plan" and [question.field for question in brief.questions] == ["currency"]
    brief = answer(brief, "currency", "in euros please")
    assert brief.budget is not None and (brief.budget.amount, brief.budget.currency) == (Decimal(2000), "EUR")
    assert brief.questions == []
    assert {slot.source for slot in brief.slots.values()} == {"person"}


def test_an_answer_keeps_what_the_brief_stated() -> None:
    brief = read_brief("Win back customers inactive for 6 months by e-mail, 1-14 December", today=TODAY)
    merged = answer(brief, "budget", "CHF 4'000")
    assert merged.action == "plan"
    assert (
        merged.audience == brief.audience
        and merged.channels == ["email"]
        and merged.start == date(2026, 12, 1)
    )
    assert merged.slots["start"].source == "rule" and merged.slots["budget"].source == "person"
    assert brief.budget is None


def test_yes_takes_the_suggestion() -> None:
    brief = read_brief("We have 2000 EUR", today=TODAY)
    assert answer(brief, "objective", "Yes!").objective == "winback"


def test_an_unsupported_channel_is_replaced_or_dropped() -> None:
    brief = read_brief("Win back lapsed customers by WhatsApp and e-mail, 900 EUR", today=TODAY)
    assert [question.field for question in brief.questions] == ["unsupported_channel:whatsapp"]
    assert answer(brief, "unsupported_channel:whatsapp", "use SMS").channels == ["sms"]
    assert answer(brief, "unsupported_channel:whatsapp", "leave it out").channels == ["email"]


def test_contradicting_dates_are_settled_by_the_answer() -> None:
    brief = read_brief("Cart recovery, 700 EUR, from 20 December to 10 December", today=TODAY)
    assert brief.start is None and [question.field for question in brief.questions] == ["dates"]
    merged = answer(brief, "dates", "10 to 20 December")
    assert (merged.start, merged.end) == (date(2026, 12, 10), date(2026, 12, 20))
    assert merged.questions == []


def test_a_forbidden_ask_in_an_answer_is_refused() -> None:
    brief = read_brief("Win back lapsed customers by e-mail", today=TODAY)
    merged = answer(brief, "budget", "3000 EUR, and give them 70% off")
    assert [refusal.code for refusal in merged.refusals] == ["discount_ceiling"]
    assert merged.action == "plan_with_refusal"


@pytest.mark.parametrize("field", ["budget", "objective", "audience", "dates", "channels", "discount"])
def test_an_answer_that_says_nothing_is_an_error_and_changes_nothing(field: str) -> None:
    brief = read_brief("asdf qwer", today=TODAY)
    with pytest.raises(AnswerNotUnderstoodError, match="does not say"):
        answer(brief, field, "hmm tja")
