"""What the choosing code refuses, by name and value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tools.bandits import errors
from tools.bandits.draw import held_out, replay, uniforms
from tools.bandits.pipeline import Budget, choose
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds
from tools.bandits.registry import make_policy
from tools.bandits.ridge import Prior, RidgeState
from tools.bandits.simple import EpsilonGreedy, Fixed, Softmax, Uniform
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

X, ONE, R = np.ones((1, 2)), np.zeros(1, dtype=np.int64), np.ones(1)
STATE = RidgeState.empty(("a", "none"), 2)
OPEN = np.ones((1, 2), dtype=np.bool_)
PLAIN = Belief(np.zeros((1, 2)), None, 1.0, 1.0)


def one(**changes: object) -> object:
    given = {
        "posterior": STATE.posterior(),
        "features": X,
        "eligible": OPEN,
        "costs": np.array([5, 0]),
        "policy": SquareCB(),
        "bounds": ShareBounds(),
        "seed": 1,
        "positions": ONE,
        **changes,
    }
    return choose(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "make"),
    [
        (errors.BanditParameterError, lambda: RidgeState.empty(("a", "a"), 2)),
        (errors.BanditParameterError, lambda: RidgeState.empty(("a",), 0)),
        (errors.BanditParameterError, lambda: Prior(precision=0)),
        (errors.BanditParameterError, lambda: Prior(pooling=-1)),
        (errors.BanditParameterError, lambda: STATE.discounted(0)),
        (errors.BanditParameterError, lambda: STATE.updated(X, ONE + 2, R)),
        (errors.BanditParameterError, lambda: STATE.updated(X, ONE, R, -1.0)),
        (errors.BanditParameterError, lambda: RidgeState.from_json('{"schema":"x"}')),
        (errors.ArraySizeError, lambda: STATE.updated(np.ones((1, 3)), ONE, R)),
        (errors.ArraySizeError, lambda: STATE.updated(X, ONE, np.ones(2))),
        (errors.ArraySizeError, lambda: STATE.merged(RidgeState.empty(("b", "none"), 2))),
        (errors.NotFiniteError, lambda: STATE.updated(X, ONE, R * np.nan)),
        (errors.NotFiniteError, lambda: STATE.posterior().predict(X * np.inf)),
        (errors.NothingToForgetError, lambda: STATE.downdated(X, ONE, R)),
        (errors.BanditParameterError, lambda: SquareCB(-1)),
        (errors.BanditParameterError, lambda: EpsilonGreedy(1.5)),
        (errors.BanditParameterError, lambda: Softmax(0)),
        (errors.BanditParameterError, lambda: Thompson(0)),
        (errors.BanditParameterError, lambda: Fixed({"a": 0.5})),
        (errors.BanditParameterError, lambda: make_policy("magic/1")),
        (errors.BanditParameterError, lambda: make_policy("magic/1+squarecb/1")),
        (errors.BanditParameterError, lambda: make_policy("guarded/1+squarecb/1")),
        (errors.BanditParameterError, lambda: make_policy("guarded/1+squarecb/1", {"baseline": "a"})),
        (errors.BanditParameterError, lambda: make_policy("shortlist/1+squarecb/1", {"sise": 3})),
        (errors.BanditParameterError, lambda: make_policy("squarecb/1", {"policy_id": "x"})),
        (errors.ArraySizeError, lambda: Fixed({"a": 1.0}).probabilities(PLAIN, OPEN)),
        (errors.ArraySizeError, lambda: Thompson().probabilities(PLAIN, OPEN)),
        (errors.ArraySizeError, lambda: Uniform().probabilities(PLAIN, OPEN[:, :1])),
        (errors.NoEligibleArmError, lambda: Uniform().probabilities(PLAIN, ~OPEN)),
        (errors.BanditParameterError, lambda: uniforms(-1, ONE)),
        (errors.BanditParameterError, lambda: uniforms(1, ONE - 1)),
        (errors.BanditParameterError, lambda: held_out(10, 1, 1.0)),
        (errors.NotFiniteError, lambda: replay(np.array([[np.nan, 1.0]]), R)),
        (errors.BanditParameterError, lambda: ShareBounds(exploration_share=-0.1)),
        (errors.BanditParameterError, lambda: Budget(-1)),
        (errors.BanditParameterError, lambda: one(budget=Budget(1, price=-1.0))),
        (errors.BanditParameterError, lambda: one(costs=np.array([0.2, 0.0]))),
        (errors.BanditParameterError, lambda: one(costs=np.array([-5, 0]))),
        (errors.ArraySizeError, lambda: one(costs=np.array([5, 0, 0]))),
        (errors.ArraySizeError, lambda: one(positions=np.arange(2))),
        (errors.NoEligibleArmError, lambda: one(eligible=~OPEN)),
    ],
)
def test_input_that_breaks_a_rule_is_refused(error: type[Exception], make: Callable[[], object]) -> None:
    with pytest.raises(error):
        make()


def test_when_all_arms_cost_and_the_money_is_gone_the_person_without_an_arm_is_named() -> None:
    with pytest.raises(errors.NoEligibleArmError, match="doing nothing"):
        one(costs=np.array([5, 5]), budget=Budget(0))
