"""What every bandit policy is given and what it answers."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tools.bandits.errors import ArraySizeError, BanditParameterError, NoEligibleArmError
from tools.bandits.tiles import FloatArray, arm_sum

BoolArray = NDArray[np.bool_]
PolicyParameters = dict[str, float | dict[str, float]]


class Belief(NamedTuple):
    """Scores of N people for K arms, costs already priced in.

    `means` (N, K) and `deviations` (N, K; only where the policy asks) in reward units; `observations` learnt
    from, history included; `noise_deviation` of one outcome.
    """

    means: FloatArray
    deviations: FloatArray | None
    observations: float
    noise_deviation: float


class BanditPolicy(Protocol):
    """How arms are chosen: scores in, probabilities out."""

    @property
    def policy_id(self) -> str: ...

    @property
    def needs_deviations(self) -> bool: ...

    def parameters(self) -> PolicyParameters: ...

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        """(N, K) float64: rows sum to 1 within 1e-12, exactly 0 where not eligible."""
        ...


def check_eligible(means: FloatArray, eligible: BoolArray) -> None:
    """Refuse a mask of another shape, or a person without any arm."""
    if means.shape != eligible.shape:
        raise ArraySizeError(
            f"scores {means.shape} and mask {eligible.shape} must agree", value=eligible.shape
        )
    if not eligible.all() and not eligible.any(axis=1).all():
        row = int(np.argmin(eligible.any(axis=1)))
        raise NoEligibleArmError(
            f"row {row} has no eligible arm; doing nothing must stay eligible", value=row
        )


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a parameter outside [low, high]."""
    if not low <= value <= high:
        raise BanditParameterError(f"{name} {value} must lie between {low} and {high}", value=value)


def best_arm(scores: FloatArray) -> tuple[FloatArray, BoolArray]:
    """The highest score (N, 1) and which arm has it (N, K), the first of equals; -inf stands for not eligible."""
    top = scores.max(axis=1, keepdims=True)
    best: BoolArray = scores == top
    if np.count_nonzero(best) > len(best):
        tied = np.flatnonzero(np.count_nonzero(best, axis=1) > 1)
        best[tied] &= np.cumsum(best[tied], axis=1) == 1
    return top, best


def open_scores(means: FloatArray, eligible: BoolArray) -> FloatArray:
    """The scores with -inf where an arm is not eligible."""
    return means if eligible.all() else np.where(eligible, means, -np.inf)


def settled(probabilities: FloatArray, eligible: BoolArray) -> FloatArray:
    """Scale rows to 1 and give the rounding rest to the likeliest arm."""
    p = np.where(eligible, probabilities, 0.0)
    p /= arm_sum(p)
    rows = np.arange(len(p))
    p[rows, np.argmax(p, axis=1)] += 1.0 - arm_sum(p)[:, 0]
    return p
