"""Allocation: near the linear program's optimum, within every limit, bad input by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tools.bandits.errors import ArraySizeError, BanditParameterError, NoEligibleArmError, NotFiniteError
from tools.offers.allocation import allocate


def optimum(
    values: np.ndarray, capacities: np.ndarray, costs: np.ndarray | None = None, budget: int = 0
) -> float:
    people, arms = values.shape
    limits, most = [np.tile(np.eye(arms), people)], [*capacities]
    if costs is not None:
        limits.append(np.tile(costs, people)[None])
        most.append(budget)
    solved = linprog(
        -values.ravel(),
        A_ub=np.vstack(limits),
        b_ub=most,
        A_eq=np.kron(np.eye(people), np.ones((1, arms))),
        b_eq=np.ones(people),
    )
    return -float(solved.fun)


def world(people: int, arms: int, seed: int, room: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=(people, 2)) @ rng.normal(size=(2, arms)) * 0.5)
    values *= np.exp(0.3 * rng.normal(size=values.shape))
    values[:, -1] = 0.0
    capacities = (rng.dirichlet(np.ones(arms)) * room * people).astype(np.int64)
    capacities[-1] = people
    return values, capacities


def test_it_is_within_three_in_a_thousand_of_the_optimum() -> None:
    values, capacities = world(400, 6, 1, 0.7)
    found = allocate(values, capacities, 5)
    best = optimum(values, capacities)
    assert best * 0.997 <= found.value <= best + 1e-6 <= found.bound + 2e-6


def test_it_is_near_the_optimum_under_a_budget_too() -> None:
    values, capacities = world(400, 6, 2, 0.9)
    costs = np.array([3, 10, 5, 7, 4, 0])
    found = allocate(values, capacities, 5, costs=costs, budget=900)
    assert costs[found.arm_index].sum() <= 900 and found.money_price > 0
    best = optimum(values, capacities, costs, 900)
    assert best * 0.98 <= found.value <= best + 1e-6 <= found.bound + 2e-6


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    room=st.floats(0, 1.5),
    budget=st.none() | st.integers(0, 400),
    ties=st.booleans(),
)
def test_no_limit_is_ever_broken(seed: int, room: float, budget: int | None, ties: bool) -> None:
    values, capacities = world(70, 5, seed, room)
    rng = np.random.default_rng(seed)
    values = np.round(values) if ties else values - 1.0
    eligible = rng.random((70, 5)) < 0.8
    eligible[:, 4] = True
    costs = np.array([*rng.integers(1, 20, 4), 0])
    found = allocate(values, capacities, 4, eligible, costs, budget)
    assert (np.bincount(found.arm_index, minlength=5) <= capacities).all()
    assert eligible[np.arange(70), found.arm_index].all()
    assert budget is None or costs[found.arm_index].sum() <= budget
    assert found.value <= found.bound + 1e-9


def test_room_for_all_gives_everybody_their_best_arm_for_nothing() -> None:
    values, _ = world(50, 4, 3, 1.0)
    found = allocate(values, np.full(4, 50), 3)
    assert np.array_equal(found.arm_index, values.argmax(axis=1)) and not found.place_prices.any()


def test_bad_input_is_refused() -> None:
    values, capacities = world(20, 3, 1, 0.5)
    with pytest.raises(ArraySizeError):
        allocate(values, capacities[:2], 2)
    with pytest.raises(ArraySizeError):
        allocate(values, capacities, 2, eligible=np.ones((20, 2), dtype=np.bool_))
    with pytest.raises(NotFiniteError):
        allocate(values * np.nan, capacities, 2)
    with pytest.raises(BanditParameterError):
        allocate(values, capacities - 5, 2)
    with pytest.raises(BanditParameterError):
        allocate(values, capacities, 2, costs=np.array([1, 1, 1]), budget=5)
    with pytest.raises(BanditParameterError):
        allocate(values, capacities, 2, costs=np.array([1, 1, 0]), budget=-1)
    with pytest.raises(NoEligibleArmError):
        allocate(values, capacities, 2, eligible=np.zeros((20, 3), dtype=np.bool_))
