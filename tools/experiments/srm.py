"""Sample ratio mismatch: did the split come out as declared?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tools.experiments.errors import OutOfRangeError, UnequalRowsError

BROKEN_BELOW = 0.001


class SplitCheck(NamedTuple):
    """Chi-square statistic, degrees of freedom, p-value; `broken` where p is below 0.001."""

    statistic: float
    degrees: int
    p_value: float
    broken: bool


def check_split(counts: Sequence[int], shares: Sequence[float]) -> SplitCheck:
    """Compare people per group with their declared shares (any positive numbers in proportion).

    Pearson's chi-square test with one degree of freedom fewer than groups.
    """
    if len(counts) != len(shares) or len(counts) < 2:
        raise UnequalRowsError(
            f"{len(counts)} counts and {len(shares)} shares must be equally many, at least 2",
            value=len(counts),
        )
    if min(counts) < 0 or sum(counts) == 0 or min(shares) <= 0 or not all(map(math.isfinite, shares)):
        raise OutOfRangeError("counts must be 0 or more, not all 0, and shares above 0", value=list(counts))
    people, whole = sum(counts), sum(shares)
    expected = [people * share / whole for share in shares]
    statistic = sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))
    p_value = _chi_square_tail(statistic, len(counts) - 1)
    return SplitCheck(statistic, len(counts) - 1, p_value, p_value < BROKEN_BELOW)


def _chi_square_tail(statistic: float, degrees: int) -> float:
    """P(chi-square > statistic): the finite sums for even and odd degrees."""
    half = statistic / 2
    if degrees % 2 == 0:
        term, total = 1.0, 1.0
        for i in range(1, degrees // 2):
            term *= half / i
            total += term
        return math.exp(-half) * total
    tail = math.erfc(math.sqrt(half))
    term = math.sqrt(2 * statistic / math.pi) * math.exp(-half)
    for i in range(1, (degrees - 1) // 2 + 1):
        tail += term
        term *= statistic / (2 * i + 1)
    return tail
