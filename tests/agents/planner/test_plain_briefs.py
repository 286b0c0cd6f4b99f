"""Briefs with amounts and days of other things beside their own: read exactly, and nothing is asked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from agents.planner.parser import read_brief
from tests.agents.planner.tables import table

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize("row", table("plain_briefs.tsv"), ids=lambda row: row["words"][:40])
def test_a_brief_with_decoys_is_planned_without_a_question(row: dict[str, str]) -> None:
    brief = read_brief(row["words"], today=TODAY)
    assert brief.budget is not None
    assert (brief.budget.amount, brief.budget.currency) == (Decimal(row["amount"]), row["currency"])
    assert (str(brief.start), str(brief.end)) == (row["start"], row["end"])
    assert (brief.action, brief.questions) == ("plan", [])


@pytest.mark.parametrize("row", table("unsaid_forms.tsv"), ids=lambda row: row["words"][-40:])
def test_what_is_past_negated_or_of_others_fills_no_field(row: dict[str, str]) -> None:
    brief = read_brief(row["words"], today=TODAY)
    assert {field: getattr(brief, field) for field in row["unsaid"].split(",")} == dict.fromkeys(
        row["unsaid"].split(",")
    )
