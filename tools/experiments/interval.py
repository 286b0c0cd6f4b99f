"""An estimate with its interval, and the quantiles behind it."""

from __future__ import annotations

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
