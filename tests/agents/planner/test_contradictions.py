"""What contradicts itself is named as a question and left unsaid; what corrects itself is not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agents.planner.brief import Brief
from agents.planner.parser import read_brief

BASE = "Win back customers inactive for 120 days."


def read(text: str) -> Brief:
    return read_brief(f"{BASE} {text}", today=date(2026, 11, 21))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("budget", "Budget is 1,000 EUR. The budget is 1,500 EUR. Email."),
        ("budget", "Email. Total budget 6,000 EUR, of which 4,000 EUR is for email and 3,500 EUR for SMS."),
        ("currency", "Email. The sheet says 5,000 CHF, the order says 5,000 EUR."),
        ("channels", "Email and SMS, 900 EUR. Only email."),
        ("channels", "Email, 900 EUR. No e-mail please."),
        ("dates", "Email, 900 EUR, from 20 December to 10 December."),
        ("dates", "Email, 900 EUR, start on Friday 28 November 2026."),
        ("dates", "Email, 900 EUR, 1 to 10 December, lasts three weeks."),
        ("dates", "Email, 900 EUR. We start on 1 December. The plan says: start 15 December."),
        ("audience", "They have never ordered, and all have at least 3 orders. Email, 900 EUR."),
        ("discount", "Email, 900 EUR, 20% off, but no discounts."),
        ("priority_of_goals", "And reduce churn, both equally. Email, 900 EUR."),
    ],
)  # fmt: skip
def test_a_contradiction_is_asked_about_before_planning(field: str, text: str) -> None:
    brief = read(text)
    assert field in {question.field for question in brief.questions}
    assert brief.action == "clarify"
    assert field not in brief.slots or field == "dates"


@pytest.mark.parametrize(
    "text",
    [
        "Budget 5k, actually 4k EUR. Email, 1 December to 14 December.",
        "4,000 EUR, 2,500 EUR of it for e-mail and 1,500 EUR for the rest. Email, 1-14 December.",
        "4,000 EUR in total, EUR 100 orders and above get free shipping. Email. From 12 January, sorry, 1 December to 14 December.",
        "Use SMS, no, actually use email. 4,000 EUR, 1-14 December, two weeks.",
    ],
)
def test_a_correction_or_a_part_is_no_contradiction(text: str) -> None:
    brief = read(text)
    assert brief.action == "plan" and brief.questions == []
    assert brief.budget is not None and brief.budget.amount == Decimal(4000)
    assert brief.channels == ["email"]
    assert (brief.start, brief.end) == (date(2026, 12, 1), date(2026, 12, 14))
