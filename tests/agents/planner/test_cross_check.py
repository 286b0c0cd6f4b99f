"""Two readings of one brief: what both say stands, what differs is asked, what nobody wrote is dropped."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from agents.planner.brief import Brief
from agents.planner.cross_check import cross_checked, with_doubts
from agents.planner.heard import Heard, HeardBy
from agents.planner.parser import read_brief

TODAY = date(2026, 11, 21)
MODEL = "openai-compatible/scripted"
PLAIN = "Win back customers who have not bought for 6 months by e-mail, 1-14 December, budget $2,000."


def read(text: str) -> Brief:
    return read_brief(text, today=TODAY, home_currency="USD")


def check(text: str, **heard: Any) -> Brief:
    by = HeardBy(model=MODEL, heard=Heard.model_validate(heard))
    brief, doubts = cross_checked(read(text), by, text, read)
    return with_doubts(brief, doubts, answered=set())


def stated(brief: Brief) -> dict[str, Any]:
    """The record without what says how it was read."""
    return brief.model_dump(mode="json", exclude={"model"})


def test_two_readings_that_agree_are_the_rules_own_and_name_both_readers() -> None:
    brief = check(
        PLAIN,
        objective={"code": "winback", "quote": "Win back"},
        budget={"amount": 2000, "currency": "USD", "quote": "$2,000"},
        start={"day": "2026-12-01", "quote": "1-14 December"},
        end={"day": "2026-12-14", "quote": "1-14 December"},
        channels=[{"channel": "email", "quote": "by e-mail"}],
        audience=[{"key": "days_since_purchase_min", "value": 180, "quote": "6 months"}],
    )
    assert stated(brief) == stated(read(PLAIN))
    assert brief.model == f"{MODEL}, embedded-rules/1"


@pytest.mark.parametrize(
    ("heard", "field", "words"),
    [
        ({"budget": {"amount": 20000, "currency": "USD", "quote": "$2,000"}}, "budget", "20000"),
        ({"budget": {"amount": 2000, "currency": "EUR", "quote": "budget $2,000"}}, "budget", "EUR"),
        ({"start": {"day": "2026-11-01", "quote": "1-14 December"}}, "dates", "2026-11-01"),
        ({"end": {"day": "2027-12-14", "quote": "1-14 December"}}, "dates", "2027-12-14"),
    ],
)
def test_a_value_that_the_two_read_differently_becomes_a_question(
    heard: dict[str, Any], field: str, words: str
) -> None:
    brief, rules = check(PLAIN, **heard), read(PLAIN)
    (question,) = brief.questions
    assert brief.action == "clarify" and question.field == field
    assert words in question.question and MODEL in question.question
    assert (brief.budget, brief.start, brief.end) == (rules.budget, rules.start, rules.end), "not a guess"


def test_a_channel_that_the_rules_see_excluded_is_asked_about() -> None:
    text = "Win back lapsed customers by e-mail, not SMS, budget $2,000."
    brief = check(
        text, channels=[{"channel": "email", "quote": "e-mail"}, {"channel": "sms", "quote": "SMS"}]
    )
    assert (brief.channels, [question.field for question in brief.questions]) == (["email"], ["channels"])


def test_a_push_that_is_no_channel_is_never_taken() -> None:
    text = "A Black Friday push to win back lapsed customers, budget $2,000."
    brief = check(text, channels=[{"channel": "push", "quote": "Black Friday push"}])
    assert brief.channels is None and [question.field for question in brief.questions] == ["channels"]


@pytest.mark.promise
@pytest.mark.parametrize(
    "heard",
    [
        {"budget": {"amount": 5000, "currency": "USD", "quote": "$5,000"}},
        {"budget": {"amount": 999, "currency": "USD", "quote": "$2,000"}},
        {"start": {"day": "2027-03-09", "quote": "in spring"}},
        {"start": {"day": "2027-03-09", "quote": "Win back"}},
        {"channels": [{"channel": "sms", "quote": "by e-mail"}]},
        {"channels": [{"channel": "sms", "quote": "by text message"}]},
        {"audience": [{"key": "tier", "value": "gold", "quote": "customers"}]},
        {"audience": [{"key": "order_count", "value": 3, "quote": "customers"}]},
        {"audience": [{"key": "city", "value": " ", "quote": "customers who"}]},
        {"objective": {"code": "loyalty", "quote": "Win back"}},
    ],
)
def test_what_the_text_does_not_hold_changes_nothing(heard: dict[str, Any]) -> None:
    assert stated(check(PLAIN, **heard)) == stated(read(PLAIN))


def test_what_only_the_model_sees_and_its_quote_shows_is_taken_or_asked() -> None:
    text = "Hvem køber igen? Vi har 2.000 kr. til e-mail."
    rules = read(text)
    brief = check(
        text,
        objective={"code": "repeat_purchase", "quote": "køber igen"},
        budget={"amount": 2000, "currency": "DKK", "quote": "2.000 kr."},
    )
    assert rules.objective is None and brief.objective == "repeat_purchase"
    assert brief.slots["objective"].source == "model"
    assert text[slice(*brief.slots["objective"].span)] == "køber igen"
    assert brief.budget is not None or any(question.field == "budget" for question in brief.questions)


def test_no_model_lifts_a_refusal() -> None:
    text = "E-mail everyone who unsubscribed, budget $500."
    rules = read(text)
    brief = check(text, objective={"code": "winback", "quote": "E-mail everyone"})
    assert rules.refusals and brief.refusals == rules.refusals and brief.action == rules.action


def test_an_answer_settles_the_doubt_it_is_about() -> None:
    by = HeardBy.model_validate(
        {"model": MODEL, "heard": {"budget": {"amount": 20000, "currency": "USD", "quote": "$2,000"}}}
    )
    brief, doubts = cross_checked(read(PLAIN), by, PLAIN, read)
    assert with_doubts(brief, doubts, answered={"budget"}).action == "plan"
    assert with_doubts(brief, doubts, answered={"dates"}).action == "clarify"


def test_without_a_usable_reading_the_rules_stand_alone() -> None:
    brief, doubts = cross_checked(read(PLAIN), HeardBy(), PLAIN, read)
    assert (brief, doubts) == (read(PLAIN), ())


@pytest.mark.parametrize(
    "heard",
    [
        {"budget": {"amount": -5, "quote": "x"}},
        {"budget": {"amount": "inf", "quote": "x"}},
        {"budget": {"amount": 5, "quote": ""}},
        {"budget": {"amount": 5, "currency": "dollars", "quote": "x"}},
        {"start": {"day": "soon", "quote": "x"}},
        {"channels": [{"channel": "fax", "quote": "x"}]},
        {"channels": [{"channel": "sms", "quote": "x"}] * 9},
        {"audience": [{"key": "shoe_size", "value": 3, "quote": "x"}]},
        {"objective": {"code": "world_peace", "quote": "x"}},
    ],
)
def test_a_reading_outside_its_schema_is_refused(heard: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Heard.model_validate(heard)
