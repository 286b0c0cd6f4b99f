"""How many people an experiment needs, what it could detect, and how long it takes."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from tools.experiments.errors import OutOfRangeError
from tools.experiments.interval import check_between


class Design(NamedTuple):
    """Two-sided level `alpha`, `power` (both 0 to 1), treated people per control person `ratio`."""

    alpha: float = 0.05
    power: float = 0.8
    ratio: float = 1.0


STANDARD = Design()


def _z(design: Design) -> tuple[float, float]:
    check_between("alpha", design.alpha, 0.0, 1.0)
    check_between("power", design.power, 0.0, 1.0)
    check_between("ratio", design.ratio, 0.0, math.inf)
    return NormalDist().inv_cdf(1 - design.alpha / 2), NormalDist().inv_cdf(design.power)


def people_for_rates(control_rate: float, effect: float, design: Design = STANDARD) -> int:
    """Control people needed to detect a difference of `effect` (absolute) from `control_rate`.

    n = (z_a sqrt(pbar qbar (1 + 1/r)) + z_b sqrt(p1 q1 + p2 q2 / r))^2 / effect^2 (Fleiss, Levin and Paik 2003).
    The treated group needs `ratio` times as many.
    """
    check_between("control_rate", control_rate, 0.0, 1.0)
    treated = control_rate + effect
    check_between("control_rate + effect", treated, 0.0, 1.0)
    if effect == 0:
        raise OutOfRangeError(
            "an effect of 0 needs endlessly many people; state the smallest that matters", value=0
        )
    z_alpha, z_power = _z(design)
    pooled = (control_rate + design.ratio * treated) / (1 + design.ratio)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / design.ratio))
    alternative = math.sqrt(control_rate * (1 - control_rate) + treated * (1 - treated) / design.ratio)
    return math.ceil(((z_alpha * null + z_power * alternative) / effect) ** 2)


def people_for_means(deviation: float, effect: float, design: Design = STANDARD) -> int:
    """Control people needed to detect a difference of `effect` between means of standard deviation `deviation`."""
    check_between("deviation", deviation, 0.0, math.inf)
    if effect == 0:
        raise OutOfRangeError(
            "an effect of 0 needs endlessly many people; state the smallest that matters", value=0
        )
    z_alpha, z_power = _z(design)
    return math.ceil((1 + 1 / design.ratio) * ((z_alpha + z_power) * deviation / effect) ** 2)


def smallest_mean_effect(
    deviation: float, control: float, treated: float, design: Design = STANDARD
) -> float:
    """Smallest difference of means that `control` and `treated` people (observed outcomes) detect."""
    check_between("deviation", deviation, 0.0, math.inf)
    _check_groups(control, treated)
    return sum(_z(design)) * deviation * math.sqrt(1 / control + 1 / treated)


def smallest_rate_effect(
    control_rate: float, control: float, treated: float, design: Design = STANDARD
) -> float:
    """Smallest rise of a rate that `control` and `treated` people (observed outcomes) detect.

    Solves the same formula as `people_for_rates` by bisection; where even a rise to 1 is not detectable it is
    the whole way to 1.
    """
    check_between("control_rate", control_rate, 0.0, 1.0)
    _check_groups(control, treated)
    ratio = treated / control
    z_alpha, z_power = _z(design)

    def enough(effect: float) -> bool:
        rate = control_rate + effect
        pooled = (control_rate + ratio * rate) / (1 + ratio)
        null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
        alternative = math.sqrt(control_rate * (1 - control_rate) + rate * (1 - rate) / ratio)
        return effect * math.sqrt(control) >= z_alpha * null + z_power * alternative

    low, high = 0.0, 1.0 - control_rate
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def days_needed(people: int, people_per_day: float, outcome_days: float) -> int:
    """Whole days until `people` have come in and the last has had `outcome_days` to respond."""
    check_between("people_per_day", people_per_day, 0.0, math.inf)
    if people < 0 or outcome_days < 0:
        raise OutOfRangeError("people and outcome_days must be 0 or more", value=min(people, outcome_days))
    return math.ceil(people / people_per_day + outcome_days)


def _check_groups(control: float, treated: float) -> None:
    if control < 1 or treated < 1:
        raise OutOfRangeError(
            f"groups of {control:g} and {treated:g} people cannot be compared; each needs at least 1",
            value=min(control, treated),
        )
