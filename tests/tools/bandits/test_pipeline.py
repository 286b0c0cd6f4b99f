"""The pipeline: exact log, bit-for-bit replay, one row as a batch, money that lasts and is never overspent."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bandits.choice_batch import ChoiceBatch
from tools.bandits.pipeline import Budget, choose
from tools.bandits.policy import BanditPolicy
from tools.bandits.pricing import Outlook, price_for_budget
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import Posterior, RidgeState
from tools.bandits.simple import EpsilonGreedy
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

ARMS = ("mens", "womens", "none")
BOUNDS = ShareBounds(0.02)


@cache
def belief(seed: int = 0) -> Posterior:
    rng = np.random.default_rng(seed)
    x = people(3000, seed + 1)
    arm = rng.integers(0, 3, 3000)
    rate = 0.1 + 0.08 * (arm < 2) * (1 + x[:, 1] * (arm == 0))
    return RidgeState.empty(ARMS, 3).updated(x, arm, (rng.random(3000) < rate).astype(float)).posterior()


def people(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([np.ones(n), rng.integers(0, 2, n), rng.normal(size=n)])


def batch(
    n: int = 150,
    budget: Budget | None = None,
    policy: BanditPolicy | None = None,
    costs: np.ndarray | None = None,
    seed: int = 11,
    rows: slice = slice(None),
) -> ChoiceBatch:
    eligible = np.random.default_rng(9).random((n, 3)) < 0.9
    eligible[:, 2] = True
    cost = np.broadcast_to(np.array([20, 20, 0]) if costs is None else costs, (n, 3))[rows]
    return choose(
        belief(),
        people(n, 5)[rows],
        eligible[rows],
        cost,
        policy or SquareCB(),
        BOUNDS,
        seed,
        np.arange(n)[rows],
        budget,
    )


@pytest.mark.promise
@pytest.mark.parametrize("policy", [SquareCB(), Thompson(), EpsilonGreedy()], ids=lambda p: p.policy_id)
def test_a_logged_batch_replays_bit_for_bit_and_holds_every_bound(policy: BanditPolicy) -> None:
    made = batch(policy=policy, budget=Budget(2_000))
    assert made.replays()
    p, low = made.probabilities, BOUNDS.arrays(ARMS, made.open_arms)[0]
    assert np.abs(p.sum(axis=1) - 1).max() <= 1e-12
    assert (p[~made.open_arms] == 0).all() and (p >= low - 1e-15).all()
    assert (made.chosen_probability > 0).all()
    assert made.digest() == batch(policy=policy, budget=Budget(2_000)).digest()


@pytest.mark.promise
def test_a_tampered_log_does_not_replay() -> None:
    made = batch()
    assert not replace(made, u=made.u[::-1].copy()).replays()
    assert not replace(made, seed=12).replays()
    assert not replace(made, arm_index=(made.arm_index + 1) % 3).replays()


@pytest.mark.promise
@pytest.mark.parametrize("policy", [SquareCB(), Thompson()], ids=lambda p: p.policy_id)
@pytest.mark.parametrize("varied", [False, True])
def test_one_by_one_equals_one_batch_to_the_last_bit(policy: BanditPolicy, varied: bool) -> None:
    costs = np.random.default_rng(2).integers(0, 60, (150, 3)) * [1, 1, 0] if varied else None
    make = partial(batch, policy=policy, costs=costs)
    whole = make(budget=Budget(1_000, price=0.001))
    left = 1_000
    for i in range(150):
        one = make(budget=Budget(left, price=0.001), rows=slice(i, i + 1))
        assert np.array_equal(one.probabilities[0], whole.probabilities[i])
        assert np.array_equal(one.open_arms[0], whole.open_arms[i])
        assert (one.u[0], one.arm_index[0], left) == (whole.u[i], whole.arm_index[i], whole.left_before[i])
        left -= one.spent_minor


@settings(max_examples=20, deadline=None)
@given(left=st.integers(0, 9_000), seed=st.integers(0, 1000))
def test_the_budget_is_never_overspent_and_short_money_masks_exactly(left: int, seed: int) -> None:
    costs = np.random.default_rng(seed).integers(1, 90, (150, 3)) * [1, 1, 0]
    made = batch(budget=Budget(left), costs=costs, seed=seed)
    assert made.spent_minor <= left
    paid = made.costs[np.arange(150), made.arm_index]
    assert np.array_equal(made.left_before, left - np.concatenate([[0], np.cumsum(paid)[:-1]]))
    assert np.array_equal(made.open_arms, made.eligible & (made.costs <= made.left_before[:, None]))


def test_the_price_makes_the_money_last_for_everybody_to_come() -> None:
    outlook = Outlook(
        people(4000, 5), np.ones((4000, 3), bool), np.broadcast_to([20, 20, 0], (4000, 3)), 4000
    )
    price = price_for_budget(belief(), SquareCB(), BOUNDS, outlook, 40_000)
    assert price.binds and price.per_minor_unit > 0
    assert price.expected_spend_minor == pytest.approx(40_000, rel=5e-4)
    assert price.expected_spend_minor <= 40_000


def test_a_budget_that_suffices_has_no_price() -> None:
    outlook = Outlook(people(100, 5), np.ones((100, 3), bool), np.broadcast_to([20, 20, 0], (100, 3)), 100)
    assert price_for_budget(belief(), SquareCB(), BOUNDS, outlook, 100_000)[0] == 0


def test_a_sample_prices_like_everybody() -> None:
    outlook = Outlook(
        people(20_000, 5), np.ones((20_000, 3), bool), np.broadcast_to([20, 20, 0], (20_000, 3)), 20_000
    )
    whole = price_for_budget(belief(), SquareCB(), BOUNDS, outlook, 200_000).per_minor_unit
    sample = price_for_budget(belief(), SquareCB(), BOUNDS, outlook.sampled(2000), 200_000).per_minor_unit
    assert sample == pytest.approx(whole, rel=0.1)


def test_held_out_people_have_only_doing_nothing() -> None:
    eligible = np.zeros((5, 3), dtype=np.bool_)
    eligible[:, 2] = True
    made = choose(
        belief(), people(5, 1), eligible, np.array([20, 20, 0]), SquareCB(), BOUNDS, 1, np.arange(5)
    )
    assert (made.arm_index == 2).all() and (made.chosen_probability == 1).all()


def test_an_empty_batch_is_an_empty_log() -> None:
    assert len(batch(rows=slice(0, 0), budget=Budget(10))) == 0
