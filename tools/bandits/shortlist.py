"""Thousands of actions: the bandit policy chooses among each person's most promising, minimum shares reach the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.bandits.errors import BanditParameterError
from tools.bandits.policy import BanditPolicy, Belief, BoolArray, PolicyParameters, check_eligible
from tools.bandits.tiles import FloatArray


@dataclass(frozen=True)
class Shortlist:
    """Leaves to `inner` the `size` eligible arms of the highest scores, and those equal to the last of them.

    A policy that spreads over K arms would spend itself on thousands that are alike. Every other eligible arm keeps what
    the exploration share gives it afterwards, so no propensity is 0 and all stay learnable.
    """

    inner: BanditPolicy
    size: int = 50

    def __post_init__(self) -> None:
        if self.size < 1:
            raise BanditParameterError(f"shortlist size {self.size} must be 1 or more", value=self.size)

    @property
    def policy_id(self) -> str:
        return f"shortlist/1+{self.inner.policy_id}"

    @property
    def needs_deviations(self) -> bool:
        return self.inner.needs_deviations

    def parameters(self) -> PolicyParameters:
        return {**self.inner.parameters(), "size": float(self.size)}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        if eligible.shape[1] <= self.size:
            return self.inner.probabilities(belief, eligible)
        scores = np.where(eligible, belief.means, -np.inf)
        last = np.partition(scores, -self.size, axis=1)[:, -self.size, None]
        return self.inner.probabilities(belief, eligible & (scores >= last))
