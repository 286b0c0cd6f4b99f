"""The gate: every exit code, what is missing, and deciding again on the same record."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evals.harness.baseline import bless, folder_of, read_baseline
from evals.harness.diff import diff
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.gate import Exit, decide
from evals.harness.record import load_run, save_run
from evals.harness.runner import part_of
from evals.harness.suite import Share
from evals.reports.write import write_reports
from evals.worlds.injections import PLANTS, injection_cases
from tests.evals.harness.runs import baseline, run, scored, suite

GOOD = {f"c{i}": [True, True, True] for i in range(40)}
QUALITY, INVARIANT = suite("refusal"), suite("gate", "invariant")


def worse(by: int) -> dict[str, list[bool]]:
    return {name: [i >= by] * 3 for i, name in enumerate(GOOD)}


def test_a_run_as_good_as_its_baseline_passes() -> None:
    made = run({"refusal": GOOD, "gate": GOOD}, [QUALITY, INVARIANT])
    verdict = decide(made, [QUALITY, INVARIANT], {"refusal": baseline(made, "refusal")})
    assert verdict.exit is Exit.PASS
    assert [one.reasons for one in verdict.suites] == [(), ()]


def test_a_drop_that_chance_does_not_explain_is_a_quality_regression_with_its_flips() -> None:
    before, after = run({"refusal": GOOD}, [QUALITY]), run({"refusal": worse(8)}, [QUALITY])
    verdict = decide(after, [QUALITY], {"refusal": baseline(before, "refusal")})
    assert verdict.exit is Exit.QUALITY
    assert "the mean fell by 20.0%" in verdict.suites[0].reasons[0]
    assert len(verdict.suites[0].flips) == 8


def test_a_flaky_case_is_listed_and_decides_nothing() -> None:
    before = run({"refusal": GOOD}, [QUALITY])
    after = run({"refusal": {**GOOD, "c3": [True, False, True]}}, [QUALITY])
    verdict = decide(after, [QUALITY], {"refusal": baseline(before, "refusal")})
    assert verdict.exit is Exit.PASS
    assert verdict.suites[0].figures is not None
    assert verdict.suites[0].figures.flaky == ("c3",)


def test_one_failure_of_an_invariant_breaks_it_even_when_flaky() -> None:
    made = run({"gate": {**GOOD, "c1": [True, True, False]}}, [INVARIANT])
    verdict = decide(made, [INVARIANT], {})
    assert verdict.exit is Exit.INVARIANT
    assert "c1: right wrong" in verdict.suites[0].reasons


def test_a_threshold_is_judged_anew_on_the_same_record() -> None:
    made = run({"refusal": worse(2)}, [QUALITY])
    base = {"refusal": baseline(made, "refusal")}
    assert decide(made, [QUALITY], base).exit is Exit.PASS
    stricter = suite("refusal", thresholds={"right": {"at_least": 0.96}})
    assert decide(made, [stricter], base).exit is Exit.QUALITY
    few = made.model_copy(update={"meta": made.meta.model_copy(update={"tier": "cassette"})})
    assert decide(few, [stricter], base).exit is Exit.PASS
    gate = suite("gate", "invariant", thresholds={"right": {"at_least": 0.96}})
    broken = run({"gate": worse(2)}, [gate])
    few = broken.model_copy(update={"meta": broken.meta.model_copy(update={"tier": "cassette"})})
    assert decide(few, [gate], {}).exit is Exit.INVARIANT


@pytest.mark.parametrize(
    "missing", ["suite", "case", "epoch", "baseline", "baseline_case", "metric", "error", "data", "all"]
)
def test_what_is_missing_never_passes(missing: str) -> None:
    made = run({"refusal": GOOD}, [QUALITY])
    base = {"refusal": baseline(made, "refusal")}
    suites = [QUALITY]
    if missing == "suite":
        suites = [QUALITY, suite("other")]
    elif missing == "case":
        made = made.model_copy(update={"scored": made.scored[3:]})
    elif missing == "epoch":
        made = made.model_copy(update={"scored": made.scored[1:]})
    elif missing == "baseline":
        base = {}
    elif missing == "baseline_case":
        passed = {k: v for k, v in base["refusal"].passed.items() if k != "c2"}
        base = {"refusal": base["refusal"].model_copy(update={"passed": passed})}
    elif missing == "metric":
        suites = [suite("refusal", thresholds={"recall": {"at_least": 0.5}})]
    elif missing == "error":
        made = made.model_copy(
            update={"scored": (*made.scored[3:], *scored("refusal", "c0", [True] * 3, "agent_limit: no"))}
        )
    elif missing == "data":
        base = {"refusal": base["refusal"].model_copy(update={"dataset_sha256": "other"})}
    else:
        suites = []
    verdict = decide(made, suites, base)
    assert verdict.exit is Exit.MISSING, verdict


def test_a_run_that_ran_out_of_money_says_so_and_a_broken_invariant_says_more() -> None:
    made = run({"refusal": GOOD}, [QUALITY], budget=1.0, cost=1.2, budget_exceeded=True)
    base = {"refusal": baseline(made, "refusal")}
    assert decide(made, [QUALITY], base).exit is Exit.BUDGET
    assert decide(made, [QUALITY], {}).exit is Exit.BUDGET  # cases are missing too, and the money says why
    cheap = run({"gate": worse(1)}, [INVARIANT], budget=1.0, cost=1.2, budget_exceeded=True)
    assert decide(cheap, [INVARIANT], {}).exit is Exit.INVARIANT


def test_a_run_comes_back_from_disk_and_is_blessed(tmp_path: Path) -> None:
    made = run({"refusal": worse(3)}, [QUALITY])
    save_run(made, tmp_path / "run")
    assert load_run(tmp_path / "run") == made
    assert bless(made, tmp_path)[0] == folder_of("m", tmp_path) / "refusal.json"
    blessed = read_baseline(tmp_path / "m", "refusal")
    assert decide(made, [QUALITY], {"refusal": blessed}).exit is Exit.PASS
    with pytest.raises(CaseFileError, match="only a whole run"):
        bless(made.model_copy(update={"scored": made.scored[3:]}), tmp_path)


def test_a_missing_or_damaged_run_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(SuiteNotFoundError):
        load_run(tmp_path)
    (tmp_path / "run.json").write_text("{", "utf-8")
    (tmp_path / "results.jsonl").write_text("", "utf-8")
    with pytest.raises(CaseFileError, match="damaged"):
        load_run(tmp_path)
    with pytest.raises(SuiteNotFoundError, match="bless"):
        read_baseline(tmp_path, "refusal")
    with pytest.raises(CaseFileError):
        folder_of("/..", tmp_path)


def test_a_diff_names_the_cases_that_flipped() -> None:
    found = diff(run({"refusal": GOOD}, [QUALITY]), run({"refusal": worse(2)}, [QUALITY]))[0]
    assert (found.now_failing, found.now_passing, found.delta) == (("c0", "c1"), (), pytest.approx(-0.05))


def test_every_form_of_the_report_holds_the_verdict_and_escapes_foreign_text(tmp_path: Path) -> None:
    bad = {**GOOD, "<script>alert(1)</script>\x00|": [False, False, False]}
    made = run({"refusal": bad}, [QUALITY])
    verdict = decide(made, [QUALITY], {"refusal": baseline(made, "refusal")})
    paths = write_reports(made, verdict, tmp_path)
    html = paths["report.html"].read_text("utf-8")
    assert "<script>alert" not in html and "&lt;script&gt;" in html and "<svg" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert "<script" not in paths["report.md"].read_text("utf-8")
    tree = ElementTree.fromstring(paths["junit.xml"].read_text("utf-8"))
    assert tree[0].attrib["failures"] == "3" and tree[0].attrib["tests"] == str(41 * 3 + 1)
    assert json.loads(paths["report.json"].read_text("utf-8"))["verdict"]["exit"] == 0


def test_a_flip_and_a_failure_lead_to_the_trace_of_each_run(tmp_path: Path) -> None:
    odd = "<b>c d</b>#1"
    before = run({"refusal": {**GOOD, odd: [True] * 3}}, [QUALITY])
    after = run({"refusal": {**GOOD, odd: [False] * 3, "c7": [True, False, True]}}, [QUALITY])
    verdict = decide(after, [QUALITY], {"refusal": baseline(before, "refusal")})
    paths = write_reports(after, verdict, tmp_path)
    traces = paths["traces.html"].read_text("utf-8")
    summary = json.loads(paths["report.json"].read_text("utf-8"))
    (flip,) = summary["flips"]
    assert flip["case"] == odd and len(flip["traces"]) == 3
    assert len(summary["failures"]) == 4
    for link in [*flip["traces"], *(failure["trace"] for failure in summary["failures"])]:
        page, _, place = link.partition("#")
        assert (tmp_path / page).is_file() and traces.count(f'<section id="{place}">') == 1
        assert f'href="{link}"' in paths["report.html"].read_text("utf-8")
        assert f"({link})" in paths["report.md"].read_text("utf-8")
    assert "&lt;b&gt;c d&lt;/b&gt;#1, run 2 failed" in traces and "<b>c d" not in traces
    assert "c7, run 2 failed" in traces and "c7, run 1" not in traces


def test_a_part_of_the_cases_is_seeded_and_keeps_their_order() -> None:
    cases = [one.result.case for name in GOOD for one in scored("refusal", name, [True])]
    part = part_of(cases, Share(cases=10), 1)
    assert part == part_of(cases, Share(cases=10), 1) != part_of(cases, Share(cases=10), 2)
    assert [cases.index(case) for case in part] == sorted(cases.index(case) for case in part)
    assert part_of(cases, Share(), 1) == part_of(cases, Share(cases=99), 1) == tuple(cases)


def test_a_part_spread_over_keys_holds_each_of_their_values() -> None:
    cases = injection_cases()
    part = part_of(cases, Share(cases=40, spread=("plant", "goal")), 1)
    assert Counter(case.data["plant"] for case in part) == dict.fromkeys(PLANTS, 2)
    assert set(Counter(case.data["goal"] for case in part).values()) <= {2, 3} and len(part) == 40
    assert part != part_of(cases, Share(cases=40, spread=("plant", "goal")), 2)
