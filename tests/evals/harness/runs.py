"""Runs made by hand, for tests of the gate and the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.harness.baseline import Baseline
from evals.harness.case import Case, CaseResult, Score
from evals.harness.metrics import metrics_of
from evals.harness.record import Run, RunMeta, Scored, SuiteMeta
from evals.harness.suite import Suite


def suite(name: str = "refusal", kind: str = "quality", **more: object) -> Suite:
    plain = {"name": name, "title": name, "class": kind, "dataset": "x", "task": "x", "scorers": ("right",)}
    return Suite.model_validate({**plain, "mde": 0.1 if kind == "quality" else None, **more})


def scored(name: str, case_id: str, passes: Sequence[bool], error: str | None = None) -> list[Scored]:
    return [
        Scored(
            result=CaseResult(
                suite=name, case=Case(id=case_id, kind="x"), epoch=at, seed=1, model="m", error=error
            ),
            scores=()
            if error
            else (Score(name="right", passed=good, value=float(good), detail="" if good else "wrong"),),
        )
        for at, good in enumerate(passes, start=1)
    ]


def run(passes: Mapping[str, Mapping[str, Sequence[bool]]], suites: Sequence[Suite], **meta: object) -> Run:
    """A run from the passes of each case of each suite."""
    all_scored = [
        one
        for name, cases in passes.items()
        for case_id, each in cases.items()
        for one in scored(name, case_id, each)
    ]
    metas = tuple(
        SuiteMeta(
            suite=one,
            case_ids=tuple(passes[one.name]),
            epochs=max(map(len, passes[one.name].values()), default=1),
            dataset_sha256="d",
        )
        for one in suites
        if one.name in passes
    )
    made = RunMeta.model_validate({"model": "m", "tier": "commit", "seed": 1, **meta})
    return Run(meta=made, suites=metas, scored=tuple(all_scored))


def baseline(of: Run, name: str) -> Baseline:
    found = of.of(name)
    epochs = max(one.result.epoch for one in found)
    passed: dict[str, int] = {}
    for one in found:
        passed[one.result.case.id] = passed.get(one.result.case.id, 0) + one.passed
    return Baseline(
        suite=name,
        model="m",
        git_sha="",
        dataset_sha256="d",
        epochs=epochs,
        passed=passed,
        metrics=metrics_of(found),
    )
