"""Adaptive estimates: coverage under a learning bandit, exact cases, what is not estimable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.bandits.draw import replay
from tools.bandits.ridge import RidgeState
from tools.experiments.adaptive import ReplayLog, arm_mean, earlier_predictions, matched_mean, policy_mean
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError

ARMS = ("a", "b", "none")
RATES = np.array([0.35, 0.40, 0.15])


def campaign(
    seed: int, n: int = 1500, m: float = 1 / 3, batch_size: int = 150
) -> tuple[ReplayLog, np.ndarray]:
    """A greedy-leaning bandit without history on one coin per person; the log and the true rates (N, K)."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.integers(0, 2, n)])
    truth = RATES + 0.2 * x[:, 1:] * np.array([1, -0.5, 0])
    outcome = (rng.random((n, 3)) < truth).astype(float)
    observed = rng.random(n) < m
    state = RidgeState.empty(ARMS, 2)
    p, arm = np.zeros((n, 3)), np.zeros(n, dtype=np.int64)
    for start in range(0, n, batch_size):
        part = np.arange(start, start + batch_size)
        score = np.exp(state.posterior().predict(x[part]) / 0.05)
        p[part] = 0.15 / 3 + 0.85 * score / score.sum(axis=1, keepdims=True)
        arm[part] = replay(p[part], rng.random(batch_size))
        seen = part[observed[part]]
        state = state.updated(x[seen], arm[seen], outcome[seen, arm[seen]])
    reward = np.where(observed, outcome[np.arange(n), arm], np.nan)
    batch = np.arange(n) // batch_size
    predictions = earlier_predictions(RidgeState.empty(ARMS, 2), x, batch, arm, observed, reward)
    return ReplayLog(ARMS, batch, p, arm, observed, reward, predictions, m), truth


@pytest.mark.promise
def test_intervals_cover_the_truth_although_the_bandit_adapted() -> None:
    hits = {"policy": 0, "matched": 0, **dict.fromkeys(ARMS, 0)}
    runs = 100
    for seed in range(runs):
        log, truth = campaign(seed)
        made = truth[np.arange(len(truth)), log.arm_index].mean()
        policy, matched = policy_mean(log).value, matched_mean(log).value
        assert policy is not None and matched is not None
        hits["policy"] += policy.covers(made)
        hits["matched"] += matched.covers(made)
        for k, arm in enumerate(ARMS):
            value = arm_mean(log, arm).value
            hits[arm] += value is None or value.covers(RATES[k] + 0.2 * [0.5, -0.25, 0][k])
    # 95 % less three standard errors of 100 runs
    assert min(hits.values()) >= 0.885 * runs, hits


@pytest.mark.promise
def test_the_naive_arm_mean_is_biased_and_the_weighted_one_is_not() -> None:
    naive, weighted = [], []
    for seed in range(100):
        log, truth = campaign(seed, 600, 1.0, 60)
        own = log.arm_index == 1
        naive.append(log.reward[own].mean() - truth[:, 1].mean())
        value = arm_mean(log, "b").value
        weighted.append(value.estimate - truth[:, 1].mean() if value else np.nan)
    assert abs(np.mean(naive)) > 3 * np.std(naive) / np.sqrt(100)
    assert abs(np.nanmean(weighted)) < 3 * np.nanstd(weighted) / np.sqrt(100)


def test_at_match_probability_one_the_value_is_the_plain_mean() -> None:
    log, _ = campaign(1, m=1.0)
    value = policy_mean(log).value
    assert value is not None and value.estimate == pytest.approx(log.reward.mean(), abs=1e-12)


def test_constant_probabilities_and_no_model_give_inverse_weighting_by_hand() -> None:
    rng = np.random.default_rng(2)
    n = 3000
    p = np.tile([0.5, 0.3, 0.2], (n, 1))
    arm = replay(p, rng.random(n))
    observed = rng.random(n) < 0.5
    reward = np.where(observed, rng.random(n), np.nan)
    log = ReplayLog(ARMS, np.zeros(n, dtype=np.int64), p, arm, observed, reward, np.zeros((n, 3)), 0.5)
    hit = observed & (arm == 1)
    value = arm_mean(log, "b").value
    assert value is not None and value.estimate == pytest.approx(reward[hit].sum() / (0.3 * 0.5) / n)
    assert arm_mean(log, "b").effective_n == pytest.approx(hit.sum())


@pytest.mark.promise
def test_predictions_never_see_their_own_batch() -> None:
    log, _ = campaign(3)
    x = np.column_stack([np.ones(1500), np.zeros(1500)])
    state = RidgeState.empty(ARMS, 2)
    changed = np.where(log.batch >= 5, log.reward + 100, log.reward)
    for lag in (1, 2):
        a, b = (
            earlier_predictions(state, x, log.batch, log.arm_index, log.observed, r, lag)
            for r in (log.reward, changed)
        )
        same = log.batch < 5 + lag
        assert np.array_equal(a[same], b[same]) and not np.allclose(a[~same], b[~same])


@pytest.mark.promise
def test_an_arm_of_probability_zero_is_not_estimable() -> None:
    log, _ = campaign(4)
    keep = log.arm_index != 0
    p = log.probabilities[keep].copy()
    p[:, 0] = 0
    closed = replace(log.rows(keep), probabilities=p / p.sum(axis=1, keepdims=True))
    result = arm_mean(closed, "a")
    assert not result.estimable and result.scope == "nobody" and "probability 0" in result.reason


def test_an_arm_open_to_some_is_told_for_those_only() -> None:
    log, _ = campaign(5)
    p = log.probabilities.copy()
    late = (log.batch >= 8) & (log.arm_index != 0)
    p[late, 0] = 0
    result = arm_mean(replace(log, probabilities=p), "a")
    assert result.covered_share == pytest.approx(1 - late.mean())
    assert result.scope == "people the arm was open to" and "not estimable for them" in result.reason


@pytest.mark.promise
def test_an_unmatched_person_is_no_observation_and_never_a_zero() -> None:
    log, _ = campaign(6)
    with pytest.raises(ObservationError, match="not 0"):
        replace(log, reward=np.nan_to_num(log.reward))
    with pytest.raises(ObservationError):
        replace(log, reward=np.full(1500, np.nan))
    with pytest.raises(ObservationError, match="wait"):
        replace(log, match_probability=1.0)


def test_malformed_logs_are_refused() -> None:
    log, _ = campaign(7)
    with pytest.raises(OutOfRangeError):
        replace(log, match_probability=0.0)
    with pytest.raises(UnequalRowsError):
        replace(log, batch=log.batch[:-1])
    with pytest.raises(OutOfRangeError, match="probability 0"):
        replace(log, probabilities=np.eye(3)[(log.arm_index + 1) % 3])
    with pytest.raises(OutOfRangeError):
        earlier_predictions(
            RidgeState.empty(ARMS, 1),
            np.ones((1500, 1)),
            log.batch,
            log.arm_index,
            log.observed,
            log.reward,
            0,
        )
    assert not policy_mean(log.rows(np.arange(1500) < 20)).estimable
