"""The guard: the baseline unless another arm is better beyond doubt."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.guarded import Guarded
from tools.bandits.policy import Belief
from tools.bandits.simple import Uniform
from tools.bandits.squarecb import SquareCB

OPEN = np.ones((1, 3), dtype=np.bool_)


def belief(means: list[float], deviation: float) -> Belief:
    return Belief(np.array([means]), np.full((1, 3), deviation), 100.0, 1.0)


def test_only_arms_with_a_gain_beyond_doubt_stand_beside_the_baseline() -> None:
    # the gain of 0.3 is doubted by 1.645 * sqrt(2) * 0.1 = 0.23, that of 0.2 is not enough
    p = Guarded(Uniform(), baseline=1).probabilities(belief([0.4, 0.1, 0.3], 0.1), OPEN)
    np.testing.assert_allclose(p, [[0.5, 0.5, 0.0]])


def test_in_doubt_everybody_gets_the_baseline() -> None:
    p = Guarded(SquareCB(), baseline=2).probabilities(belief([0.4, 0.1, 0.3], 1.0), OPEN)
    np.testing.assert_array_equal(p, [[0.0, 0.0, 1.0]])


def test_without_the_baseline_the_inner_policy_decides() -> None:
    mask = np.array([[True, True, False]])
    guarded = Guarded(SquareCB(), baseline=2).probabilities(belief([0.4, 0.1, 0.3], 1.0), mask)
    np.testing.assert_array_equal(guarded, SquareCB().probabilities(belief([0.4, 0.1, 0.3], 1.0), mask))


def test_bad_input_is_refused() -> None:
    with pytest.raises(BanditParameterError):
        Guarded(SquareCB(), baseline=-1)
    with pytest.raises(BanditParameterError):
        Guarded(SquareCB(), baseline=0, width=-1.0)
    with pytest.raises(ArraySizeError):
        Guarded(SquareCB(), baseline=3).probabilities(belief([0.0, 0.0, 0.0], 1.0), OPEN)
    with pytest.raises(ArraySizeError):
        Guarded(SquareCB(), baseline=0).probabilities(Belief(np.zeros((1, 3)), None, 1.0, 1.0), OPEN)
