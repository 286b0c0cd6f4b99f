"""Response per arm and segment of a randomised experiment, with intervals."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.bandits.ridge import FloatArray, IntArray
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval, normal_interval, two_sided_z


class ArmResponse(NamedTuple):
    """Response of one arm in one segment: people, sum of outcomes, interval of the mean."""

    segment: str
    arm: str
    people: int
    total: float
    response: Interval


def rate_interval(successes: int, people: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a rate (Wilson 1927); good down to small counts."""
    if people < 1 or not 0 <= successes <= people:
        raise OutOfRangeError(
            f"{successes} of {people} people: need 1 person or more and no more successes than people",
            value=successes,
        )
    z2 = two_sided_z(confidence) ** 2
    rate = successes / people
    centre = (rate + z2 / (2 * people)) / (1 + z2 / people)
    half = math.sqrt(z2 * (rate * (1 - rate) / people + z2 / (4 * people**2))) / (1 + z2 / people)
    return Interval(rate, max(0.0, centre - half), min(1.0, centre + half), confidence)


def rate_difference(
    successes: int, people: int, control_successes: int, control_people: int, confidence: float = 0.95
) -> Interval:
    """Difference of two rates, treated less control: Newcombe's hybrid of two Wilson intervals (1998)."""
    treated = rate_interval(successes, people, confidence)
    control = rate_interval(control_successes, control_people, confidence)
    difference = treated.estimate - control.estimate
    down = math.hypot(treated.estimate - treated.low, control.high - control.estimate)
    up = math.hypot(treated.high - treated.estimate, control.estimate - control.low)
    return Interval(difference, difference - down, difference + up, confidence)


def mean_interval(values: FloatArray, confidence: float = 0.95) -> Interval:
    """Mean with a normal interval; needs 2 people or more."""
    given = _observed(values)
    return normal_interval(float(given.mean()), float(given.std(ddof=1)) / math.sqrt(len(given)), confidence)


def mean_difference(values: FloatArray, control: FloatArray, confidence: float = 0.95) -> Interval:
    """Difference of two means, treated less control, variances not assumed equal (large samples)."""
    a, b = _observed(values), _observed(control)
    error = math.sqrt(float(a.var(ddof=1)) / len(a) + float(b.var(ddof=1)) / len(b))
    return normal_interval(float(a.mean() - b.mean()), error, confidence)


def bootstrap_mean(
    values: FloatArray, rng: np.random.Generator, confidence: float = 0.95, draws: int = 1000
) -> Interval:
    """Mean with a percentile bootstrap interval, for money with a few large orders."""
    given = _observed(values)
    two_sided_z(confidence)
    sums = [float(given[rng.integers(0, len(given), len(given))].mean()) for _ in range(draws)]
    low, high = np.quantile(sums, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(given.mean()), float(low), float(high), confidence)


def responses(
    arms: tuple[str, ...],
    arm_index: IntArray,
    outcome: FloatArray,
    segment: NDArray[np.str_] | None = None,
    *,
    is_rate: bool,
    confidence: float = 0.95,
) -> list[ArmResponse]:
    """Every segment ("all" first) by arm: Wilson for 0/1 outcomes, normal for amounts; empty cells left out.

    arm_index, outcome, segment: (N,). Cells of amounts with fewer than 2 people are left out too.
    """
    labels = np.full(len(outcome), "all") if segment is None else np.asarray(segment)
    if not len(arm_index) == len(outcome) == len(labels):
        raise UnequalRowsError(
            f"{len(arm_index)} arms, {len(outcome)} outcomes and {len(labels)} segments must agree",
            value=len(outcome),
        )
    if is_rate and not np.isin(outcome, (0.0, 1.0)).all():
        raise ObservationError("a rate needs outcomes of 0 or 1")
    cells = [("all", np.ones(len(outcome), dtype=np.bool_))]
    if segment is not None:
        cells += [(str(name), labels == name) for name in np.unique(labels)]
    out = []
    for name, inside in cells:
        for k, arm in enumerate(arms):
            values = outcome[inside & (arm_index == k)]
            if len(values) < (1 if is_rate else 2):
                continue
            total = float(values.sum())
            interval = (
                rate_interval(round(total), len(values), confidence)
                if is_rate
                else mean_interval(values, confidence)
            )
            out.append(ArmResponse(name, arm, len(values), total, interval))
    return out


def _observed(values: FloatArray) -> FloatArray:
    given = np.asarray(values, dtype=np.float64)
    if len(given) < 2:
        raise OutOfRangeError(
            f"an interval of a mean needs 2 people or more, not {len(given)}", value=len(given)
        )
    if not np.isfinite(given).all():
        raise ObservationError("an outcome is missing or infinite; leave unobserved people out")
    return given
