"""What a candidate bandit policy would have earned on logged random choices."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.bandits.ridge import FloatArray, IntArray, Posterior, Prior, RidgeState
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval, normal_interval

LEAST_EFFECTIVE_N = 100.0
Method = Literal["ips", "snips", "dr"]
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
    """Value per person with its interval, or None and the reason why it cannot be told."""

    method: Method
    value: Interval | None
    effective_n: float
    people: int
    reason: str = ""


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
) -> PolicyValue:
    """Value of candidate probabilities (N, K) that were fixed without looking at these rewards.

    "ips" weighs rewards; "snips" divides by the weights' sum; "dr" adds weighted residuals to a ridge model that
    never saw the row (cross-fitted; Dudik et al. 2014, Chernozhukov et al. 2018). Below an effective n of 100 the
    value is refused. For a policy learnt from the same rows use `learned_policy_value`.
    """
    weights = importance_weights(logged, candidate)
    if method == "dr":
        model = np.empty(candidate.shape)
        for inside, posterior in _cross_fits(logged, seed, folds, prior):
            model[inside] = posterior.predict(logged.features[inside])
        scores = _dr_scores(logged, candidate, weights, model)
    elif method == "ips":
        scores = weights * logged.reward
    else:
        mean = float((weights * logged.reward).sum() / max(weights.sum(), 1e-300))
        scores = mean + weights * (logged.reward - mean) / max(float(weights.mean()), 1e-300)
    return _valued(method, scores, weights, confidence)


def learned_policy_value(
    logged: LoggedChoices,
    chooser: Chooser,
    *,
    seed: int = 0,
    folds: int = 5,
    prior: Prior | None = None,
    confidence: float = 0.95,
) -> PolicyValue:
    """Doubly robust value of a policy that learns from such rows: chooser(posterior, features) -> (N, K).

    Each fold is chosen for and valued by beliefs from the other folds only, so the policy cannot praise itself
    for having fitted the noise.
    """
    scores, weights = np.empty(len(logged.reward)), np.empty(len(logged.reward))
    for inside, posterior in _cross_fits(logged, seed, folds, prior):
        part = logged.rows(inside)
        candidate = chooser(posterior, part.features)
        weights[inside] = importance_weights(part, candidate)
        scores[inside] = _dr_scores(part, candidate, weights[inside], posterior.predict(part.features))
    return _valued("dr", scores, weights, confidence)


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


def _dr_scores(
    logged: LoggedChoices, candidate: FloatArray, weights: FloatArray, model: FloatArray
) -> FloatArray:
    own = model[np.arange(len(model)), logged.arm_index]
    direct: FloatArray = (candidate * model).sum(axis=1)
    return direct + weights * (logged.reward - own)


def _valued(method: Method, scores: FloatArray, weights: FloatArray, confidence: float) -> PolicyValue:
    size, people = effective_n(weights), len(scores)
    if size < LEAST_EFFECTIVE_N:
        reason = (
            f"the candidate agrees with the log for an effective {size:.0f} people; "
            f"{LEAST_EFFECTIVE_N:.0f} are needed to tell its value"
        )
        return PolicyValue(method, None, size, people, reason)
    error = float(scores.std(ddof=1)) / math.sqrt(people)
    return PolicyValue(method, normal_interval(float(scores.mean()), error, confidence), size, people)
