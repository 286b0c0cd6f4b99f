"""Targets bind: each holds as a constraint, costs nothing when it holds anyway, and is refused when it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds, project
from tools.bandits.squarecb import SquareCB
from tools.offers.targets import (
    Target,
    TargetNotReachableError,
    cost_per_acquisition,
    hold_targets,
    priority_share,
    return_on_spend,
)

PEOPLE, ARMS = 800, ("big", "small", "none")
RNG = np.random.default_rng(3)
BUYS = np.column_stack([RNG.uniform(0.05, 0.5, PEOPLE), RNG.uniform(0.05, 0.3, PEOPLE), np.zeros(PEOPLE)])
COSTS = np.tile([300.0, 60.0, 0.0], (PEOPLE, 1))
REVENUE = BUYS * 2000
SCORES = REVENUE * 0.9 - COSTS


def shares(adjusted: np.ndarray, floor: float = 0.02) -> np.ndarray:
    open_arms = np.ones(adjusted.shape, dtype=np.bool_)
    p = SquareCB().probabilities(Belief(adjusted, None, 1e6, 400.0), open_arms)
    return project(p, open_arms, ShareBounds(floor), ARMS)


def cpa(p: np.ndarray) -> float:
    return float((p * COSTS).sum() / (p * BUYS).sum())


def test_the_highest_cost_per_acquisition_binds() -> None:
    free = cpa(shares(SCORES))
    held = hold_targets(SCORES, shares, [cost_per_acquisition(COSTS, BUYS, free * 0.7)])
    assert held.prices["max_cost_per_acquisition"] > 0
    assert free * 0.69 < cpa(held.probabilities) <= free * 0.7 * (1 + 1e-6)


def test_the_lowest_return_on_spend_binds() -> None:
    def roas(p: np.ndarray) -> float:
        return float((p * REVENUE).sum() / (p * COSTS).sum())

    least = roas(shares(SCORES)) * 1.3
    held = hold_targets(SCORES, shares, [return_on_spend(COSTS, REVENUE, least)])
    assert least * (1 - 1e-6) <= roas(held.probabilities) < least * 1.02


def test_the_cost_of_new_customers_binds_apart_from_that_of_all_sales() -> None:
    new = BUYS * (RNG.random(PEOPLE) < 0.5)[:, None]
    free = shares(SCORES)
    most = float((free * COSTS).sum() / (free * new).sum()) * 0.8
    p = hold_targets(SCORES, shares, [cost_per_acquisition(COSTS, new, most)]).probabilities
    assert most * 0.98 < (p * COSTS).sum() / (p * new).sum() <= most * (1 + 1e-6)


def test_priority_products_get_their_share() -> None:
    def share(p: np.ndarray) -> float:
        return float(p[:, 1].sum() / p[:, :2].sum())

    free = share(shares(SCORES))
    wanted = priority_share(np.array([True, True, False]), np.array([False, True, False]), free + 0.2, PEOPLE)
    held = hold_targets(SCORES, shares, [wanted])
    assert free + 0.2 - 1e-6 <= share(held.probabilities) < free + 0.22


def test_two_targets_hold_together() -> None:
    free = shares(SCORES)
    targets = [
        cost_per_acquisition(COSTS, BUYS, cpa(free) * 0.8),
        priority_share(np.array([True, True, False]), np.array([False, True, False]), 0.6, PEOPLE),
    ]
    held = hold_targets(SCORES, shares, targets)
    for target in targets:
        assert (held.probabilities * target.burden).sum() <= 1e-6 * np.abs(target.burden).sum()


def test_a_target_that_holds_anyway_changes_nothing() -> None:
    held = hold_targets(SCORES, shares, [cost_per_acquisition(COSTS, BUYS, 1e6)])
    assert held.prices == {"max_cost_per_acquisition": 0.0}
    assert np.array_equal(held.probabilities, shares(SCORES))


def test_what_minimum_shares_forbid_is_refused() -> None:
    with pytest.raises(TargetNotReachableError, match="max_cost_per_acquisition"):
        hold_targets(SCORES, lambda a: shares(a, 0.9), [cost_per_acquisition(COSTS, BUYS, 10.0)])


def test_bad_input_is_refused() -> None:
    with pytest.raises(BanditParameterError):
        cost_per_acquisition(COSTS, BUYS, 0.0)
    with pytest.raises(BanditParameterError):
        return_on_spend(COSTS, REVENUE, float("nan"))
    with pytest.raises(BanditParameterError):
        priority_share(np.ones(3, dtype=np.bool_), np.ones(3, dtype=np.bool_), 1.5, 3)
    with pytest.raises(ArraySizeError):
        hold_targets(SCORES, shares, [Target("t", np.zeros((3, 3)))])
