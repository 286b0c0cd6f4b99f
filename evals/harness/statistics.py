"""The statistics that verdicts rest on. Arrays are (n,) over cases; every random generator is passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.harness.errors import EvalsError

FloatArray = NDArray[np.float64]
RESAMPLES = 4000


class Interval(NamedTuple):
    """The two ends of an interval."""

    low: float
    high: float


class StatisticsError(EvalsError):
    """A statistic was asked of numbers that it is not defined for."""

    code = "evals_statistics"


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval for a share of n trials (Wilson 1927).

    `successes` may be fractional: with several epochs a case, it is the sum of the cases' means and n their number, since
    epochs of one case are not independent.

    >>> wilson(8, 10)
    Interval(low=0.4901..., high=0.9433...)
    """
    if n <= 0 or not 0 <= successes <= n:
        raise StatisticsError(f"{successes} successes of {n} trials are not possible", value=successes)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def pass_hat_k(successes: Sequence[int], epochs: int, k: int) -> float:
    """Return pass^k, the chance that all of k runs of a case pass, over cases: the mean of C(c, k) / C(n, k).

    >>> pass_hat_k([3, 2], 3, 2)
    0.6666...
    """
    if not 1 <= k <= epochs or not successes:
        raise StatisticsError(f"pass^{k} is asked of {len(successes)} cases of {epochs} epochs", value=k)
    if any(not 0 <= count <= epochs for count in successes):
        raise StatisticsError(f"a case passed more than its {epochs} epochs", value=max(successes))
    return float(sum(Fraction(comb(count, k), comb(epochs, k)) for count in successes) / len(successes))


def paired_interval(
    before: FloatArray, after: FloatArray, rng: np.random.Generator, confidence: float = 0.95
) -> Interval:
    """Return the percentile bootstrap interval of the mean of `after - before`, cases resampled together."""
    difference = _paired(before, after)
    rows = rng.integers(0, len(difference), (RESAMPLES, len(difference)))
    means = difference[rows].mean(axis=1)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))


def paired_drop_p(before: FloatArray, after: FloatArray, epochs: int) -> float:
    """Return the exact one-sided p of a drop: how often random signs of the differences fall as low as they did.

    Cases are exchangeable between two runs when nothing changed, so each difference may as well have had the other sign
    (Fisher 1935). The differences are multiples of 1 / `epochs`; the distribution of their sum is worked out whole, one
    factor (x^d + x^-d) / 2 a case.

    >>> paired_drop_p(np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0]), 1)
    0.25
    """
    units = np.rint(_paired(before, after) * epochs).astype(np.int64)
    if not np.allclose(units / epochs, after - before, atol=1e-6):
        raise StatisticsError(f"a case's mean is not a multiple of one of {epochs} epochs", value=epochs)
    moves = np.abs(units[units != 0])
    reach = int(moves.sum())
    chances = np.zeros(2 * reach + 1)
    chances[reach] = 1.0
    for move in moves.tolist():
        up, down = np.roll(chances, move), np.roll(chances, -move)
        chances = (up + down) / 2
    return float(min(1.0, chances[: reach + int(units.sum()) + 1].sum()))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return the p-values adjusted for their number, step down (Holm 1979); at most 1 and never out of order.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for place, (name, value) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * value))
        adjusted[name] = highest
    return adjusted


def cohens_kappa(first: Sequence[bool], second: Sequence[bool]) -> float:
    """Return how far two raters agree beyond chance (Cohen 1960): 1 is always, 0 no better than chance.

    StatisticsError where it is not defined: no items, unequal lengths, or both raters say the same of everything.
    """
    n = len(first)
    if n == 0 or n != len(second):
        raise StatisticsError(f"{n} and {len(second)} labels cannot be compared", value=n)
    agreed = sum(a == b for a, b in zip(first, second, strict=True)) / n
    yes_first, yes_second = sum(first) / n, sum(second) / n
    by_chance = yes_first * yes_second + (1 - yes_first) * (1 - yes_second)
    if by_chance == 1:
        raise StatisticsError("both raters gave one label to everything; kappa says nothing then", value=n)
    return (agreed - by_chance) / (1 - by_chance)


def _paired(before: FloatArray, after: FloatArray) -> FloatArray:
    if before.ndim != 1 or before.shape != after.shape or not len(before):
        raise StatisticsError(
            f"paired runs need one value a case each, not {before.shape} and {after.shape}",
            value=before.shape,
        )
    return after - before
