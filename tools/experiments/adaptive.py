"""Estimates that stay valid when a bandit decided, batch by batch, who got what.

In the replay world an outcome exists only where the chosen arm is the one the person really got. That happens
with a known probability m whatever was chosen, so an unmatched person is missing at random: no observation, and
never a zero. A real channel is the case m = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tools.bandits.policy import BoolArray
from tools.bandits.ridge import FloatArray, IntArray, RidgeState
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval, normal_interval
from tools.experiments.off_policy import effective_n

LEAST_MATCHED = 30
Scope = Literal["everybody", "people the arm was open to", "nobody"]


@dataclass(frozen=True)
class ReplayLog:
    """N choices of one group as logged, in order.

    `batch` (N,) rising numbers; `probabilities` (N, K); `arm_index` (N,); `observed` (N,) bool; `reward` (N,) with
    NaN exactly where not observed; `predictions` (N, K) expected rewards from earlier batches only (the logged
    scores, or `earlier_predictions`); `match_probability` m.
    """

    arms: tuple[str, ...]
    batch: IntArray
    probabilities: FloatArray
    arm_index: IntArray
    observed: BoolArray
    reward: FloatArray
    predictions: FloatArray
    match_probability: float

    def __post_init__(self) -> None:
        people = len(self.arm_index)
        columns = (self.batch, self.probabilities, self.observed, self.reward, self.predictions)
        if any(len(column) != people for column in columns):
            raise UnequalRowsError("the columns of the log differ in length", value=[len(c) for c in columns])
        if {self.probabilities.shape, self.predictions.shape} != {(people, len(self.arms))}:
            raise UnequalRowsError(
                f"probabilities and predictions must be ({people}, {len(self.arms)})",
                value=self.probabilities.shape,
            )
        if not 0 < self.match_probability <= 1:
            raise OutOfRangeError(
                f"match probability {self.match_probability} must be above 0 and at most 1",
                value=self.match_probability,
            )
        if not np.array_equal(np.isfinite(self.reward), self.observed):
            raise ObservationError(
                "rewards must be given exactly where observed; an unmatched person has none, not 0"
            )
        if self.match_probability == 1 and not self.observed.all():
            raise ObservationError(
                "at match probability 1 every outcome must be in; wait for the reward delay"
            )
        if people and np.any(self.probabilities[np.arange(people), self.arm_index] <= 0):
            raise OutOfRangeError(
                "a logged arm has probability 0; the log is not the one that was drawn from"
            )

    def rows(self, pick: BoolArray) -> ReplayLog:
        """The picked people only."""
        return ReplayLog(
            self.arms,
            self.batch[pick],
            self.probabilities[pick],
            self.arm_index[pick],
            self.observed[pick],
            self.reward[pick],
            self.predictions[pick],
            self.match_probability,
        )


@dataclass(frozen=True)
class AdaptiveEstimate:
    """A mean with interval (None: not estimable, see `reason`), and how much evidence it rests on."""

    value: Interval | None
    standard_error: float
    people: int
    matched: int
    effective_n: float
    covered_share: float
    scope: Scope
    reason: str = ""

    @property
    def estimable(self) -> bool:
        return self.value is not None


def earlier_predictions(
    state: RidgeState,
    features: FloatArray,
    batch: IntArray,
    arm_index: IntArray,
    observed: BoolArray,
    reward: FloatArray,
    lag: int = 1,
) -> FloatArray:
    """Expected rewards (N, K) of each batch by a ridge model of `state` and the batches at least `lag` before it."""
    if lag < 1:
        raise OutOfRangeError(f"lag {lag} must be 1 or more, else a batch would predict itself", value=lag)
    out = np.empty((len(batch), len(state.arms)))
    learnt = np.zeros(len(batch), dtype=np.bool_)
    for number in np.unique(batch):
        new = observed & ~learnt & (batch <= number - lag)
        if new.any():
            state = state.updated(features[new], arm_index[new], reward[new])
            learnt |= new
        own = batch == number
        out[own] = state.posterior().predict(features[own])
    return out


def policy_scores(log: ReplayLog) -> FloatArray:
    """One score (N,) a person, unbiased for their reward under the choice that was made; see `policy_mean`."""
    own = log.predictions[np.arange(len(log.arm_index)), log.arm_index]
    residual = np.where(log.observed, log.reward - own, 0.0)
    return np.asarray(own + residual / log.match_probability)


def policy_mean(log: ReplayLog, confidence: float = 0.95) -> AdaptiveEstimate:
    """Reward per person of the choices that were made.

    score = g + matched / m * (reward - g), g the prediction for the chosen arm from earlier batches: unbiased for
    any g because m is known and a match says nothing about the outcome; less noisy than the matched mean the
    better g is; at m = 1 the plain mean. Given the past the errors have mean 0, so the interval is the martingale
    one and adaptivity does not spoil it.
    """
    people, matched = len(log.arm_index), int(log.observed.sum())
    if matched < LEAST_MATCHED:
        return _nothing(people, matched, _few(matched))
    scores = policy_scores(log)
    error = float(scores.std(ddof=1)) / math.sqrt(people)
    interval = normal_interval(float(scores.mean()), error, confidence)
    return AdaptiveEstimate(interval, error, people, matched, float(matched), 1.0, "everybody")


def matched_mean(log: ReplayLog, confidence: float = 0.95) -> AdaptiveEstimate:
    """The same value, self-normalised: matched people weighted 1/m each, which is their plain mean."""
    people, matched = len(log.arm_index), int(log.observed.sum())
    if matched < LEAST_MATCHED:
        return _nothing(people, matched, _few(matched))
    values = log.reward[log.observed]
    error = float(values.std(ddof=1)) / math.sqrt(matched)
    interval = normal_interval(float(values.mean()), error, confidence)
    return AdaptiveEstimate(interval, error, people, matched, float(matched), 1.0, "everybody")


def arm_mean(log: ReplayLog, arm: str, confidence: float = 0.95) -> AdaptiveEstimate:
    """Reward per person had everybody got `arm`.

    Augmented inverse weighting with 1 / (p m) and predictions from earlier batches; batches weighted by
    1 / sqrt(mean of 1 / (p m)), which keeps the variance stable and the estimate normal although p moved with the
    data (Hadad et al. 2021; Zhan et al. 2021, StableVar). People with p = 0 for the arm say nothing about it: they
    are left out and `covered_share` and `scope` say so. The standard error is the larger of the one seen in the
    scores and the one that the known p and m imply: where p is small the few people with great weight that happened
    to be matched show too little spread.
    """
    k = log.arms.index(arm)
    people = len(log.arm_index)
    possible = log.probabilities[:, k] > 0
    if not possible.any():
        return _nothing(people, 0, f"{arm} had probability 0 for everybody")
    part = log.rows(possible) if not possible.all() else log
    hit = part.observed & (part.arm_index == k)
    inverse = 1.0 / (part.probabilities[:, k] * part.match_probability)
    matched = int(hit.sum())
    if matched < LEAST_MATCHED:
        return _nothing(people, matched, _few(matched))
    model = part.predictions[:, k]
    scores = model + np.where(hit, (np.where(hit, part.reward, 0.0) - model) * inverse, 0.0)
    weights = _batch_weights(part.batch, inverse)
    mean = float((weights * scores).sum() / weights.sum())
    seen = float(np.sqrt(np.square(weights * (scores - mean)).sum()) / weights.sum())
    error = max(seen, _expected_error(part, k, hit, weights, inverse))
    covered = float(possible.mean())
    return AdaptiveEstimate(
        normal_interval(mean, error, confidence),
        error,
        people,
        matched,
        effective_n((weights * inverse)[hit]),
        covered,
        "everybody" if covered == 1 else "people the arm was open to",
        ""
        if covered == 1
        else f"{arm} had probability 0 for {1 - covered:.1%} of people: not estimable for them",
    )


def _expected_error(
    part: ReplayLog, k: int, hit: BoolArray, weights: FloatArray, inverse: FloatArray
) -> float:
    """sqrt(sum w^2 v / (p m)) / sum w: the error if everybody's outcome varied by v around its prediction.

    v is the plain mean of squared residuals of the matched, most of whom got the arm at a high p.
    """
    residual = part.reward[hit] - part.predictions[hit, k]
    variance = float(np.square(residual).mean())
    return float(np.sqrt((np.square(weights) * inverse).sum() * variance) / weights.sum())


def _batch_weights(batch: IntArray, inverse: FloatArray) -> FloatArray:
    _, place, size = np.unique(batch, return_inverse=True, return_counts=True)
    mean = np.bincount(place, weights=inverse) / size
    return np.asarray(1.0 / np.sqrt(mean[place]))


def _few(matched: int) -> str:
    return f"only {matched} people with an outcome; {LEAST_MATCHED} are needed for an interval"


def _nothing(people: int, matched: int, reason: str) -> AdaptiveEstimate:
    return AdaptiveEstimate(None, math.nan, people, matched, float(matched), 0.0, "nobody", reason)
