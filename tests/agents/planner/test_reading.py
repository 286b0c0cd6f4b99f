"""The one reading of briefs that every entrance shares: rules, and the nearest label where no rule reads the objective."""

from __future__ import annotations

from datetime import date

import pytest

from agents.planner.brief import EmptyBriefError
from agents.planner.parser import read_brief as by_rules
from agents.planner.reading import read_brief

TODAY = date(2026, 11, 21)
WORDS = "Help folks who vanished ages ago find their way to our shop. $500, email."


def test_an_objective_that_no_rule_reads_is_the_nearest_label() -> None:
    assert by_rules(WORDS, today=TODAY).objective is None
    brief = read_brief(WORDS, today=TODAY)
    assert brief.objective == "winback"
    assert brief.slots["objective"].source == "label"
    assert 0.6 <= brief.slots["objective"].confidence <= 1


def test_small_talk_is_no_objective() -> None:
    brief = read_brief("We need something good, you know what our customers like. $500.", today=TODAY)
    assert (brief.objective, brief.action) == (None, "clarify")


def test_an_empty_brief_is_refused() -> None:
    with pytest.raises(EmptyBriefError):
        read_brief(" ", today=TODAY)
