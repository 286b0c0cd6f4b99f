"""SquareCB: inverse-gap weighting, bolder the more rows it has learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.bandits.policy import (
    Belief,
    BoolArray,
    PolicyParameters,
    best_arm,
    check_eligible,
    check_range,
    settled,
)
from tools.bandits.ridge import FloatArray


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
        check_range("squarecb scale", self.scale, 0.0, 1e6)

    def parameters(self) -> PolicyParameters:
        return {"scale": self.scale}

    def gamma(self, belief: Belief) -> float:
        """How strongly a gap of one reward unit counts now."""
        return self.scale * float(np.sqrt(max(belief.observations, 1.0))) / max(belief.noise_deviation, 1e-12)

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        best = best_arm(belief.means, eligible)
        rows = np.arange(len(best))
        gap = np.where(eligible, belief.means[rows, best][:, None] - belief.means, 0.0)
        p = np.where(eligible, 1.0 / (eligible.sum(axis=1)[:, None] + self.gamma(belief) * gap), 0.0)
        p[rows, best] = 0.0
        p[rows, best] = 1.0 - p.sum(axis=1)
        return settled(p, eligible)
