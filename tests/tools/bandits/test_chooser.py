"""One choice at a time: the bits of the batch, and the same refusals."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bandits.chooser import Chooser
from tools.bandits.errors import ArraySizeError, InfeasibleSharesError, NoEligibleArmError, NotFiniteError
from tools.bandits.pipeline import Budget, choose
from tools.bandits.policy import BanditPolicy
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import Posterior, RidgeState
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

ARMS = (*tuple(f"arm{k}" for k in range(11)), "none")


@cache
def belief(rows: int = 4000) -> Posterior:
    rng = np.random.default_rng(rows)
    x, arm = rng.normal(size=(rows, 6)), rng.integers(0, 12, rows)
    reward = x[:, 0] * (arm % 3) * 0.1 + rng.normal(size=rows)
    return RidgeState.empty(ARMS, 6).updated(x, arm, reward).posterior()


@pytest.mark.promise
@pytest.mark.parametrize("policy", [SquareCB(), SquareCB(0.5), Thompson()], ids=repr)
@pytest.mark.parametrize("bounds", [ShareBounds(), ShareBounds(0.3), ShareBounds(0.1, 0.0, {"arm2": 0.3})])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), price=st.sampled_from([0.0, 0.002]), rows=st.sampled_from([40, 4000]))
def test_a_single_choice_equals_that_of_a_batch_to_the_last_bit(
    policy: BanditPolicy, bounds: ShareBounds, seed: int, price: float, rows: int
) -> None:
    rng = np.random.default_rng(seed)
    x, costs = rng.normal(size=(60, 6)), np.array([*rng.integers(0, 50, 11), 0])
    eligible = rng.random((60, 12)) < rng.choice([0.3, 1.1])
    eligible[:, 11] = True
    positions = np.arange(1000, 1060)
    whole = choose(belief(rows), x, eligible, costs, policy, bounds, 3, positions, Budget(900, price=price))
    chooser = Chooser(belief(rows), policy, bounds, 3, price)
    for i in range(60):
        one = chooser.choose(x[i], eligible[i], costs, int(positions[i]), int(whole.left_before[i]))
        assert np.array_equal(one.probabilities, whole.probabilities[i])
        assert np.array_equal(one.adjusted, whole.adjusted[i]) and np.array_equal(one.scores, whole.scores[i])
        assert np.array_equal(one.open_arms, whole.open_arms[i])
        assert (one.u, one.arm_index) == (whole.u[i], whole.arm_index[i])
        assert one.chosen_probability == whole.chosen_probability[i] > 0


def test_bad_input_is_refused_as_in_a_batch() -> None:
    chooser = Chooser(belief(), SquareCB(), ShareBounds(minimum_arm_probability=0.09), 1)
    costs, everything, x = np.zeros(12, dtype=np.int64), np.ones(12, dtype=np.bool_), np.zeros(6)
    few = np.arange(12) < 3
    with pytest.raises(InfeasibleSharesError):
        chooser.choose(x, everything, costs, 0)
    with pytest.raises(NoEligibleArmError):
        chooser.choose(x, ~everything, costs, 0)
    with pytest.raises(NotFiniteError):
        chooser.choose(np.full(6, np.nan), few, costs, 0)
    with pytest.raises(NotFiniteError):
        chooser.choose(np.full(6, np.inf), few, costs, 0)
    with pytest.raises(ArraySizeError):
        chooser.choose(x, everything[:3], costs, 0)
    assert chooser.choose(x, few, costs, 0).arm_index < 3
