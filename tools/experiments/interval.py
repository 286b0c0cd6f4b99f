"""An estimate with its interval, and the quantiles behind it."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from tools.experiments.errors import OutOfRangeError


class Interval(NamedTuple):
    """An estimate between `low` and `high` at `confidence` (0 to 1), in the unit of the estimate."""

    estimate: float
    low: float
    high: float
    confidence: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2

    def covers(self, value: float) -> bool:
        return self.low <= value <= self.high


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside the open interval (low, high)."""
    if not low < value < high:
        raise OutOfRangeError(f"{name} {value} must lie between {low} and {high}", value=value)


def two_sided_z(confidence: float) -> float:
    """Normal quantile that leaves (1 - confidence) / 2 on each side."""
    check_between("confidence", confidence, 0.0, 1.0)
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def normal_interval(estimate: float, standard_error: float, confidence: float = 0.95) -> Interval:
    """Estimate plus and minus z standard errors."""
    half = two_sided_z(confidence) * standard_error
    return Interval(estimate, estimate - half, estimate + half, confidence)


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Share of successes (0 to 1) with its score interval; `trials` is 1 or more, `successes` 0 to `trials`.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22.

    >>> tuple(round(bound, 4) for bound in wilson_interval(10, 100)[:3])
    (0.1, 0.0552, 0.1744)
    """
    if not (trials >= 1 and 0 <= successes <= trials):
        raise OutOfRangeError(
            f"{successes} of {trials} is no share; trials must be 1 or more and hold the successes",
            value=successes,
        )
    share, z = successes / trials, two_sided_z(confidence)
    spread = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / spread
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / spread
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0), confidence)
