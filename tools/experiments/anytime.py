"""An interval of the lift that may be looked at as often as one likes: a confidence sequence.

A fixed-sample interval holds at one look only; this one holds at all looks together, so watching it is no peeking.
It is wider for that: by about a half where it is tightest, and more away from there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tools.bandits.policy import BoolArray
from tools.bandits.ridge import FloatArray, IntArray
from tools.experiments.errors import OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval, check_between

LEAST_OBSERVED = 30


class Look(NamedTuple):
    """The lift after the first `people`: None while a group has fewer than LEAST_OBSERVED outcomes."""

    people: int
    lift: Interval | None


def best_information(alpha: float) -> float:
    """Return the n rho^2 that makes the boundary narrowest at n: the x with x = log(1 + x) + 2 log(1 / alpha).

    It is -W(-alpha^2 / e) - 1 on the lower branch of Lambert's W (Howard et al. 2021, section 3.5; Waudby-Smith et al.
    2024, section 2.2).

    >>> round(best_information(0.05), 3)
    8.212
    """
    check_between("alpha", alpha, 0.0, 1.0)
    x = 2 * math.log(1 / alpha)
    for _ in range(200):
        x = math.log1p(x) + 2 * math.log(1 / alpha)
    return x


def mixture_radius(people: FloatArray, planned: int, alpha: float) -> FloatArray:
    """Half the width of the sequence after each number of people (n,), in standard deviations of one score.

    sqrt(2 (n rho^2 + 1) / (n^2 rho^2) * log(sqrt(n rho^2 + 1) / alpha)): the two-sided normal mixture boundary of
    Robbins (1970; Howard, Ramdas, McAuliffe and Sekhon 2021, Annals of Statistics 49) in the asymptotic form of
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), Annals of Statistics 52. rho makes it narrowest at `planned`
    people (1 or more), which has to be fixed before the first look.

    >>> [round(float(r), 4) for r in mixture_radius(np.array([250.0, 1000.0, 4000.0]), 1000, 0.05)]
    [0.2056, 0.096, 0.0495]
    """
    if planned < 1:
        raise OutOfRangeError(f"planned people {planned} must be 1 or more", value=planned)
    count = np.asarray(people, dtype=np.float64)
    if count.size and count.min() < 1:
        raise OutOfRangeError(f"people {count.min():g} must be 1 or more", value=float(count.min()))
    information = count * best_information(alpha) / planned
    return np.sqrt(2 * (information + 1) / (count * information) * np.log(np.sqrt(information + 1) / alpha))


def lift_scores(
    scores: FloatArray, optimised: BoolArray, batch: IntArray, baseline: FloatArray, optimised_share: float
) -> FloatArray:
    """One unbiased score (N,) of the lift per person of the optimised group and the holdout, in their order.

    scores (N,) unbiased for the person's own reward; `baseline` (N,) a prediction of it under doing nothing, and what is
    taken for the groups' means, come from earlier batches only, so each error has mean 0 given the past, however the
    choices learnt (augmented inverse weighting with the known share: Robins, Rotnitzky and Zhao 1994).
    `optimised_share` is that of the two groups together, above 0 and below 1; `batch` (N,) never falls.
    """
    check_between("optimised share", optimised_share, 0.0, 1.0)
    if len({len(scores), len(optimised), len(batch), len(baseline)}) != 1:
        raise UnequalRowsError("scores, groups, batches and baseline differ in length", value=len(scores))
    if np.any(np.diff(batch) < 0):
        raise OutOfRangeError("batches must be given in order", value="batch")
    rest = scores - baseline
    expected = np.zeros((len(scores), 2))
    for number in np.unique(batch):
        earlier, own = batch < number, batch == number
        for k, group in enumerate((optimised, ~optimised)):
            if (earlier & group).any():
                expected[own, k] = rest[earlier & group].mean()
    above = np.where(optimised, (rest - expected[:, 0]) / optimised_share, 0.0)
    below = np.where(optimised, 0.0, (rest - expected[:, 1]) / (1 - optimised_share))
    return np.asarray(expected[:, 0] - expected[:, 1] + above - below)


def confidence_sequence(
    scores: FloatArray, looks: Sequence[int], planned: int, confidence: float = 0.95
) -> list[Interval]:
    """The mean of the first n of `scores` (N,) at each look n (2 to N) with an interval that holds at all looks together."""
    check_between("confidence", confidence, 0.0, 1.0)
    at = np.asarray(looks, dtype=np.int64)
    if at.size and not (at.min() >= 2 and at.max() <= len(scores)):
        raise OutOfRangeError(f"looks must lie between 2 and the {len(scores)} scores", value=list(looks))
    if not at.size:
        return []
    count = at.astype(np.float64)
    # sums about the overall mean, so that the squares cancel little
    middle = float(scores.mean())
    first, second = np.cumsum(scores - middle), np.cumsum(np.square(scores - middle))
    mean = first[at - 1] / count
    variance = np.maximum(second[at - 1] / count - np.square(mean), 0.0) * count / (count - 1)
    half = np.sqrt(variance) * mixture_radius(count, planned, 1 - confidence)
    return [
        Interval(middle + m, middle + m - h, middle + m + h, confidence)
        for m, h in zip(mean.tolist(), half.tolist(), strict=True)
    ]


def watch_lift(
    scores: FloatArray,
    observed: BoolArray,
    optimised: BoolArray,
    batch: IntArray,
    baseline: FloatArray,
    optimised_share: float,
    planned: int,
    confidence: float = 0.95,
) -> list[Look]:
    """The lift over the holdout after each batch; see `lift_scores` and `confidence_sequence`.

    A batch after which one of the groups still has fewer than LEAST_OBSERVED outcomes has no interval.
    """
    made = lift_scores(scores, optimised, batch, baseline, optimised_share)
    looks = [int(n) for n in np.flatnonzero(np.append(np.diff(batch) > 0, True)) + 1] if len(batch) else []
    enough = [
        n
        for n in looks
        if min((observed & group)[:n].sum() for group in (optimised, ~optimised)) >= LEAST_OBSERVED
    ]
    intervals = dict(zip(enough, confidence_sequence(made, enough, planned, confidence), strict=True))
    return [Look(n, intervals.get(n)) for n in looks]
