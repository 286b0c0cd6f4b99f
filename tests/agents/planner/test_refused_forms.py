"""The space of paraphrases of each forbidden ask, and look-alikes that ask for nothing forbidden."""

from __future__ import annotations

from datetime import date, time

import pytest

from agents.planner.brief import BriefPolicy, FrequencyCap
from agents.planner.parser.constraints import find_constraints
from agents.planner.parser.forbidden import find_refusals
from agents.planner.parser.reading import fold, itemise
from tests.agents.planner.tables import table

TODAY = date(2026, 11, 21)
POLICY = BriefPolicy(
    discount_ceiling_pct=40,
    frequency_cap=FrequencyCap(messages=3, days=7),
    quiet_hours_local=(time(21), time(8)),
)
REFUSED = table("refused_forms.tsv")


def codes(language: str, words: str) -> set[str]:
    sentence = itemise(fold(words).text, language, TODAY)
    return {refusal.code for refusal in find_refusals(sentence, POLICY, find_constraints(sentence, TODAY))}


@pytest.mark.parametrize("code", sorted({form["code"] for form in REFUSED}))
def test_every_paraphrase_of_a_forbidden_ask_is_refused(code: str) -> None:
    for form in REFUSED:
        if form["code"] == code:
            assert code in codes(form["language"], form["words"]), form["words"]


def test_look_alikes_are_not_refused() -> None:
    for form in table("lawful_forms.tsv"):
        assert not codes(form["language"], form["words"]), form["words"]
