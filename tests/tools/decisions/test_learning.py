"""What a collection believes after it has learnt: conjugate closed forms, rewards by hand, replays that notice a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import pytest

from policies.managed import CollectionBody, Learning
from tools.bandits.chooser import Chooser
from tools.bandits.errors import BanditParameterError
from tools.bandits.projection import ShareBounds
from tools.bandits.registry import make_policy
from tools.decisions.checking import require_usable
from tools.decisions.draws import INTERCEPT
from tools.decisions.learning import ArmSums, Seen, believed_after, believed_chances, reward_of
from tools.decisions.replaying import replay_choice

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
ARMS = ("a", "b", "none")


def test_a_reward_is_the_worth_of_each_kind_of_event_inside_the_window_once() -> None:
    learning = Learning(rewards={"interact": 1.0, "dismiss": -0.5}, window_hours=24)
    seen = [
        Seen("interact", AT + timedelta(hours=1)),
        Seen("interact", AT + timedelta(hours=2)),
        Seen("dismiss", AT + timedelta(hours=25)),
        Seen("display", AT),
    ]
    assert reward_of(learning, AT, seen) == 1.0
    assert reward_of(learning, AT - timedelta(hours=1), [*seen, Seen("dismiss", AT)]) == 0.5
    assert reward_of(learning, AT, []) == 0.0
    shown = learning.model_copy(update={"displayed_only": True})
    assert reward_of(shown, AT, seen[:2]) is None
    assert reward_of(shown, AT, seen) == 1.0


def test_the_belief_is_the_normal_conjugate_update() -> None:
    rewards = {"a": [1.0, 0.0, 2.0], "b": [0.5]}
    sums = {item: reduce(ArmSums.plus, map(ArmSums.of, r)) for item, r in rewards.items()}
    values = np.array([0.4, 0.1, 0.0])
    made = believed_after(ARMS, values, 5.0, 20.0, 0.8, sums, "d")
    mean = [(5 * 0.4 + 3.0) / 8, (5 * 0.1 + 0.5) / 6, 0.0]
    np.testing.assert_allclose(made.coefficients[:, 0], mean)
    residual = sum((x - mean[k]) ** 2 for k, item in enumerate("ab") for x in rewards[item])
    variance = (20 * 0.64 + residual) / (20 + 4)
    assert made.noise_variance == pytest.approx(variance)
    np.testing.assert_allclose(made.factors[:, 0, 0] ** 2, variance / np.array([8, 6, 5]))
    assert made.observations == 24


def test_nothing_learnt_leaves_the_declared_values_to_the_bit() -> None:
    values = np.array([0.1, 0.7, 0.3])
    assert believed_after(ARMS, values, 3.0, 9.0, 0.5, {}, "d").coefficients[:, 0].tolist() == values.tolist()


def test_chances_are_the_beta_conjugate_update() -> None:
    sums = {"a": ArmSums(10, 4_000_000, 4_000_000)}
    made = believed_chances(ARMS, np.array([0.2, 0.3, 0.1]), 10.0, 30.0, sums, "d")
    a, b = 2.0 + 4, 8.0 + 6
    assert made.coefficients[0, 0] == pytest.approx(a / (a + b))
    assert made.factors[0, 0, 0] ** 2 == pytest.approx(a * b / ((a + b) ** 2 * (a + b + 1)))


def test_sums_are_taken_out_as_they_were_put_in() -> None:
    rng = np.random.default_rng(1)
    kept, gone = rng.normal(size=40), rng.normal(size=25)
    alone = reduce(ArmSums.plus, map(ArmSums.of, kept))
    whole = reduce(ArmSums.plus, map(ArmSums.of, rng.permutation([*kept, *gone])))
    assert reduce(lambda left, reward: left.plus(ArmSums.of(reward), -1), gone, whole) == alone


def record(policy_id: str, **change: Any) -> dict[str, Any]:
    values = np.array([0.3, 0.25, 0.1])
    belief = (believed_chances if policy_id.startswith("beta") else believed_after)(
        ARMS,
        values,
        10.0,
        50.0,
        *(() if policy_id.startswith("beta") else (0.5,)),
        {"a": ArmSums(40, 13_000_000, 13_000_000)},
        "d",
    )
    policy, mask = make_policy(policy_id), np.array([True, True, False])
    made = Chooser(belief, policy, ShareBounds(0.02), 7).choose(
        INTERCEPT, mask, np.zeros(3, dtype=np.int64), 33
    )
    told = {
        "rank": 1,
        "fallback": None,
        "policy": policy_id,
        "parameters": policy.parameters(),
        "bounds": [0.02, 0.0],
        "arms": list(ARMS),
        "open": [0, 1],
        "scores": made.scores,
        "costs": [0, 0, 0],
        "price": 0.0,
        "observations": belief.observations,
        "noise": float(np.sqrt(belief.noise_variance)),
        "deviations": belief.factors[:, 0, 0].tolist(),
        "p": made.probabilities,
        "u": made.u,
        "seed": 7,
        "position": 33,
        "stream": 0,
        "arm": made.arm_index,
        "item": ARMS[made.arm_index],
    }
    return {**told, **change}


@pytest.mark.promise
@pytest.mark.parametrize(
    "policy", ["squarecb/1", "thompson/1", "beta_thompson/1", "epsilon_greedy/1", "softmax/1"]
)
def test_a_logged_choice_replays_and_its_probabilities_follow(policy: str) -> None:
    made = replay_choice("c", record(policy))
    assert made.replays
    assert (made.uniform, made.arm, made.sum_is_one, made.bounds, made.probabilities) == (True,) * 5


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seed": 8}, "uniform"),
        ({"position": 34}, "uniform"),
        ({"arm": 2}, "arm"),
        ({"p": [0.6, 0.5, 0.0]}, "sum_is_one"),
        ({"p": [0.999, 0.001, 0.0]}, "bounds"),
        ({"open": [0]}, "bounds"),
        ({"scores": [0.3, 0.29, 0.1]}, "probabilities"),
    ],
)
def test_a_changed_log_is_noticed(change: dict[str, Any], what: str) -> None:
    made = replay_choice("c", record("squarecb/1", **change))
    assert not made.replays and getattr(made, what) is False


def test_what_beta_thompson_cannot_learn_is_refused_at_design_time() -> None:
    body = {"name": "W", "offers": ["a", "b"], "placements": ["home"], "policy_id": "beta_thompson/1"}
    good = {**body, "values": {"a": 0.1, "b": 0.2}}
    require_usable("w", CollectionBody.model_validate(good))
    with pytest.raises(BanditParameterError, match="b is declared 0"):
        require_usable("w", CollectionBody.model_validate({**body, "values": {"a": 0.1}}))
    for rewards in ({"interact": 2.0}, {"dismiss": -1.0}):
        learning = {"rewards": rewards, "window_hours": 1}
        with pytest.raises(BanditParameterError, match="rewards of 0 to 1"):
            require_usable("w", CollectionBody.model_validate({**good, "learning": learning}))


@pytest.mark.parametrize(
    "learning",
    [
        {"rewards": {}, "window_hours": 1},
        {"rewards": {"purchase": 1.0}, "window_hours": 1},
        {"rewards": {"interact": 1.0}, "window_hours": 0},
        {"rewards": {"interact": float("inf")}, "window_hours": 1},
        {"rewards": {"interact": 1.0}, "window_hours": 1, "prior_rows": 0},
    ],
)
def test_a_learning_that_cannot_be_meant_is_refused(learning: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Learning.model_validate(learning)


def test_a_guard_or_policy_that_cannot_be_is_refused_at_design_time() -> None:
    body = {"name": "W", "offers": ["a", "b"], "placements": ["home"]}
    require_usable("w", CollectionBody.model_validate({**body, "guard": {"baseline": "b"}, "shortlist": 1}))
    with pytest.raises(BanditParameterError, match="'none' is no arm"):
        require_usable("w", CollectionBody.model_validate({**body, "guard": {"baseline": "none"}}))
    around = {"policy_id": "guarded/1+squarecb/1", "parameters": {"baseline": 0}}
    with pytest.raises(BanditParameterError, match="declare guard or shortlist"):
        require_usable("w", CollectionBody.model_validate({**body, **around}))
