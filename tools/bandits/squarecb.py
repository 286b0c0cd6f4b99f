"""SquareCB: inverse-gap weighting, bolder the more rows it has learnt from."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from tools.bandits.policy import (
    Belief,
    BoolArray,
    PolicyParameters,
    best_arm,
    check_eligible,
    check_range,
)
from tools.bandits.tiles import FloatArray, arm_sum, sum_in_order


@dataclass(frozen=True)
class SquareCB:
    """p(arm) = 1 / (K + gamma * gap) for all but the best arm, which takes the rest (Foster and Rakhlin 2020).

    gamma = scale * sqrt(t) / noise deviation, t counting history rows too: it is free of the reward's unit, and a
    campaign that starts with much history does not explore as if it knew nothing.
    """

    scale: float = 10.0
    policy_id: str = "squarecb/1"
    needs_deviations: bool = False

    def __post_init__(self) -> None:
        check_range("squarecb scale", self.scale, 1e-6, 1e6)

    def parameters(self) -> PolicyParameters:
        return {"scale": self.scale}

    def gamma(self, belief: Belief) -> float:
        """How strongly a gap of one reward unit counts now."""
        return self.scale * float(np.sqrt(max(belief.observations, 1.0))) / max(belief.noise_deviation, 1e-12)

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        whole = bool(eligible.all())
        scores = belief.means if whole else np.where(eligible, belief.means, -np.inf)
        top, best = best_arm(scores)
        p = top - scores
        p *= self.gamma(belief)
        p += scores.shape[1] if whole else np.count_nonzero(eligible, axis=1)[:, None]
        np.divide(1.0, p, out=p)
        # the best arm holds 1 / K so far; it takes what the others leave
        np.copyto(p, 1.0 - arm_sum(p) + p.max(axis=1, keepdims=True), where=best)
        return p

    def single(self, belief: Belief, scores: list[float]) -> list[float]:
        """The same for one person in plain floats, to the last bit: scores (K,), -inf where not eligible."""
        top, gamma = max(scores), self.gamma(belief)
        count = len(scores) - scores.count(-inf)
        p = [1.0 / ((top - score) * gamma + count) for score in scores]
        p[scores.index(top)] = 1.0 - sum_in_order(p) + max(p)
        return p
