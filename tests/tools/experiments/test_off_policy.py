"""Off-policy value: the truth is found, the noise falls, too little evidence is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.ridge import FloatArray, Posterior
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.off_policy import (
    LoggedChoices,
    Method,
    effective_n,
    importance_weights,
    learned_policy_value,
    policy_value,
)

ARMS = ("a", "b", "none")


def logged(n: int = 3000, seed: int = 0, gain: float = 0.4) -> tuple[LoggedChoices, FloatArray]:
    """A random log and the true mean reward (N, K) behind it."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    truth = np.column_stack([1 + gain * x[:, 1], 1 - gain * x[:, 1], np.full(n, 0.5)])
    arm = rng.integers(0, 3, n)
    reward = truth[np.arange(n), arm] + rng.normal(scale=0.3, size=n)
    return LoggedChoices(ARMS, x, arm, reward, np.full(n, 1 / 3)), truth


def by_sign(log: LoggedChoices) -> FloatArray:
    up = log.features[:, 1] > 0
    return np.column_stack([np.where(up, 0.9, 0.1), np.where(up, 0.1, 0.9), np.zeros(len(up))])


@pytest.mark.parametrize("method", ["ips", "snips", "dr"])
def test_every_method_covers_the_truth_as_often_as_it_says(method: Method) -> None:
    hits = []
    for seed in range(60):
        log, _ = logged(600, seed)
        value = policy_value(log, by_sign(log), method, confidence=0.9).value
        assert value is not None
        hits.append(value.covers(1 + 0.4 * 0.8 * np.sqrt(2 / np.pi)))
    assert 48 <= sum(hits) <= 60


def test_the_model_makes_the_interval_narrower() -> None:
    log, _ = logged()
    ips, dr = (policy_value(log, by_sign(log), m).value for m in ("ips", "dr"))
    assert ips is not None and dr is not None
    assert dr.half_width < ips.half_width / 2


def test_importance_value_is_the_weighted_mean_by_hand() -> None:
    log, _ = logged(400)
    weights = by_sign(log)[np.arange(400), log.arm_index] * 3
    ips, snips = (policy_value(log, by_sign(log), m).value for m in ("ips", "snips"))
    assert ips is not None and ips.estimate == pytest.approx((weights * log.reward).mean())
    assert snips is not None and snips.estimate == pytest.approx((weights * log.reward).sum() / weights.sum())
    np.testing.assert_allclose(importance_weights(log, by_sign(log)), weights)


@pytest.mark.promise
def test_a_policy_learnt_from_noise_does_not_praise_itself() -> None:
    def greedy(posterior: Posterior, x: FloatArray) -> FloatArray:
        return np.eye(3)[posterior.predict(x).argmax(axis=1)]

    values = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = np.column_stack([np.ones(400), rng.normal(size=(400, 8))])
        log = LoggedChoices(ARMS, x, rng.integers(0, 3, 400), rng.normal(size=400), np.full(400, 1 / 3))
        value = learned_policy_value(log, greedy, seed=seed).value
        assert value is not None
        values.append(value.estimate)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(40)


@pytest.mark.promise
def test_fewer_than_a_hundred_effective_people_are_no_evidence() -> None:
    log, _ = logged(270)
    result = policy_value(log, np.eye(3)[np.zeros(270, dtype=np.int64)])
    assert result.value is None and result.effective_n < 100 and "100 are needed" in result.reason


def test_effective_n_of_equal_weights_is_their_number() -> None:
    assert effective_n(np.full(50, 3.0)) == pytest.approx(50)
    assert effective_n(np.zeros(5)) == 0


def test_bad_logs_and_candidates_are_refused() -> None:
    log, _ = logged(200)
    with pytest.raises(UnequalRowsError):
        policy_value(log, np.ones((200, 2)) / 2)
    with pytest.raises(OutOfRangeError):
        policy_value(log, np.ones((200, 3)))
    with pytest.raises(OutOfRangeError):
        LoggedChoices(ARMS, log.features, log.arm_index, log.reward, np.zeros(200))
    with pytest.raises(ObservationError):
        LoggedChoices(ARMS, log.features, log.arm_index, log.reward * np.nan, log.propensity)
    with pytest.raises(OutOfRangeError):
        policy_value(log, by_sign(log), folds=1)
