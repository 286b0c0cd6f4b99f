"""Sizes: published numbers, inversion, and power seen in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from tools.experiments.errors import OutOfRangeError
from tools.experiments.sample_size import (
    Design,
    days_needed,
    people_for_means,
    people_for_rates,
    smallest_mean_effect,
    smallest_rate_effect,
)


def test_ten_to_fifteen_percent_needs_686_people_an_arm() -> None:
    # R: power.prop.test(p1 = .10, p2 = .15, power = .80) gives n = 685.6
    assert people_for_rates(0.10, 0.05) == 686


def test_half_a_deviation_needs_63_people_an_arm() -> None:
    assert people_for_means(1.0, 0.5) == 63


def test_smallest_effects_invert_the_sizes() -> None:
    assert smallest_rate_effect(0.10, 686, 686) == pytest.approx(0.05, rel=1e-3)
    smallest = smallest_rate_effect(0.0826, 500, 4500)
    assert people_for_rates(0.0826, smallest, Design(ratio=9)) == pytest.approx(500, abs=1)
    assert smallest_mean_effect(1.0, 63, 63) == pytest.approx(0.5, rel=0.01)
    assert people_for_means(2.0, smallest_mean_effect(2.0, 400, 3600), Design(ratio=9)) == pytest.approx(
        400, abs=1
    )


def test_promised_power_is_seen() -> None:
    rng = np.random.default_rng(4)
    n = people_for_rates(0.10, 0.05)
    a, b = rng.binomial(n, 0.10, 20_000) / n, rng.binomial(n, 0.15, 20_000) / n
    pooled = (a + b) / 2
    z = (b - a) / np.sqrt(2 * pooled * (1 - pooled) / n)
    assert (z > 1.959964).mean() == pytest.approx(0.8, abs=0.012)


def test_duration_counts_arrival_and_the_time_to_respond() -> None:
    assert days_needed(1000, 300, 14) == 18


@pytest.mark.parametrize(("rate", "effect"), [(0.1, 0.0), (0.1, 0.95), (1.2, 0.1), (0.1, -0.2)])
def test_impossible_rates_are_refused(rate: float, effect: float) -> None:
    with pytest.raises(OutOfRangeError):
        people_for_rates(rate, effect)


@pytest.mark.parametrize("design", [Design(alpha=0), Design(power=1), Design(ratio=-1)])
def test_impossible_designs_are_refused(design: Design) -> None:
    with pytest.raises(OutOfRangeError):
        people_for_means(1.0, 0.1, design)


def test_empty_groups_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="0 and 10"):
        smallest_rate_effect(0.1, 0, 10)
