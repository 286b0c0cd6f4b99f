"""Scorers on results made by hand: what is wrong is named, and what a case says nothing of counts for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from evals.harness.case import Case, CaseResult
from evals.harness.errors import ScorerError
from evals.scorers.conversations import conversation_kept
from evals.scorers.extraction import (
    brief_budget,
    brief_questions,
    brief_refusals,
    not_over_asked,
    not_over_refused,
    nothing_invented,
    whole_brief,
)
from policies.refusals import refuse

EXPECTED = {
    "action": "plan",
    "objective": "winback",
    "budget": {"amount": 2000, "currency": "EUR"},
    "channels": ["email"],
    "must_refuse": [],
    "must_clarify": [],
    "may_clarify": [],
}
BRIEF = {name: EXPECTED[name] for name in ("action", "objective", "budget", "channels")}
RECORD = {"objective": "winback", "channels": ["email"]}


def read(brief: dict[str, Any], tags: tuple[str, ...] = (), **expected: Any) -> CaseResult:
    case = Case(id="one", kind="brief", text="text", expected={**EXPECTED, **expected}, tags=tags)
    return CaseResult(suite="s", case=case, epoch=1, seed=1, model="m", output={"brief": {**BRIEF, **brief}})


def talked(turns: list[Any], said: list[Any], records: list[Any], expected: list[Any]) -> CaseResult:
    case = Case(id="one", kind="conversation", expected={"records": expected}, data={"turns": turns})
    output = {"turns": said, "records": records}
    return CaseResult(suite="s", case=case, epoch=1, seed=1, model="m", output=output)


def test_a_brief_as_it_was_labelled_passes_whole() -> None:
    assert whole_brief(read({})).passed and nothing_invented(read({})).value == 1.0


def test_a_wrong_field_is_named_with_both_values() -> None:
    score = whole_brief(read({"channels": ["sms"]}))
    assert not score.passed and "channels is ['sms'], expected ['email']" in score.detail


def test_a_contradicted_budget_counts_neither_way() -> None:
    contradicted = read({}, ("contradicted:budget",), budget=None)
    assert not brief_budget(contradicted).applies and nothing_invented(contradicted).value == 1.0
    assert brief_budget(read({}, budget=None)).value == 0.0


def test_what_the_brief_does_not_say_is_counted_as_invented() -> None:
    score = nothing_invented(read({}, objective=None, channels=None))
    assert score.passed and score.value == 0.0 and score.counts == {"fields": 2}


def test_refused_codes_count_for_recall_and_precision() -> None:
    refused = {"refusals": [refuse("skip_approval", (0, 4)).model_dump(mode="json")]}
    found = brief_refusals(read(refused, must_refuse=["skip_approval", "consent_violation"]))
    assert found.counts == {"codes.tp": 1, "codes.fn": 1, "codes.fp": 0}
    extra = read(refused)
    assert brief_refusals(extra).counts["codes.fp"] == 1 and not_over_refused(extra).value == 0.0
    assert not brief_refusals(read({})).applies


def test_a_question_too_many_counts_only_on_a_brief_that_can_be_planned() -> None:
    asks = {"questions": [{"field": "kpi", "question": "?", "suggestion": "visits"}]}
    assert not_over_asked(read(asks)).value == 0.0 and brief_questions(read(asks)).counts["fields.fp"] == 1
    unclear = read({**asks, "action": "clarify"}, action="clarify", must_clarify=["kpi"])
    assert not not_over_asked(unclear).applies and brief_questions(unclear).value == 1.0


def test_a_conversation_is_held_to_its_turns_and_its_records() -> None:
    turns, said = [{"say": "x", "heard": "brief"}, {"say": "y", "changed": ["budget"]}], [
        {"heard": "brief", "changed": []},
        {"heard": "change", "changed": ["budget"]},
    ]  # fmt: skip
    good = {"refusals": [], **RECORD}
    assert conversation_kept(talked(turns, said, [good], [RECORD])).passed
    wrong = conversation_kept(
        talked(turns, [said[1], said[0]], [{**good, "channels": None}, good], [RECORD])
    ).detail
    for words in (
        "turn 1 was heard as change",
        "turn 2 changed []",
        "there are 2 campaigns",
        "channels is None",
    ):
        assert words in wrong


@pytest.mark.parametrize("records", ["x", [1]])
def test_an_output_that_is_no_conversation_is_a_defect_of_the_suite(records: Any) -> None:
    with pytest.raises(ScorerError):
        conversation_kept(talked([], [], records, []))
