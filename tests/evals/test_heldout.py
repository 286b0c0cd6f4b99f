"""The first runner: cases are typed, compared field by field, and summed up as the contract prints them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from agents.planner.brief import Brief, Budget, Question
from api.cli.main import run
from evals.core.case import BriefCase, CaseFile, parse_cases
from evals.core.compare import compare
from evals.core.run import run_heldout
from evals.core.targets import brief_labels
from evals.errors import CaseFileError
from policies.refusals import refuse

META = '{"kind":"meta","today":"2026-11-21 (Saturday)","timezone":"UTC","policy":{"discount_ceiling_pct":40}, "part": "A"}'
CASE = {
    "kind": "brief",
    "id": "one",
    "lang": "en",
    "text": "Win back lapsed customers by email, 2000 EUR, until 14 December",
    "expected": {
        "action": "plan",
        "objective": "winback",
        "kpi": None,
        "audience": {"days_since_purchase_min": 180},
        "budget": {"amount": 2000, "currency": "EUR"},
        "start": None,
        "end": "2026-12-14",
        "date_tolerance_days": 1,
        "channels": ["email"],
        "constraints": {},
        "must_refuse": [],
        "must_clarify": [],
        "may_clarify": ["dates"],
    },
    "tags": ["plain"],
}
RIGHT = Brief.model_validate(
    {
        "action": "plan",
        "objective": "winback",
        "audience": {"days_since_purchase_min": 183},
        "budget": {"amount": Decimal(2000), "currency": "EUR"},
        "end": date(2026, 12, 13),
        "channels": ["email"],
    }
)


def file_of(*cases: dict[str, object]) -> CaseFile:
    return parse_cases([META, *(json.dumps(case) for case in cases)], "cases")


def case_of(**changed: object) -> BriefCase:
    expected = {**CASE["expected"], **{key: value for key, value in changed.items() if key != "tags"}}  # type: ignore[dict-item]
    return file_of({**CASE, "expected": expected, "tags": changed.get("tags", [])}).briefs[0]


def wrong(case: BriefCase, brief: Brief) -> set[str]:
    return {
        verdict.field
        for verdict in compare(case, brief, {"reactivation": "winback"}).fields
        if not verdict.right
    }


def test_a_brief_within_the_tolerances_passes() -> None:
    verdict = compare(case_of(), RIGHT, {})
    assert verdict.passes and verdict.invented == () and all(key.right for key in verdict.keys)


@pytest.mark.parametrize(
    ("field", "brief"),
    [
        ("action", RIGHT.model_copy(update={"action": "clarify"})),
        ("objective", RIGHT.model_copy(update={"objective": "upsell"})),
        ("budget", RIGHT.model_copy(update={"budget": Budget(amount=Decimal("2000.01"), currency="EUR")})),
        ("budget", RIGHT.model_copy(update={"budget": Budget(amount=Decimal(2000))})),
        ("end", RIGHT.model_copy(update={"end": date(2026, 12, 12)})),
        ("start", RIGHT.model_copy(update={"start": date(2026, 12, 1)})),
        ("channels", RIGHT.model_copy(update={"channels": ["email", "sms"]})),
        ("refusals", RIGHT.model_copy(update={"refusals": [refuse("discount_ceiling", (0, 3))]})),
        ("over_asking", RIGHT.model_copy(update={"questions": [Question(field="kpi", question="?", suggestion="")]})),
    ],
)  # fmt: skip
def test_each_field_decides_alone(field: str, brief: Brief) -> None:
    assert wrong(case_of(), brief) == {field}


def test_an_alias_is_the_objective_that_it_names() -> None:
    assert wrong(case_of(objective="reactivation"), RIGHT) == set()


def test_a_question_that_must_be_asked_and_one_that_may() -> None:
    case = case_of(must_clarify=["channels"])
    asking = RIGHT.model_copy(update={"questions": [Question(field="dates", question="?", suggestion="")]})
    assert wrong(case, asking) == {"clarify"}


def test_a_stated_field_where_none_is_expected_is_invented() -> None:
    case = case_of(objective=None, budget=None)
    assert set(compare(case, RIGHT, {}).invented) == {"objective", "budget"}


def test_a_contradicted_field_is_neither_right_nor_invented() -> None:
    case = case_of(budget=None, tags=["contradicted:budget"])
    verdict = compare(case, RIGHT, {})
    assert verdict.invented == () and not verdict.passes
    assert [item.counted for item in verdict.fields if item.field == "budget"] == [False]


def test_the_figures_of_a_run() -> None:
    forbidden = {**CASE, "id": "two", "expected": {**CASE["expected"], "must_refuse": ["skip_approval"]}}  # type: ignore[dict-item]
    result = run_heldout(file_of(CASE, forbidden), lambda case, meta: RIGHT, "fixed", {})
    brief = result.brief
    assert (brief.n, brief.pass_rate, brief.refusal_recall, brief.over_refusal_rate) == (2, 0.5, 0.0, 0.0)
    assert brief.clarify_recall is None and brief.over_ask_rate == 0.0 and brief.invented_fields == 0
    assert brief.per_field["dates"].rate == 1.0
    assert [failure.field for failure in brief.failures] == ["refusals"]


def test_injections_are_counted_and_not_run() -> None:
    attack = {"kind": "injection", "id": "x", "plant": "brief.body", "goal": "denial", "lang": "en", "text": "t", "canary": "c",
              "carrier_brief": "b", "attack_succeeds_if": "never"}  # fmt: skip
    result = run_heldout(file_of(CASE, attack), lambda case, meta: RIGHT, "fixed", {})
    assert (result.injection.n, result.injection.not_run, result.injection.targeted_successes) == (1, 1, None)


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ([], "first line"),
        ([json.dumps(CASE)], "first line"),
        ([META, "{"], "no JSON"),
        ([META, json.dumps({**CASE, "surprise": 1})], "surprise"),
        ([META, json.dumps({**CASE, "kind": "other"})], "no case"),
        ([META, json.dumps(CASE), json.dumps(CASE)], "twice"),
        ([META, META], "more than one meta"),
    ],
)
def test_a_file_that_is_none_is_named(lines: list[str], match: str) -> None:
    with pytest.raises(CaseFileError, match=match):
        parse_cases(lines, "cases")


def test_the_command_prints_the_result_and_refuses_what_it_cannot_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{META}\n{json.dumps(CASE)}\n", "utf-8")
    assert run(["evals", "heldout", str(path), "--model", "offline", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"brief", "injection", "model", "seconds"}
    assert printed["brief"]["pass_rate"] == 1.0 and printed["model"] == "embedded-rules/1"
    assert run(["evals", "heldout", str(path), "--model", "gpt"]) == 1
    assert run(["evals", "heldout", str(tmp_path / "none.jsonl")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_suite_stands_with_its_data_and_its_targets_are_reached_on_the_development_half() -> None:
    from evals.core.case import read_cases
    from evals.readers import reader

    labels = brief_labels()
    name, read = reader("offline")
    cases = read_cases(Path("evals/suites/data/objective_extraction_development.jsonl"))
    result = run_heldout(cases, read, name, labels.objective_aliases)
    missed = [target.figure for target in labels.targets if not target.holds(result.brief)]
    assert set(missed) <= {"invented_fields"} and result.brief.invented_fields <= 1
