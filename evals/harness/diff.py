"""Two runs beside each other: which cases flipped, and what the means did."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from evals.harness.metrics import metrics_of
from evals.harness.record import Run, passes_by_case


class SuiteDiff(BaseModel):
    """One suite of two runs. `delta` is of the mean over the cases of both; None where they share none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    cases: int
    delta: float | None
    now_failing: tuple[str, ...]
    now_passing: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    metrics: dict[str, float]


def diff(before: Run, after: Run) -> tuple[SuiteDiff, ...]:
    """Return what changed from one run to another, by suite."""
    names = sorted({meta.suite.name for run in (before, after) for meta in run.suites})
    return tuple(_suite_diff(name, before, after) for name in names)


def _suite_diff(name: str, before: Run, after: Run) -> SuiteDiff:
    then, now = passes_by_case(before.of(name)), passes_by_case(after.of(name))
    both = sorted(then.keys() & now.keys())
    change = {case: _mean(now[case]) - _mean(then[case]) for case in both}
    old, new = metrics_of(before.of(name)), metrics_of(after.of(name))
    return SuiteDiff(
        suite=name,
        cases=len(both),
        delta=sum(change.values()) / len(both) if both else None,
        now_failing=tuple(case for case in both if all(then[case]) and not all(now[case])),
        now_passing=tuple(case for case in both if not all(then[case]) and all(now[case])),
        only_before=tuple(sorted(then.keys() - now.keys())),
        only_after=tuple(sorted(now.keys() - then.keys())),
        metrics={key: new[key] - old[key] for key in sorted(old.keys() & new.keys()) if new[key] != old[key]},
    )


def _mean(passes: list[bool]) -> float:
    return sum(passes) / len(passes)
