"""The baseline-constrained mode: another arm than the baseline only where it is better beyond doubt."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import (
    BanditPolicy,
    Belief,
    BoolArray,
    PolicyParameters,
    check_eligible,
    check_range,
)
from tools.bandits.ridge import FloatArray


@dataclass(frozen=True)
class Guarded:
    """Leaves to `inner` only the arms whose gain over the `baseline` arm has a lower bound above 0.

    The bound is the difference of the scores less `width` standard deviations of it, arms taken as independent. Where
    the baseline is not eligible the person is left to `inner` alone. Minimum shares, set later, still explore.
    """

    inner: BanditPolicy
    baseline: int
    width: float = 1.645
    needs_deviations: bool = True

    def __post_init__(self) -> None:
        check_range("guard width", self.width, 0.0, 100.0)
        if self.baseline < 0:
            raise BanditParameterError(f"baseline arm {self.baseline} must be 0 or more", value=self.baseline)

    @property
    def policy_id(self) -> str:
        return f"guarded/1+{self.inner.policy_id}"

    def parameters(self) -> PolicyParameters:
        return {**self.inner.parameters(), "baseline": float(self.baseline), "guard_width": self.width}

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        check_eligible(belief.means, eligible)
        if belief.deviations is None or self.baseline >= belief.means.shape[1]:
            raise ArraySizeError(
                "the guard needs a deviation for every score and a baseline among the arms", value=None
            )
        base = slice(self.baseline, self.baseline + 1)
        doubt = np.sqrt(np.square(belief.deviations) + np.square(belief.deviations[:, base]))
        lower = belief.means - belief.means[:, base] - self.width * doubt
        lower[:, base] = inf
        better = eligible & ((lower > 0) | ~eligible[:, base])
        return self.inner.probabilities(belief, better)
