"""A belief that learns row by row: equal to the closed form, discounted as said, additive underneath."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bandits.errors import ArraySizeError, BanditParameterError, NotFiniteError
from tools.bandits.ridge import Prior, RidgeState
from tools.bandits.running import RunningRidge

ARMS = ("a", "b", "none")
EMPTY = RidgeState.empty(ARMS, 4, Prior(2.0))


def rows(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    return rng.normal(size=(n, 4)), rng.integers(0, 3, n), rng.normal(size=n)


def learnt(n: int, discount: float) -> RunningRidge:
    running = RunningRidge(EMPTY, discount)
    for x, arm, reward in zip(*rows(n), strict=True):
        running.learn(x, int(arm), float(reward))
    return running


@pytest.mark.parametrize("n", [1, 70, 1500])
def test_without_a_discount_it_believes_what_a_batch_believes(n: int) -> None:
    running, whole = learnt(n, 1.0), EMPTY.updated(*rows(n)).posterior()
    x = np.array([1.0, -0.5, 2.0, 0.1])
    np.testing.assert_allclose(running.means(x), whole.predict(x)[0], atol=1e-9)
    state = running.state
    np.testing.assert_allclose(state.gram, EMPTY.updated(*rows(n)).gram, atol=1e-9)
    np.testing.assert_allclose(running.variances(x), state.posterior().variances(x)[0], rtol=1e-9)
    assert running.noise_variance == pytest.approx(whole.noise_variance)
    assert running.observations == n


def test_a_row_counts_for_the_discount_to_the_power_of_the_rows_since() -> None:
    n, gamma = 2500, 0.999
    x, arm, reward = rows(n)
    # rows are folded in when their arm is solved for, so a row may wait up to 1,000 rows before it fades
    state = learnt(n, gamma).state
    oldest = EMPTY.updated(x, arm, reward, gamma ** np.arange(n - 1, -1, -1.0))
    waiting = EMPTY.updated(x, arm, reward, gamma ** np.maximum(np.arange(n - 1, -1, -1.0) - 1000, 0))
    assert (oldest.weight <= state.weight).all() and (state.weight <= waiting.weight).all()


def test_it_goes_on_from_a_state_and_merges_with_others() -> None:
    x, arm, reward = rows(300)
    running = RunningRidge(EMPTY.updated(x[:100], arm[:100], reward[:100]), 1.0)
    for i in range(100, 300):
        running.learn(x[i], int(arm[i]), float(reward[i]))
    np.testing.assert_allclose(running.state.moment, EMPTY.updated(x, arm, reward).moment, atol=1e-9)
    other = EMPTY.updated(x[:10], arm[:10], reward[:10])
    assert running.state.merged(other).weight.sum() == pytest.approx(310)


def test_bad_rows_and_parameters_are_refused_and_leave_the_belief_alone() -> None:
    running, x = learnt(20, 1.0), np.ones(4)
    before = running.means(x)
    with pytest.raises(ArraySizeError):
        running.learn(np.ones(3), 0, 1.0)
    with pytest.raises(BanditParameterError):
        running.learn(x, 3, 1.0)
    with pytest.raises(NotFiniteError):
        running.learn(x, 0, float("nan"))
    with pytest.raises(NotFiniteError):
        running.learn(x * np.inf, 0, 1.0)
    with pytest.raises(BanditParameterError):
        RunningRidge(EMPTY, 0.0)
    with pytest.raises(BanditParameterError):
        RunningRidge(RidgeState.empty(ARMS, 4, Prior(pooling=5.0)))
    assert np.array_equal(running.means(x), before)


def world(seed: int, n: int, change: int | None) -> RunningRidge:
    """Chances of three arms, turned round at row `change`; rewards are 0 or 1, less a half."""
    rng = np.random.default_rng(seed)
    running = RunningRidge(EMPTY)
    truth = rng.normal(size=(3, 4))
    for t in range(n):
        if t == change:
            truth = -truth
        x, arm = rng.normal(size=4), int(rng.integers(0, 3))
        running.learn(x, arm, float(rng.random() < 1 / (1 + np.exp(-x @ truth[arm]))) - 0.5)
    return running


def test_a_steady_world_rings_no_alarm_and_a_turned_one_does_soon() -> None:
    assert [world(seed, 4000, None).alarms for seed in range(8)] == [0] * 8
    for seed in range(8):
        turned = world(seed, 2600, 2000)
        assert turned.alarms >= 1
        assert turned.observations < 0.05 * 2000 + 600


def test_after_an_alarm_the_past_counts_a_twentieth_and_the_sums_say_so() -> None:
    running = world(1, 2600, 2000)
    assert running.alarms == 1
    state = running.state
    assert state.weight.sum() < 0.05 * 2200 + 600
    x = np.array([1.0, -0.5, 2.0, 0.1])
    np.testing.assert_allclose(running.means(x), state.posterior().predict(x)[0], atol=1e-9)


def test_unwatched_it_keeps_all_of_the_past() -> None:
    rng, running = np.random.default_rng(0), RunningRidge(EMPTY, 1.0, watch=False)
    for t in range(3000):
        running.learn(rng.normal(size=4), 0, 100.0 * (t > 1500))
    assert (running.alarms, running.observations) == (0, 3000)
