"""The gate: decides on a finished run, by thresholds and against a baseline, without calling any model.

Every case counts in the comparison, flaky ones too: leaving out those that were flaky before would keep the lucky ones
only, and their way back to the mean would look like a drop. A flaky case is listed, and by itself decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np
from pydantic import BaseModel, ConfigDict

from evals.harness.baseline import Baseline
from evals.harness.mde import ALPHA
from evals.harness.metrics import SuiteFigures, figures_of_suite
from evals.harness.record import Run, Scored, SuiteMeta, passes_by_case
from evals.harness.statistics import holm, paired_drop_p, paired_interval
from evals.harness.suite import SERVED, Bound, Suite


class Exit(IntEnum):
    """What a gate ends with; the worst of all suites counts, in the order of `_WORST_FIRST`."""

    PASS = 0
    QUALITY = 1
    INVARIANT = 2
    MISSING = 3
    BUDGET = 4


# what was not run because the money ran out is missing too, and the money says why
_WORST_FIRST = (Exit.INVARIANT, Exit.BUDGET, Exit.MISSING, Exit.QUALITY, Exit.PASS)


class Comparison(BaseModel):
    """A suite against its baseline, over the cases of both: mean difference, its interval, p of a drop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: int
    delta: float
    low: float
    high: float
    p: float
    p_holm: float = 1.0


class SuiteVerdict(BaseModel):
    """What the gate says of one suite, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    suite_class: str
    exit: Exit
    reasons: tuple[str, ...] = ()
    figures: SuiteFigures | None = None
    comparison: Comparison | None = None
    flips: tuple[str, ...] = ()


class Verdict(BaseModel):
    """The verdict on a run; `exit` is the exit code of the command."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: Exit
    suites: tuple[SuiteVerdict, ...]
    reasons: tuple[str, ...] = ()


def decide(run: Run, suites: Sequence[Suite], baselines: Mapping[str, Baseline]) -> Verdict:
    """Decide whether a run may pass.

    `suites` are those that have to be there, with the thresholds that hold now; `baselines` are by suite, and every
    quality suite needs one. A suite, case, epoch, metric or baseline that is missing is never a pass.
    """
    reasons = [] if suites else ["no suite was asked for; a gate that looks at nothing passes nothing"]
    compared = {suite.name: _compared(run, suite, baselines.get(suite.name)) for suite in suites}
    adjusted = holm({name: found.p for name, found in compared.items() if found is not None})
    verdicts = []
    for suite in suites:
        comparison = compared[suite.name]
        if comparison is not None:
            comparison = comparison.model_copy(update={"p_holm": adjusted[suite.name]})
        verdicts.append(_suite_verdict(run, suite, baselines.get(suite.name), comparison))
    exits = [verdict.exit for verdict in verdicts] + ([Exit.MISSING] if reasons else [])
    if run.meta.budget_exceeded:
        exits.append(Exit.BUDGET)
        reasons.append(f"the run stopped at {run.meta.cost:.4f} USD of {run.meta.budget} USD")
    worst = next(code for code in _WORST_FIRST if code in exits or code is Exit.PASS)
    return Verdict(exit=worst, suites=tuple(verdicts), reasons=tuple(reasons))


def _suite_verdict(
    run: Run, suite: Suite, baseline: Baseline | None, comparison: Comparison | None
) -> SuiteVerdict:
    meta, scored = run.suite(suite.name), run.of(suite.name)
    if meta is None or not scored:
        return _verdict(suite, Exit.MISSING, [f"{suite.name} was not run"])
    figures = figures_of_suite(scored)
    broken = _broken_invariants(suite, scored)
    missing = _missing(meta, suite, scored, figures, baseline)
    # bars are for a whole suite; the few cases of a served tier are held against their baseline
    few = suite.suite_class == "quality" and run.meta.tier in SERVED
    worse = _quality({} if few else suite.thresholds, figures, comparison)
    code = next(
        (
            exit_code
            for exit_code, found in (
                (Exit.INVARIANT, broken),
                (Exit.MISSING, missing),
                (Exit.QUALITY, worse),
            )
            if found
        ),
        Exit.PASS,
    )
    flips = () if baseline is None else _flips(scored, baseline)
    return _verdict(suite, code, [*broken, *missing, *worse], figures, comparison, flips)


def _broken_invariants(suite: Suite, scored: Sequence[Scored]) -> list[str]:
    if suite.suite_class != "invariant":
        return []
    return [
        f"{one.result.case.id}: {score.name} {score.detail}".strip()
        for one in scored
        for score in one.scores
        if score.applies and not score.passed
    ]


def _missing(
    meta: SuiteMeta,
    suite: Suite,
    scored: Sequence[Scored],
    figures: SuiteFigures,
    baseline: Baseline | None,
) -> list[str]:
    found = [f"{one.result.case.id} failed to run: {one.result.error}" for one in scored if one.result.error]
    epochs = passes_by_case(scored)
    found += [
        f"{case} has {len(epochs.get(case, ()))} of {meta.epochs} epochs"
        for case in meta.case_ids
        if len(epochs.get(case, ())) != meta.epochs
    ]
    names = {score.name for one in scored for score in one.scores}
    found += [f"nothing was scored by {name}" for name in suite.scorers if name not in names]
    found += [f"there is no metric {name}" for name in suite.thresholds if name not in figures.metrics]
    if suite.suite_class == "quality":
        if baseline is None:
            return [*found, f"there is no baseline for {suite.name}; look at a run and bless it"]
        if baseline.dataset_sha256 != meta.dataset_sha256:
            found.append("the baseline was blessed on other data; look at a run and bless it again")
        found += [f"the baseline has no {case}" for case in meta.case_ids if case not in baseline.passed]
        lost = [name for name in baseline.metrics if name not in figures.metrics]
        whole = len(meta.case_ids) == len(baseline.passed)
        found += [f"the metric {name} of the baseline is gone" for name in lost if whole]
    return found


def _quality(bounds: Mapping[str, Bound], figures: SuiteFigures, comparison: Comparison | None) -> list[str]:
    found = [
        f"{name} {problem}"
        for name, bound in bounds.items()
        if (value := figures.metrics.get(name)) is not None and (problem := bound.problem(value))
    ]
    if comparison is not None and comparison.p_holm <= ALPHA:
        found.append(
            f"the mean fell by {-comparison.delta:.1%} (95 % interval {comparison.low:.1%} to "
            f"{comparison.high:.1%}, p {comparison.p_holm:.2g} after Holm)"
        )
    return found


def _compared(run: Run, suite: Suite, baseline: Baseline | None) -> Comparison | None:
    """Compare a quality suite with its baseline over the cases that both have; None without any."""
    if suite.suite_class != "quality" or baseline is None:
        return None
    passes = passes_by_case(run.of(suite.name))
    cases = sorted(passes.keys() & baseline.passed.keys())
    if not cases:
        return None
    epochs = int(np.lcm(baseline.epochs, max(len(passes[case]) for case in cases)))
    before = np.array([baseline.passed[case] / baseline.epochs for case in cases])
    after = np.array([sum(passes[case]) / len(passes[case]) for case in cases])
    low, high = paired_interval(before, after, np.random.default_rng(run.meta.seed))
    p = paired_drop_p(before, after, epochs)
    return Comparison(cases=len(cases), delta=float((after - before).mean()), low=low, high=high, p=p)


def flipped_cases(verdict: SuiteVerdict) -> frozenset[str]:
    """Return the ids of a suite's cases that flipped."""
    return frozenset(flip.rpartition(": ")[0] for flip in verdict.flips)


def _flips(scored: Sequence[Scored], baseline: Baseline) -> tuple[str, ...]:
    """Cases that always passed before and never do now, or the other way round, in words."""
    found = []
    for case, each in passes_by_case(scored).items():
        before = baseline.passed.get(case)
        if before == baseline.epochs and not any(each):
            found.append(f"{case}: passed, now fails")
        elif before == 0 and all(each):
            found.append(f"{case}: failed, now passes")
    return tuple(found)


def _verdict(
    suite: Suite,
    code: Exit,
    reasons: Sequence[str],
    figures: SuiteFigures | None = None,
    comparison: Comparison | None = None,
    flips: tuple[str, ...] = (),
) -> SuiteVerdict:
    return SuiteVerdict(
        suite=suite.name,
        suite_class=suite.suite_class,
        exit=code,
        reasons=tuple(reasons),
        figures=figures,
        comparison=comparison,
        flips=flips,
    )
