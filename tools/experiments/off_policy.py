"""What a candidate bandit policy would have earned on logged random choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.bandits.ridge import FloatArray, IntArray, Posterior, Prior, RidgeState
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval, normal_interval, two_sided_z

LEAST_EFFECTIVE_N = 100.0
Method = Literal["ips", "snips", "dm", "dr", "sndr", "dr_shrunk"]
IntervalKind = Literal["normal", "bootstrap"]
METHODS: tuple[Method, ...] = ("ips", "snips", "dm", "dr", "sndr", "dr_shrunk")
_BOOTSTRAPS = 1000
Chooser = Callable[[Posterior, FloatArray], FloatArray]


@dataclass(frozen=True)
class LoggedChoices:
    """Logged choices: features (N, d), arm_index (N,), reward (N,), propensity (N,) of the logged arm."""

    arms: tuple[str, ...]
    features: FloatArray
    arm_index: IntArray
    reward: FloatArray
    propensity: FloatArray

    def __post_init__(self) -> None:
        sizes = {len(self.features), len(self.arm_index), len(self.reward), len(self.propensity)}
        if len(sizes) != 1 or 0 in sizes:
            raise UnequalRowsError(
                f"logged columns have {sorted(sizes)} rows; they must agree", value=sorted(sizes)
            )
        if not np.isfinite(self.reward).all():
            raise ObservationError("a logged reward is missing; leave unobserved people out")
        if not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise OutOfRangeError(
                "logged propensities must be above 0 and at most 1", value=float(self.propensity.min())
            )

    def rows(self, pick: IntArray) -> LoggedChoices:
        """The picked rows only."""
        return LoggedChoices(
            self.arms, self.features[pick], self.arm_index[pick], self.reward[pick], self.propensity[pick]
        )


@dataclass(frozen=True)
class PolicyValue:
    """Value per person with its interval, or None and the reason why it cannot be told.

    `effective_n` and `largest_weight` say how well the candidate and the log overlap, before any shrinking.
    """

    method: Method
    value: Interval | None
    effective_n: float
    people: int
    reason: str = ""
    largest_weight: float = 0.0


def effective_n(weights: FloatArray) -> float:
    """Kish's effective number of people, (sum w)^2 / sum w^2; 0 where all weights are 0."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def importance_weights(logged: LoggedChoices, candidate: FloatArray) -> FloatArray:
    """Candidate probability of the logged arm over its propensity, (N,)."""
    if candidate.shape != (len(logged.reward), len(logged.arms)):
        raise UnequalRowsError(
            f"candidate probabilities {candidate.shape} must be ({len(logged.reward)}, {len(logged.arms)})",
            value=candidate.shape,
        )
    if np.any(candidate < 0) or np.any(np.abs(candidate.sum(axis=1) - 1) > 1e-9):
        raise OutOfRangeError("candidate probabilities must be 0 or more and sum to 1 per person")
    chosen: FloatArray = candidate[np.arange(len(candidate)), logged.arm_index]
    return chosen / logged.propensity


def policy_value(
    logged: LoggedChoices,
    candidate: FloatArray,
    method: Method = "dr",
    *,
    seed: int = 0,
    folds: int = 5,
    prior: Prior | None = None,
    confidence: float = 0.95,
    interval: IntervalKind = "normal",
) -> PolicyValue:
    """Value of candidate probabilities (N, K) that were fixed without looking at these rewards.

    "ips" weighs rewards; "snips" divides by the weights' sum (Swaminathan and Joachims 2015); "dm" trusts a ridge model
    that never saw the row (cross-fitted); "dr" adds the model's weighted residuals (Dudik et al. 2014, Chernozhukov et al.
    2018), "sndr" with the weights' sum, "dr_shrunk" with weights shrunk against few large ones (Su et al. 2020). The
    interval of "dm" holds the spread of people only, not the model's error. Below an effective n of 100 the value is
    refused. For a policy learnt from the same rows use `learned_policy_value`.
    """
    weights = importance_weights(logged, candidate)
    model = np.zeros(candidate.shape)
    if method not in ("ips", "snips"):
        for inside, posterior in _cross_fits(logged, seed, folds, prior):
            model[inside] = posterior.predict(logged.features[inside])
    direct: FloatArray = (candidate * model).sum(axis=1)
    residual = logged.reward - model[np.arange(len(model)), logged.arm_index]
    return _valued(method, direct, weights, residual, confidence, interval, seed)


def learned_policy_value(
    logged: LoggedChoices,
    chooser: Chooser,
    *,
    seed: int = 0,
    folds: int = 5,
    prior: Prior | None = None,
    confidence: float = 0.95,
    interval: IntervalKind = "normal",
) -> PolicyValue:
    """Doubly robust value of a policy that learns from such rows: chooser(posterior, features) -> (N, K).

    Each fold is chosen for and valued by beliefs from the other folds only, so the policy cannot praise itself
    for having fitted the noise.
    """
    direct, weights, residual = (np.empty(len(logged.reward)) for _ in range(3))
    for inside, posterior in _cross_fits(logged, seed, folds, prior):
        part = logged.rows(inside)
        candidate = chooser(posterior, part.features)
        model = posterior.predict(part.features)
        weights[inside] = importance_weights(part, candidate)
        direct[inside] = (candidate * model).sum(axis=1)
        residual[inside] = part.reward - model[np.arange(len(model)), part.arm_index]
    return _valued("dr", direct, weights, residual, confidence, interval, seed)


def fold_of(people: int, seed: int, folds: int) -> IntArray:
    """A fold number 0 to folds - 1 for each person, sizes as equal as can be, by seed."""
    if not 2 <= folds <= people:
        raise OutOfRangeError(f"folds {folds} must be 2 to {people}, the number of people", value=folds)
    return np.asarray(np.random.default_rng(seed).permutation(people) % folds, dtype=np.int64)


def _cross_fits(
    logged: LoggedChoices, seed: int, folds: int, prior: Prior | None
) -> list[tuple[IntArray, Posterior]]:
    fold = fold_of(len(logged.reward), seed, folds)
    empty = RidgeState.empty(logged.arms, logged.features.shape[1], prior)
    out = []
    for f in range(folds):
        rest = fold != f
        state = empty.updated(logged.features[rest], logged.arm_index[rest], logged.reward[rest])
        out.append((np.flatnonzero(~rest), state.posterior()))
    return out


def shrunk_weights(weights: FloatArray, residual: FloatArray) -> FloatArray:
    """Weights lambda w / (w^2 + lambda), with the lambda of least estimated mean squared error (Su et al. 2020).

    The error is variance plus the square of the bias, which is taken as two standard errors of what the shrinking leaves
    out. Its own estimate would be large just where luck is, and an interval around a freely shrunk estimate would miss
    the truth. An infinite lambda, which leaves the weights alone, is among those tried.
    """
    best, least = weights, np.inf
    people = len(weights)
    for scale in (np.inf, *np.geomspace(0.01, 100.0, 25) * max(float(weights.max()) ** 2, 1e-12)):
        tried = weights if scale == np.inf else scale * weights / (np.square(weights) + scale)
        left_out = float(((tried - weights) * residual).var())
        error = (4 * left_out + float((tried * residual).var())) / people
        if error < least:
            best, least = tried, error
    return best


def _valued(
    method: Method,
    direct: FloatArray,
    weights: FloatArray,
    residual: FloatArray,
    confidence: float,
    kind: IntervalKind,
    seed: int,
) -> PolicyValue:
    """The estimate and its interval from each row's model value, weight and residual; refused without overlap."""
    size, people = effective_n(weights), len(direct)
    largest = float(weights.max())
    if size < LEAST_EFFECTIVE_N:
        reason = (
            f"the candidate agrees with the log for an effective {size:.0f} people; "
            f"{LEAST_EFFECTIVE_N:.0f} are needed to tell its value"
        )
        return PolicyValue(method, None, size, people, reason, largest)
    used = shrunk_weights(weights, residual) if method == "dr_shrunk" else weights
    corrected = np.zeros(people) if method == "dm" else used * residual
    normalised = method in ("snips", "sndr")
    if kind == "bootstrap":
        found = _bootstrap(direct, used, corrected, normalised, confidence, seed)
        return PolicyValue(method, found, size, people, "", largest)
    if normalised:
        ratio = float(corrected.sum() / used.sum())
        corrected = ratio + (corrected - used * ratio) / float(used.mean())
    scores = direct + corrected
    error = float(scores.std(ddof=1)) / math.sqrt(people)
    value = normal_interval(float(scores.mean()), error, confidence)
    return PolicyValue(method, value, size, people, "", largest)


def _bootstrap(
    direct: FloatArray,
    weights: FloatArray,
    corrected: FloatArray,
    normalised: bool,
    confidence: float,
    seed: int,
) -> Interval:
    """Percentile interval: people drawn again with replacement, by seed; the model is not fitted again."""
    two_sided_z(confidence)
    rows, people = np.column_stack([direct, corrected, weights]), len(direct)
    rng = np.random.default_rng([seed, people])

    def estimates(sums: FloatArray) -> FloatArray:
        below = sums[:, 2] if normalised else people
        return np.asarray(sums[:, 0] / people + sums[:, 1] / below)

    drawn = [rows[rng.integers(0, people, people)].sum(axis=0) for _ in range(_BOOTSTRAPS)]
    low, high = np.quantile(estimates(np.array(drawn)), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(estimates(rows.sum(axis=0)[None])[0]), float(low), float(high), confidence)
