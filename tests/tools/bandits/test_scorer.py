"""A model plugged in for the ridge mean: its scores decide, propensities stay exact, one choice equals its batch."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.chooser import Chooser
from tools.bandits.errors import ArraySizeError, BanditParameterError, NotFiniteError
from tools.bandits.pipeline import choose
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds, project
from tools.bandits.ridge import RidgeState
from tools.bandits.scorer import PluggedScores, boosted_scores
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

ARMS = ("near", "far", "none")
FREE, BOUNDS = np.zeros(3, dtype=np.int64), ShareBounds(0.02)


@pytest.fixture(scope="module")
def plugged() -> PluggedScores:
    """A world no line fits: `near` pays inside the unit circle, `far` outside."""
    rng = np.random.default_rng(9)
    x, arm = rng.normal(size=(3000, 2)), rng.integers(0, 3, 3000)
    reward = paid(x)[np.arange(3000), arm] + 0.1 * rng.normal(size=3000)
    belief = RidgeState.empty(ARMS, 2).updated(x, arm, reward).posterior()
    return boosted_scores(belief, x, arm, reward)


def paid(x: np.ndarray) -> np.ndarray:
    inside = (x**2).sum(axis=1) < 1.4
    return np.column_stack([inside, ~inside, np.full(len(x), 0.5)]).astype(float)


@pytest.mark.parametrize("policy", [SquareCB(), Thompson()], ids=lambda p: p.policy_id)
def test_probabilities_follow_from_the_models_scores(
    plugged: PluggedScores, policy: SquareCB | Thompson
) -> None:
    x = np.random.default_rng(1).normal(size=(400, 2))
    mask = np.ones((400, 3), dtype=np.bool_)
    made = choose(plugged, x, mask, FREE, policy, BOUNDS, 4, np.arange(400))
    scores = np.column_stack([model.predict(x) for model in plugged.models])
    assert np.array_equal(made.scores, scores)
    wide = np.sqrt(plugged.belief.variances(x)) if policy.needs_deviations else None
    belief = Belief(scores, wide, plugged.observations, float(np.sqrt(plugged.noise_variance)))
    expected = project(policy.probabilities(belief, mask), mask, BOUNDS, ARMS)
    np.testing.assert_allclose(made.probabilities, expected, atol=1e-15)
    assert made.replays() and made.state_digest == plugged.state_digest != plugged.belief.state_digest
    chooser = Chooser(plugged, policy, BOUNDS, 4)
    for i in range(40):
        alone = chooser.choose(x[i], mask[i], FREE, i)
        assert alone.arm_index == made.arm_index[i]
        assert alone.probabilities == made.probabilities[i].tolist()


def test_it_earns_what_a_line_cannot(plugged: PluggedScores) -> None:
    x = np.random.default_rng(2).normal(size=(4000, 2))
    mask, where = np.ones((4000, 3), dtype=np.bool_), np.arange(4000)
    earned = [
        float(
            (choose(s, x, mask, FREE, SquareCB(), BOUNDS, 1, where).probabilities * paid(x))
            .sum(axis=1)
            .mean()
        )
        for s in (plugged.belief, plugged)
    ]
    assert earned[0] < 0.65 and earned[1] > 0.9


def test_the_same_rows_and_seed_give_the_same_digest_and_others_another(plugged: PluggedScores) -> None:
    rng = np.random.default_rng(9)
    x, arm = rng.normal(size=(3000, 2)), rng.integers(0, 3, 3000)
    reward = paid(x)[np.arange(3000), arm] + 0.1 * rng.normal(size=3000)
    assert boosted_scores(plugged.belief, x, arm, reward).state_digest == plugged.state_digest
    assert boosted_scores(plugged.belief, x, arm, reward, seed=1).state_digest != plugged.state_digest


class Broken:
    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.full(len(x), np.nan)


def test_bad_input_is_named(plugged: PluggedScores) -> None:
    with pytest.raises(ArraySizeError, match="1 models for 3 arms"):
        PluggedScores(plugged.belief, (Broken(),), "x")
    with pytest.raises(NotFiniteError, match="plugged-in model"):
        PluggedScores(plugged.belief, (Broken(),) * 3, "x").predict(np.ones((1, 2)))
    with pytest.raises(NotFiniteError, match="feature is missing"):
        plugged.predict(np.array([[np.nan, 0.0]]))
    with pytest.raises(BanditParameterError, match="arm far has 0 rows"):
        boosted_scores(plugged.belief, np.ones((60, 2)), np.zeros(60, dtype=np.int64), np.ones(60))
