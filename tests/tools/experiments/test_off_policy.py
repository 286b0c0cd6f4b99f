"""Off-policy value: the truth is found, the noise falls, too little evidence is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.ridge import FloatArray, Posterior
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.off_policy import (
    IntervalKind,
    LoggedChoices,
    Method,
    effective_n,
    fold_of,
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


@pytest.mark.parametrize("method", ["ips", "snips", "dr", "sndr", "dr_shrunk"])
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


def plainly(log: LoggedChoices, candidate: FloatArray, method: Method) -> float:
    """The estimates once more, row by row, with a ridge model solved directly for each fold."""
    n, d = log.features.shape
    fold = fold_of(n, 0, 5)
    total = weight_sum = direct_sum = 0.0
    for f in range(5):
        model = {}
        for k in range(len(log.arms)):
            own = [i for i in range(n) if fold[i] != f and log.arm_index[i] == k]
            x, r = log.features[own], log.reward[own]
            model[k] = np.linalg.inv(x.T @ x + np.eye(d)) @ (x.T @ r)
        for i in np.flatnonzero(fold == f):
            seen = [float(log.features[i] @ model[k]) for k in range(len(log.arms))]
            weight = candidate[i, log.arm_index[i]] / log.propensity[i]
            if method in ("ips", "snips"):
                seen = [0.0] * len(seen)
            direct_sum += sum(candidate[i, k] * seen[k] for k in range(len(seen)))
            total += 0.0 if method == "dm" else weight * (log.reward[i] - seen[log.arm_index[i]])
            weight_sum += weight
    return direct_sum / n + total / (weight_sum if method in ("snips", "sndr") else n)


@pytest.mark.parametrize("interval", ["normal", "bootstrap"])
@pytest.mark.parametrize("method", ["ips", "snips", "dm", "dr", "sndr"])
def test_estimates_equal_a_second_plain_implementation_to_nine_digits(
    method: Method, interval: IntervalKind
) -> None:
    rng = np.random.default_rng(4)
    n, arms = 900, 6
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 3))])
    p = rng.dirichlet(np.full(arms, 2.0), n).clip(0.02)
    p /= p.sum(axis=1, keepdims=True)
    arm = (p.cumsum(axis=1) < rng.random(n)[:, None]).sum(axis=1).clip(max=arms - 1)
    reward = (rng.random(n) < 0.1 + 0.05 * arm).astype(float)
    log = LoggedChoices(tuple("abcdef"), x, arm, reward, p[np.arange(n), arm])
    candidate = rng.dirichlet(np.full(arms, 2.0), n)
    found = policy_value(log, candidate, method, interval=interval).value
    assert found is not None and found.low < found.estimate < found.high
    assert found.estimate == pytest.approx(plainly(log, candidate, method), abs=1e-9)


def test_a_bootstrap_interval_is_about_the_normal_one_and_repeats_by_seed() -> None:
    log, _ = logged()
    normal, first, again = (
        policy_value(log, by_sign(log), "sndr", interval=kind).value
        for kind in ("normal", "bootstrap", "bootstrap")
    )
    assert normal is not None and first is not None and first == again
    assert first.half_width == pytest.approx(normal.half_width, rel=0.15)


def test_shrinking_tames_a_few_large_weights() -> None:
    rare, error, width = np.array([0.004, 0.498, 0.498]), [], []
    for seed in range(20):
        log, truth = logged(4000, seed)
        rng = np.random.default_rng(seed)
        arm = rng.choice(3, 4000, p=rare)
        reward = truth[np.arange(4000), arm] + rng.normal(scale=3.0, size=4000)
        skewed = LoggedChoices(ARMS, log.features, arm, reward, rare[arm])
        found = [
            policy_value(skewed, np.tile([0.2, 0.6, 0.2], (4000, 1)), m, seed=seed)
            for m in ("dr", "dr_shrunk")
        ]
        assert found[0].largest_weight == found[1].largest_weight == pytest.approx(50)
        values = [f.value for f in found if f.value is not None]
        error.append([value.estimate - 0.9 for value in values])
        width.append([value.half_width for value in values])
    dr, shrunk = np.square(error).mean(axis=0)
    assert shrunk < dr
    assert np.mean(width, axis=0)[1] < np.mean(width, axis=0)[0]


def coverage(logs: int, interval: IntervalKind) -> float:
    """How often the doubly robust 95 % interval holds the true value of a candidate on simulated logs."""
    hits = 0
    for seed in range(logs):
        log, truth = logged(700, seed)
        rng = np.random.default_rng([seed, 9])
        p = rng.dirichlet(np.full(3, 3.0), 700).clip(0.05)
        p /= p.sum(axis=1, keepdims=True)
        arm = (p.cumsum(axis=1) < rng.random(700)[:, None]).sum(axis=1).clip(max=2)
        reward = truth[np.arange(700), arm] + rng.normal(scale=0.5, size=700)
        mine = LoggedChoices(ARMS, log.features, arm, reward, p[np.arange(700), arm])
        value = policy_value(mine, by_sign(mine), "dr", seed=seed, interval=interval).value
        assert value is not None
        hits += value.covers(1 + 0.4 * 0.8 * np.sqrt(2 / np.pi))
    return hits / logs


def test_the_doubly_robust_interval_covers_the_truth() -> None:
    # 120 logs at 95 %: 93 % less three standard errors of so few logs
    assert coverage(120, "normal") >= 0.93 - 3 * np.sqrt(0.05 * 0.95 / 120)


@pytest.mark.soak
@pytest.mark.parametrize("interval", ["normal", "bootstrap"])
def test_the_doubly_robust_interval_covers_the_truth_in_93_of_100_logs(interval: IntervalKind) -> None:
    assert coverage(500, interval) >= 0.93
