"""The readout: what the optimised group earned against its holdout, and the one verdict at the declared end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tools.experiments.adaptive import AdaptiveEstimate, ReplayLog, arm_mean, matched_mean, policy_mean
from tools.experiments.errors import OutOfRangeError
from tools.experiments.interval import Interval, check_between, normal_interval
from tools.experiments.srm import SplitCheck, check_split

Verdict = Literal["better", "worse", "not conclusive", "not estimable", "not yet"]
GuardrailVerdict = Literal["holds", "broken", "not conclusive", "not estimable", "not yet"]


@dataclass(frozen=True)
class Declaration:
    """What was fixed before launch: metric, aware end, confidence, share of people per group, margin if guardrail.

    `margin` is how much less than the holdout the metric may be, per person, in its own unit.
    """

    metric: str
    ends_at: datetime
    group_shares: dict[str, float]
    confidence: float = 0.95
    margin: float | None = None

    def __post_init__(self) -> None:
        check_between("confidence", self.confidence, 0.0, 1.0)
        if self.ends_at.tzinfo is None:
            raise OutOfRangeError("the declared end needs a time zone", value=self.ends_at)
        if self.margin is not None and not 0 <= self.margin < math.inf:
            raise OutOfRangeError(f"margin {self.margin} must be 0 or more", value=self.margin)


@dataclass(frozen=True)
class Comparison:
    """Optimised less another group: the lift's interval (None before the end or where not estimable)."""

    against: str
    lift: Interval | None
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Readout:
    """Means per group and per arm of the optimised group, checks, comparisons, and the verdict on the holdout."""

    metric: str
    groups: dict[str, AdaptiveEstimate]
    cross_checks: dict[str, AdaptiveEstimate]
    arms: dict[str, AdaptiveEstimate]
    split: SplitCheck
    matching: SplitCheck | None
    comparisons: dict[str, Comparison]
    verdict: Verdict
    reason: str
    guardrail: GuardrailVerdict | None = field(default=None)


def read_out(groups: dict[str, ReplayLog], declared: Declaration, now: datetime) -> Readout:
    """Read the groups ("optimised", "holdout", "random_control" if any) as declared.

    Before the declared end there are means to watch but neither lift nor verdict. A split or match rate that came
    out otherwise than declared (p < 0.001) makes every comparison "not estimable". The verdict is the one against
    the holdout.
    """
    if "optimised" not in groups or set(groups) != set(declared.group_shares):
        raise OutOfRangeError(
            f"groups {sorted(groups)} must be the declared {sorted(declared.group_shares)}, optimised among them",
            value=sorted(groups),
        )
    means = {name: policy_mean(log, declared.confidence) for name, log in groups.items()}
    names = sorted(groups)
    split = check_split([len(groups[n].arm_index) for n in names], [declared.group_shares[n] for n in names])
    matching = _matching(groups)
    stop = _stop(declared, now, split, matching)
    optimised = groups["optimised"]
    comparisons = {
        name: compare(means["optimised"], means[name], name, declared.confidence, stop)
        for name in names
        if name != "optimised"
    }
    final = comparisons.get(
        "holdout", Comparison("holdout", None, "not estimable", "no holdout was declared")
    )
    return Readout(
        declared.metric,
        means,
        {name: matched_mean(log, declared.confidence) for name, log in groups.items()},
        {arm: arm_mean(optimised, arm, declared.confidence) for arm in optimised.arms},
        split,
        matching,
        comparisons,
        final.verdict,
        final.reason,
        None if declared.margin is None else guardrail_verdict(final, declared.margin),
    )


def compare(
    optimised: AdaptiveEstimate,
    other: AdaptiveEstimate,
    against: str,
    confidence: float,
    stop: tuple[Verdict, str] | None = None,
) -> Comparison:
    """Decide by the declared interval of the difference alone: better above 0, worse below, else not conclusive."""
    if stop is not None:
        return Comparison(against, None, *stop)
    if optimised.value is None or other.value is None:
        reason = optimised.reason if optimised.value is None else f"{against}: {other.reason}"
        return Comparison(against, None, "not estimable", reason)
    error = math.hypot(optimised.standard_error, other.standard_error)
    lift = normal_interval(optimised.value.estimate - other.value.estimate, error, confidence)
    verdict: Verdict = "better" if lift.low > 0 else "worse" if lift.high < 0 else "not conclusive"
    side = {"better": "lies above 0", "worse": "lies below 0"}.get(verdict, "includes 0")
    return Comparison(against, lift, verdict, f"the {confidence:.0%} interval of the difference {side}")


def guardrail_verdict(comparison: Comparison, margin: float) -> GuardrailVerdict:
    """Whether the metric is not lower than the other group by more than `margin` (non-inferiority)."""
    if comparison.lift is None:
        return "not yet" if comparison.verdict == "not yet" else "not estimable"
    if comparison.lift.low > -margin:
        return "holds"
    return "broken" if comparison.lift.high < -margin else "not conclusive"


def _matching(groups: dict[str, ReplayLog]) -> SplitCheck | None:
    """Matched against unmatched people at the known m; None where m is 1 and all are observed."""
    log = groups["optimised"]
    if log.match_probability == 1:
        return None
    matched = sum(int(g.observed.sum()) for g in groups.values())
    people = sum(len(g.observed) for g in groups.values())
    return check_split([matched, people - matched], [log.match_probability, 1 - log.match_probability])


def _stop(
    declared: Declaration, now: datetime, split: SplitCheck, matching: SplitCheck | None
) -> tuple[Verdict, str] | None:
    if now.tzinfo is None:
        raise OutOfRangeError("the time of reading needs a time zone", value=now)
    if now < declared.ends_at:
        return "not yet", f"declared to be read at {declared.ends_at.isoformat()}; nothing is decided before"
    if split.broken:
        return (
            "not estimable",
            f"the groups did not come out as declared (p = {split.p_value:.2g}): find out why first",
        )
    if matching is not None and matching.broken:
        return (
            "not estimable",
            f"outcomes match unlike the known rate (p = {matching.p_value:.2g}): the log is broken",
        )
    return None
