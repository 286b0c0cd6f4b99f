"""The plain bandit policies: epsilon-greedy, softmax, uniform, fixed shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import (
    Belief,
    BoolArray,
    PolicyParameters,
    best_arm,
    check_eligible,
    check_range,
    open_scores,
    settled,
)
from tools.bandits.ridge import FloatArray


@dataclass(frozen=True)
class EpsilonGreedy:
    """The best arm, except for a share `epsilon` spread evenly over all eligible arms."""

    epsilon: float = 0.1
    policy_id: str = "epsilon_greedy/1"
    needs_deviations: bool = False

    def __post_init__(self) -> None:
        check_range("epsilon", self.epsilon, 0.0, 1.0)

    def parameters(self) -> PolicyParameters:
        return {"epsilon": self.epsilon}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        _, best = best_arm(open_scores(belief.means, eligible))
        p = np.where(eligible, self.epsilon / eligible.sum(axis=1)[:, None], 0.0)
        return settled(np.add(p, 1.0 - self.epsilon, out=p, where=best), eligible)


@dataclass(frozen=True)
class Softmax:
    """p(arm) in proportion to exp(score / temperature), the temperature in reward units."""

    temperature: float = 0.01
    policy_id: str = "softmax/1"
    needs_deviations: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.temperature < np.inf:
            raise BanditParameterError(
                f"temperature {self.temperature} must be above 0", value=self.temperature
            )

    def parameters(self) -> PolicyParameters:
        return {"temperature": self.temperature}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        scores = open_scores(belief.means, eligible)
        return settled(np.exp((scores - scores.max(axis=1, keepdims=True)) / self.temperature), eligible)


@dataclass(frozen=True)
class Uniform:
    """Every eligible arm alike: the random control group."""

    policy_id: str = "uniform/1"
    needs_deviations: bool = False

    def parameters(self) -> PolicyParameters:
        return {}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        return settled(eligible.astype(np.float64), eligible)


@dataclass(frozen=True)
class Fixed:
    """Stated shares per arm, in arm order; a masked arm's share goes to the others in proportion.

    Where no eligible arm has a share, the eligible arms share alike.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    policy_id: str = "fixed/1"
    needs_deviations: bool = False

    def __post_init__(self) -> None:
        total = sum(self.shares.values())
        if any(not 0 <= share <= 1 for share in self.shares.values()) or abs(total - 1) > 1e-9:
            raise BanditParameterError(
                f"fixed shares sum to {total:g}; each must be 0 to 1, together 1", value=total
            )

    def parameters(self) -> PolicyParameters:
        return {"shares": dict(self.shares)}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        if len(self.shares) != eligible.shape[1]:
            raise ArraySizeError(
                f"{len(self.shares)} fixed shares for {eligible.shape[1]} arms; state one per arm",
                value=len(self.shares),
            )
        p = np.where(eligible, np.array(list(self.shares.values()))[None, :], 0.0)
        return settled(np.where(p.sum(axis=1, keepdims=True) > 0, p, eligible), eligible)
