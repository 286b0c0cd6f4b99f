"""Inspect, the evaluation framework: our suites run as its tasks, and our runs written as its logs. Extra `[evals]`.

The only file that imports `inspect_ai`. `inspect view --log-dir DIR` shows what `write_logs` wrote;
`inspect eval evals/adapters/inspect_task.py@countersign_suite -T suite=refusal` runs a suite there. Inspect ends with 0
although samples failed, so what has to fail on them calls `evaluate`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from inspect_ai import Epochs, Task, eval_async, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import (
    EvalConfig,
    EvalDataset,
    EvalError,
    EvalLog,
    EvalMetric,
    EvalResults,
    EvalRevision,
    EvalSample,
    EvalScore,
    EvalSpec,
    EvalStats,
    write_eval_log,
)
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput, ModelUsage
from inspect_ai.scorer import Score, mean, scorer, stderr
from inspect_ai.solver import solver
from inspect_ai.tool import ToolCall

from evals.harness.case import Case, CaseResult
from evals.harness.errors import EvalsError
from evals.harness.record import Run, RunMeta, Scored, SuiteMeta
from evals.harness.runner import Planned, part_of, result_of, scored_by
from evals.harness.suite import read_suite
from evals.registry import Workshop
from evals.running import Chosen, meta_of

PASSED: Final = "passed"
"""The score that stands for the whole: every scorer that applies is content and nothing broke."""
_RESULT: Final = "countersign.result"
_NO_START: Final = "1970-01-01T00:00:00+00:00"
_MODEL: Final = "mockllm/model"  # inspect wants a model; our tasks bring their own and never ask this one


class InspectRunError(EvalsError):
    """A run inside Inspect left samples that failed or are missing, which Inspect itself calls a success."""

    code = "evals_inspect"


@task  # type: ignore[untyped-decorator]  # where inspect_ai is not installed
def countersign_suite(suite: str, model: str = "offline", base_url: str = "", tier: str = "release") -> Any:
    """Return a suite as a task, for `inspect eval`; what it opens is closed with the process."""
    chosen = Chosen(model, base_url)
    meta = meta_of(chosen, tier, 1)  # type: ignore[arg-type]  # a tier that is none gets the whole suite
    return task_of(Workshop(chosen.provider()).plan(read_suite(suite)), meta)


def task_of(planned: Planned, meta: RunMeta, epochs: int | None = None) -> Any:
    """Return a planned suite as an Inspect task: the solver runs our task, each scorer of ours is one of its scorers."""
    share = planned.suite.share(meta.tier)  # type: ignore[arg-type]  # as in run_suites
    cases = part_of(planned.cases, share, meta.seed)
    return Task(
        dataset=MemoryDataset([_sample(case) for case in cases], name=planned.suite.dataset),
        solver=_solver(planned, meta),
        scorer=[_passed(planned), *(_one(name, planned) for name in planned.scorers)],
        epochs=Epochs(epochs or share.epochs, "mean"),
        fail_on_error=False,
        name=planned.suite.name,
        metadata={
            "class": planned.suite.suite_class,
            "dataset_sha256": planned.dataset_sha256,
            **meta.model_dump(),
        },
    )


async def evaluate(
    planned: Sequence[Planned], meta: RunMeta, log_dir: Path, epochs: int | None = None
) -> list[Any]:
    """Run suites inside Inspect and return its logs; InspectRunError names each sample that failed or is missing."""
    tasks = [task_of(one, meta, epochs) for one in planned]
    logs: list[Any] = await eval_async(tasks, model=_MODEL, log_dir=str(log_dir), fail_on_error=False)
    expected = {str(one.name): len(one.dataset) * one.epochs for one in tasks}
    problems = [problem for log in logs for problem in _problems(log, expected)]
    ran = {log.eval.task for log in logs}
    problems += [f"{name} was not run" for name in expected if name not in ran]
    if problems or not expected:
        said = "; ".join(problems[:5]) or "no suite was given"
        raise InspectRunError(
            f"Inspect ran this with {len(problems)} problems ({said}); look at them with "
            f"`inspect view --log-dir {log_dir}`",
            value=problems[:1],
        )
    return logs


def _problems(log: Any, expected: dict[str, int]) -> list[str]:
    name, samples = log.eval.task, log.samples or []
    found = [] if log.status == "success" else [f"{name} ended with {log.status}"]
    wanted = expected.get(name, 0)
    if len(samples) != wanted or not samples:
        found.append(f"{name} has {len(samples)} of {wanted} samples")
    found += [f"{name} {one.id} #{one.epoch}: {one.error.message}" for one in samples if one.error]
    found += [
        f"{name} {one.id} #{one.epoch} was not scored"
        for one in samples
        if not one.error and PASSED not in (one.scores or {})
    ]
    return found


def _sample(case: Case) -> Any:
    return Sample(
        id=case.id, input=_input(case), target=_target(case), metadata={"case": case.model_dump(mode="json")}
    )


def _solver(planned: Planned, meta: RunMeta) -> Any:
    def countersign_task() -> Any:
        async def solve(state: Any, generate: Any) -> Any:  # noqa: ARG001  # our tasks ask their own models
            case = Case.model_validate(state.metadata["case"])
            result = await result_of(planned, case, state.epoch, meta)
            if result.error is not None:
                raise InspectRunError(result.error, value=case.id)
            state.output = _output(result)
            state.metadata[_RESULT] = result.model_dump(mode="json")
            return state

        return solve

    return solver(name="countersign_task")(countersign_task)()


def _passed(planned: Planned) -> Any:
    def judged(one: Scored) -> Any:
        return _whole(one)

    return _scorer(PASSED, planned, judged)


def _one(name: str, planned: Planned) -> Any:
    def judged(one: Scored) -> Any:
        return _score(next(score for score in one.scores if score.name == name))

    return _scorer(name, planned, judged)


def _scorer(name: str, planned: Planned, judged: Any) -> Any:
    def factory() -> Any:
        async def score(state: Any, target: Any) -> Any:  # noqa: ARG001  # what is expected stands in the case
            one = scored_by(CaseResult.model_validate(state.metadata[_RESULT]), planned.scorers)
            if one.result.error is not None:
                raise InspectRunError(one.result.error, value=one.result.case.id)
            return judged(one)

        return score

    return scorer(metrics=[mean(), stderr()], name=name)(factory)()


def _whole(one: Scored) -> Any:
    said = one.result.error or "; ".join(s.detail for s in one.scores if s.applies and not s.passed)
    return Score(value=float(one.passed), explanation=said or None)


def _score(score: Any) -> Any:
    more = {"passed": score.passed, **score.counts}
    if not score.applies:
        return Score.unscored(explanation="this case says nothing about it", metadata=more)
    return Score(value=score.value, explanation=score.detail or None, metadata=more)


def write_logs(run: Run, folder: Path) -> list[Path]:
    """Write a finished run as logs that `inspect view --log-dir FOLDER` opens, `SUITE.eval` each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for meta in run.suites:
        path = folder / f"{meta.suite.name}.eval"
        write_eval_log(log_of(run, meta), str(path))
        written.append(path)
    return written


def log_of(run: Run, suite: SuiteMeta) -> Any:
    """Return one suite of a run as an Inspect log: a sample a case and epoch, scored by `passed` and each scorer."""
    scored = run.of(suite.suite.name)
    started = run.meta.started_at or _NO_START
    took = timedelta(seconds=sum(one.result.seconds for one in scored))
    completed = (datetime.fromisoformat(started) + took).isoformat()
    samples = [_sample_of(one) for one in scored]
    broken = sum(one.result.error is not None for one in scored)
    whole = len(scored) == len(suite.case_ids) * suite.epochs
    failed = None if whole else EvalError(message="cases are missing", traceback="", traceback_ansi="")
    return EvalLog(
        status="success" if whole else "error",
        error=failed,
        eval=EvalSpec(
            run_id=f"{run.meta.git_sha[:12]}-{run.meta.seed}",
            eval_id=suite.suite.name,
            task_id=suite.suite.name,
            created=started,
            task=suite.suite.name,
            task_description=suite.suite.title,
            model=run.meta.model,
            model_base_url=run.meta.endpoint or None,
            dataset=EvalDataset(
                name=suite.suite.dataset, samples=len(suite.case_ids), sample_ids=list(suite.case_ids)
            ),
            config=EvalConfig(epochs=suite.epochs, epochs_reducer=["mean"]),
            revision=EvalRevision(type="git", origin="", commit=run.meta.git_sha),
            metadata={
                "class": suite.suite.suite_class,
                "dataset_sha256": suite.dataset_sha256,
                **run.meta.model_dump(),
            },
        ),
        results=EvalResults(
            total_samples=len(suite.case_ids) * suite.epochs,
            completed_samples=len(scored) - broken,
            scores=_results(samples),
        ),
        stats=EvalStats(
            started_at=started, completed_at=completed, model_usage={run.meta.model: _usage(scored)}
        ),
        samples=samples,
    )


def _sample_of(one: Scored) -> Any:
    result = one.result
    error = result.error
    return EvalSample(
        id=result.case.id,
        epoch=result.epoch,
        input=_input(result.case),
        target=_target(result.case),
        output=_output(result),
        messages=_messages(result),
        scores={PASSED: _whole(one), **{score.name: _score(score) for score in one.scores}},
        metadata={
            "case": result.case.model_dump(mode="json"),
            "steps": [s.model_dump(mode="json") for s in result.steps],
            "trace": result.trace,
        },
        model_usage={result.model: _usage([one])},
        total_time=result.seconds,
        working_time=result.seconds,
        error=None if error is None else EvalError(message=error, traceback=error, traceback_ansi=error),
    )


def _messages(result: CaseResult) -> list[Any]:
    """The story as the viewer tells one: what was asked, each tool called, what came of it."""
    calls = [
        ToolCall(id=f"{at}", function=f"{step.agent}.{step.tool}", arguments=step.args)
        for at, step in enumerate(result.steps, start=1)
    ]
    called = [ChatMessageAssistant(content="", tool_calls=[call]) for call in calls]
    return [ChatMessageUser(content=_input(result.case)), *called, _output(result).message]


def _results(samples: Sequence[Any]) -> list[Any]:
    names = list(dict.fromkeys(name for sample in samples for name in sample.scores))
    found = []
    for name in names:
        all_of = [sample.scores[name].as_float() for sample in samples if name in sample.scores]
        values = [value for value in all_of if value == value]  # NaN: it does not apply
        if values:
            metric = EvalMetric(name="mean", value=sum(values) / len(values))
            left = len(samples) - len(values)
            found.append(
                EvalScore(
                    name=name,
                    scorer=name,
                    reducer="mean",
                    scored_samples=len(values),
                    unscored_samples=left,
                    metrics={"mean": metric},
                )
            )
    return found


def _input(case: Case) -> str:
    return case.text or json.dumps(case.data, ensure_ascii=False)


def _target(case: Case) -> str:
    return json.dumps(case.expected, ensure_ascii=False) if case.expected else ""


def _output(result: CaseResult) -> Any:
    """The output as text, always with usage: without it Inspect fetches a tokenizer to count."""
    text = result.error or json.dumps(result.output, ensure_ascii=False, indent=1)
    output = ModelOutput.from_content(result.model, text)
    output.usage = ModelUsage(
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        total_tokens=result.input_tokens + result.output_tokens,
    )
    return output


def _usage(scored: Sequence[Scored]) -> Any:
    sent = sum(one.result.input_tokens for one in scored)
    received = sum(one.result.output_tokens for one in scored)
    return ModelUsage(input_tokens=sent, output_tokens=received, total_tokens=sent + received)
