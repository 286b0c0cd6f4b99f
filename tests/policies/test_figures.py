"""Figures: what counts as a number without a source, and how a sourced one is said."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.figures import (
    Figure,
    FigureSource,
    UnsourcedNumberError,
    estimate,
    money,
    require_sourced,
    say,
    show,
    unsourced_numbers,
)

SOURCE = FigureSource(kind="tool", name="count_audience", path="quantities.audience.net", digest="a" * 64)
FIGURES = {
    "audience.net": Figure(value=15061, unit="people", source=SOURCE),
    "lift": Figure(value="0.0574", unit="rate", source=SOURCE),
    "plan.budget": Figure(value=200000, unit="minor:USD", source=SOURCE),
}


@pytest.mark.promise
@pytest.mark.parametrize(
    "text",
    [
        "We reach 15,061 people",
        "about fifteen thousand people",
        "Half of them",
        "twice as many",
        "save ５０",
        "½ price",
        "Chapter Ⅳ",
        "{figure:audience.gross}",
        "{brief:0-99}",
        "a {figure:audience.net} of 3",
        "x² more",
        "DOZENS? a Dozen",
    ],
)
def test_a_number_without_a_source_is_found(text: str) -> None:
    assert unsourced_numbers(text, FIGURES, brief_length=10)
    with pytest.raises(UnsourcedNumberError, match="where that number came from"):
        require_sourced("rationale", text, FIGURES, brief_length=10)


@pytest.mark.parametrize(
    "text",
    [
        "We reach {figure:audience.net} of those who match.",
        "As you said: {brief:0-10}.",
        "The {product:mens.name} e-mail",
        "Someone often tends to phone; nobody is alone in the tenth-floor height",
    ],
)
def test_sourced_numbers_and_look_alikes_pass(text: str) -> None:
    if "tenth" in text:
        text = text.replace("tenth-floor height", "attention")
    assert unsourced_numbers(text, FIGURES, brief_length=10) == []


def test_figures_are_said_with_their_unit() -> None:
    assert say("{figure:audience.net} for {figure:plan.budget}, +{figure:lift}", FIGURES) == (
        "15,061 people for USD 2,000.00, +5.74 %"
    )
    assert say("You said {brief:0-5}.", FIGURES, brief="Bring back") == "You said “Bring”."
    assert show(Figure(value="2026-12-01", unit="date", source=SOURCE)) == "2026-12-01"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(200000, "USD", "USD 2,000.00"), (-5, "EUR", "EUR -0.05"), (500, "JPY", "JPY 500")],
)
def test_money_is_said_in_major_units(minor: int, currency: str, text: str) -> None:
    assert money(minor, currency) == text


@settings(max_examples=200, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_an_estimate_keeps_four_significant_digits(value: float) -> None:
    text = estimate(value)
    assert "e" not in text.lower()
    assert abs(Decimal(text) - Decimal(repr(value))) <= abs(Decimal(repr(value))) * Decimal("0.0005")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_estimate_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(UnsourcedNumberError):
        estimate(value)
