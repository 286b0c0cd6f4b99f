"""The shortlist: the best of many actions for the policy, the exploration share for all the others."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.errors import BanditParameterError
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds, project
from tools.bandits.shortlist import Shortlist
from tools.bandits.simple import Uniform
from tools.bandits.squarecb import SquareCB


def test_the_best_eligible_arms_are_left_and_equals_of_the_last_too() -> None:
    means = np.array([[5.0, 4.0, 3.0, 3.0, 1.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    eligible = np.array([[True] * 5, [False, True, True, True, True]])
    p = Shortlist(Uniform(), 3).probabilities(Belief(means, None, 10.0, 1.0), eligible)
    np.testing.assert_allclose(p, [[0.25] * 4 + [0.0], [0.0, 1 / 3, 1 / 3, 1 / 3, 0.0]])


def test_few_arms_are_left_alone() -> None:
    belief = Belief(np.array([[1.0, 2.0]]), None, 10.0, 1.0)
    mask = np.ones((1, 2), dtype=np.bool_)
    assert np.array_equal(
        Shortlist(SquareCB(), 2).probabilities(belief, mask), SquareCB().probabilities(belief, mask)
    )


@pytest.mark.promise
def test_ten_thousand_actions_have_exact_probabilities_with_the_exploration_share() -> None:
    means = np.random.default_rng(1).normal(size=(20, 10_000))
    mask = np.ones(means.shape, dtype=np.bool_)
    names = tuple(str(k) for k in range(10_000))
    p = Shortlist(SquareCB(), 50).probabilities(Belief(means, None, 1e5, 1.0), mask)
    kept = project(p, mask, ShareBounds(0.02), names)
    assert np.abs(kept.sum(axis=1) - 1).max() <= 1e-12 and kept.min() >= 0.02 / 10_000
    one = Shortlist(SquareCB(), 50).probabilities(Belief(means[7:8], None, 1e5, 1.0), mask[:1])
    assert np.array_equal(project(one, mask[:1], ShareBounds(0.02), names)[0], kept[7])


def test_an_empty_shortlist_is_refused() -> None:
    with pytest.raises(BanditParameterError):
        Shortlist(SquareCB(), 0)
