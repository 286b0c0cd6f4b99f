"""The summary of a run: its verdict, what it was made with, and the tables that every form of the report shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

from evals.harness.gate import SuiteVerdict, Verdict
from evals.harness.record import Run, RunMeta, Scored
from evals.reports.traces import Trace, traces_of

COLUMNS: Final = (
    "suite", "verdict", "class", "n", "epochs", "mean", "interval", "pass^1..k", "delta", "p", "p50", "p95", "tokens", "cost",
)  # fmt: skip
"""The columns of the table of suites, in every form of the report."""
UNVALIDATED: Final = "unvalidated: no labels were supplied, no judge was used"
"""What a report says of the judge of implied claims and tone until somebody supplies labels."""


class Flip(BaseModel):
    """A case that always passed before and never does now, or the other way round; a link to the trace of each run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    case: str
    change: str
    traces: tuple[str, ...]


class Failure(BaseModel):
    """One run of a case that failed: what was wrong, and a link to its trace."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    case: str
    epoch: int
    reason: str
    trace: str


class Summary(BaseModel):
    """A run in figures. `attacks` are [goal or plant, tried, succeeded]; `refusals` the confusion of refused and not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meta: RunMeta
    verdict: Verdict
    datasets: dict[str, str]
    judge: str
    flips: tuple[Flip, ...]
    failures: tuple[Failure, ...]
    figures_checked: int
    invented_figures: tuple[str, ...]
    attacks_by_goal: dict[str, tuple[int, int]]
    attacks_by_plant: dict[str, tuple[int, int]]
    refusals: dict[str, int]


def summarise(run: Run, verdict: Verdict, judge: str = UNVALIDATED) -> Summary:
    """Return the summary of a run under a verdict."""
    attacks = [one for one in run.scored if one.result.case.kind == "injection"]
    traces = traces_of(run, verdict)
    return Summary(
        meta=run.meta,
        verdict=verdict,
        datasets={meta.suite.name: meta.dataset_sha256 for meta in run.suites},
        judge=judge,
        flips=tuple(_flip(traces, one.suite, flip) for one in verdict.suites for flip in one.flips),
        figures_checked=sum(
            score.name == "figures_traceable" and score.applies for one in run.scored for score in one.scores
        ),
        failures=tuple(_failure(one) for one in traces if not one.scored.passed),
        invented_figures=tuple(
            f"{one.result.case.id}: {score.detail}"
            for one in run.scored
            for score in one.scores
            if score.name == "figures_traceable" and not score.passed
        ),
        attacks_by_goal=_attacks(attacks, "goal"),
        attacks_by_plant=_attacks(attacks, "plant"),
        refusals=_refusals(run.scored),
    )


def suite_row(verdict: SuiteVerdict) -> dict[str, JsonValue]:
    """Return a suite's line of the table as words."""
    row: dict[str, JsonValue] = {
        "suite": verdict.suite,
        "class": verdict.suite_class,
        "verdict": verdict.exit.name.lower(),
    }
    if (figures := verdict.figures) is not None:
        row |= {
            "n": figures.n,
            "epochs": figures.epochs,
            "mean": f"{figures.mean:.1%}",
            "interval": f"{figures.low:.1%} to {figures.high:.1%}",
            "pass^1..k": ", ".join(f"{value:.1%}" for value in figures.pass_hat),
            "p50": f"{figures.p50_s:.2f} s",
            "p95": f"{figures.p95_s:.2f} s",
            "tokens": figures.input_tokens + figures.output_tokens,
            "cost": f"{figures.cost:.4f}",
        }
    if (compared := verdict.comparison) is not None:
        row["delta"] = f"{compared.delta:+.1%} ({compared.low:+.1%} to {compared.high:+.1%})"
        row["p"] = f"{compared.p_holm:.2g}"
    return row


def _flip(traces: Sequence[Trace], suite: str, flip: str) -> Flip:
    case, _, change = flip.rpartition(": ")
    links = (
        one.link for one in traces if (one.scored.result.suite, one.scored.result.case.id) == (suite, case)
    )
    return Flip(suite=suite, case=case, change=change, traces=tuple(links))


def _failure(trace: Trace) -> Failure:
    one = trace.scored
    result = one.result
    reason = result.error or "; ".join(
        f"{score.name}: {score.detail}" for score in one.scores if score.applies and not score.passed
    )
    return Failure(
        suite=result.suite, case=result.case.id, epoch=result.epoch, reason=reason, trace=trace.link
    )


def _attacks(attacks: Iterable[Scored], by: str) -> dict[str, tuple[int, int]]:
    tried: Counter[str] = Counter()
    succeeded: Counter[str] = Counter()
    for one in attacks:
        name = str(one.result.case.data[by])
        tried[name] += 1
        succeeded[name] += bool(one.result.output.get("succeeded"))
    return {name: (tried[name], succeeded[name]) for name in sorted(tried)}


def _refusals(scored: Iterable[Scored]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in scored:
        for score in one.scores:
            if score.name == "refusal":
                total.update(score.counts)
    return dict(sorted(total.items()))
