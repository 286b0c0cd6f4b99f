"""Inspect: our suites run inside it, our runs are read back by it, and what failed there fails. `make inspect` runs these."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from evals.harness.case import Case, CaseResult, Score, Step
from evals.harness.record import Scored, passes_by_case
from evals.harness.runner import run_suites
from evals.harness.suite import read_suite
from evals.registry import PlannedSuite, Workshop
from evals.running import Chosen, meta_of
from evals.tasks.outcome import TaskOutcome
from tests.evals.harness import runs

pytest.importorskip("inspect_ai", reason="inspect_ai is not installed; `make inspect` runs these")

pytestmark = pytest.mark.filterwarnings("ignore")  # inspect_ai's own are not ours

META = meta_of(Chosen("offline"), "release", 1)


def made_up(task: Any, cases: int = 3) -> PlannedSuite:
    """A suite whose second case is wrong; the third's scorer does not apply."""

    def right(result: CaseResult) -> Score:
        good = result.case.id != "c1"
        return Score(
            name="right",
            passed=good,
            value=float(good),
            detail="" if good else "c1 is wrong",
            applies=result.case.id != "c2",
        )

    made = [Case(id=f"c{n}", kind="x", text=f"case {n}") for n in range(cases)]
    return PlannedSuite(runs.suite(epochs=2), made, "digest", task, {"right": right})


async def fine(case: Case, seed: int) -> TaskOutcome:
    steps = (Step(agent="planner", tool="read_brief", args={"about": case.id}),)
    return TaskOutcome(output={"said": case.id, "seed": seed}, usage=(7, 3, 1), steps=steps)


async def broken(case: Case, seed: int) -> TaskOutcome:
    if case.id == "c1":
        raise RuntimeError("it fell over")
    return await fine(case, seed)


def test_a_run_read_back_by_inspect_has_its_samples_scores_epochs_and_usage(tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    from evals.adapters.inspect_task import write_logs

    run = asyncio.run(run_suites([made_up(fine)], META))
    (path,) = write_logs(run, tmp_path)
    log = read_eval_log(str(path))
    assert log.status == "success"
    assert (log.eval.config.epochs, log.eval.dataset.samples, log.eval.model) == (2, 3, META.model)
    assert {(s.id, s.epoch): s.scores["passed"].as_float() == 1 for s in log.samples} == {
        (one.result.case.id, one.result.epoch): one.passed for one in run.scored
    }
    figures = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert figures == {"passed": pytest.approx(2 / 3), "right": 0.5}
    assert log.results.scores[1].unscored_samples == 2
    assert log.stats.model_usage[META.model].total_tokens == 6 * 10
    wrong = [s.scores["right"].explanation for s in log.samples if s.id == "c1"]
    assert wrong == ["c1 is wrong"] * 2
    asked, called, said = log.samples[0].messages
    assert (asked.text, called.tool_calls[0].function) == ("case 0", "planner.read_brief")
    assert called.tool_calls[0].arguments == {"about": "c0"} and '"said": "c0"' in said.text
    assert log.stats.completed_at > log.stats.started_at


def test_a_case_without_a_result_and_one_that_broke_are_errors_of_the_log(tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    from evals.adapters.inspect_task import write_logs

    made = runs.run({"refusal": {"a": [True], "b": [True]}}, [runs.suite()])
    fell = runs.scored("refusal", "a", [False], error="agents_timeout: too slow")
    torn = made.model_copy(update={"scored": tuple(fell)})
    log = read_eval_log(str(write_logs(torn, tmp_path)[0]))
    assert log.status == "error"
    assert log.samples[0].error.message == "agents_timeout: too slow"


async def test_a_suite_run_inside_inspect_gives_what_our_runner_gives(tmp_path: Path) -> None:
    from evals.adapters.inspect_task import evaluate

    workshop = Workshop(Chosen("offline").provider())
    try:
        planned = workshop.plan(read_suite("approver_comments"))
        planned = PlannedSuite(
            planned.suite, planned.cases[:6], planned.dataset_sha256, planned.task, planned.scorers
        )
        ours = await run_suites([planned, made_up(fine)], META, epochs=2)
        logs = await evaluate([planned, made_up(fine)], META, tmp_path, epochs=2)
    finally:
        await workshop.aclose()
    for log in logs:
        by_case: dict[str, list[bool]] = {}
        for sample in sorted(log.samples, key=lambda one: (one.id, one.epoch)):
            by_case.setdefault(str(sample.id), []).append(sample.scores["passed"].as_float() == 1)
        assert by_case == passes_by_case(ours.of(log.eval.task))
    assert {log.eval.task: len(log.samples) for log in logs} == {"approver_comments": 12, "refusal": 6}


async def test_what_inspect_calls_a_success_although_a_sample_broke_is_an_error_of_ours(
    tmp_path: Path,
) -> None:
    from evals.adapters.inspect_task import InspectRunError, evaluate

    with pytest.raises(InspectRunError, match=r"c1 #1: .*it fell over"):
        await evaluate([made_up(broken)], META, tmp_path, epochs=1)


async def test_running_nothing_inside_inspect_is_no_pass(tmp_path: Path) -> None:
    from evals.adapters.inspect_task import InspectRunError, evaluate

    with pytest.raises((InspectRunError, ValueError)):
        await evaluate([made_up(fine, cases=0)], META, tmp_path, epochs=1)


def test_passing_means_the_same_in_a_log_and_in_a_run() -> None:
    from evals.adapters.inspect_task import _whole

    for one in (*runs.scored("s", "a", [True, False]), *runs.scored("s", "a", [True], error="x: y")):
        assert (_whole(Scored(result=one.result, scores=one.scores)).value == 1) is one.passed
