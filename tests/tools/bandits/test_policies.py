"""Bandit policies: closed forms, sums, masks, one row as in a batch."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import ndtr

from tools.bandits.guarded import Guarded
from tools.bandits.normal import normal_cdf
from tools.bandits.policy import BanditPolicy, Belief
from tools.bandits.registry import make_policy
from tools.bandits.shortlist import Shortlist
from tools.bandits.simple import EpsilonGreedy, Fixed, Softmax, Uniform
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

POLICIES: list[BanditPolicy] = [
    SquareCB(),
    Thompson(),
    EpsilonGreedy(),
    Softmax(),
    Uniform(),
    Fixed({"a": 0.5, "b": 0.5, "c": 0.0, "none": 0.0}),
    Guarded(SquareCB(5.0), 3, 1.0),
    Shortlist(Thompson(0.5), 2),
    Guarded(Shortlist(Thompson(0.5), 3), 0),
]
OPEN = np.ones((1, 3), dtype=np.bool_)


def belief(means: list[list[float]], deviations: list[list[float]] | None = None, t: float = 100.0) -> Belief:
    return Belief(np.array(means), None if deviations is None else np.array(deviations), t, 0.5)


def several(seed: int, n: int = 40) -> tuple[Belief, np.ndarray]:
    rng = np.random.default_rng(seed)
    eligible = rng.random((n, 4)) < 0.6
    eligible[:, 3] = True
    means = rng.normal(scale=rng.choice([1e-6, 0.1, 10.0]), size=(n, 4))
    return Belief(means, rng.uniform(0.001, 2.0, (n, 4)), 1000.0, 0.3), eligible


@pytest.mark.promise
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.policy_id)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_rows_sum_to_one_and_masked_arms_are_exactly_zero(policy: BanditPolicy, seed: int) -> None:
    given_belief, eligible = several(seed)
    p = policy.probabilities(given_belief, eligible)
    assert np.abs(p.sum(axis=1) - 1).max() <= 1e-12
    assert (p >= 0).all() and (p[~eligible] == 0).all()


@pytest.mark.promise
@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.policy_id)
def test_one_person_gets_the_same_bits_as_in_a_batch(policy: BanditPolicy) -> None:
    whole, eligible = several(5)
    p = policy.probabilities(whole, eligible)
    assert whole.deviations is not None
    for i in range(len(p)):
        one = Belief(
            whole.means[i : i + 1], whole.deviations[i : i + 1], whole.observations, whole.noise_deviation
        )
        assert np.array_equal(policy.probabilities(one, eligible[i : i + 1])[0], p[i])


def test_squarecb_is_inverse_gap_weighting() -> None:
    policy = SquareCB(scale=2.0)
    gamma = 2.0 * math.sqrt(100) / 0.5
    p = policy.probabilities(belief([[0.3, 0.1, 0.2]]), OPEN)[0]
    assert p[1] == pytest.approx(1 / (3 + gamma * 0.2), abs=1e-15)
    assert p[2] == pytest.approx(1 / (3 + gamma * 0.1), abs=1e-15)
    assert p[0] == pytest.approx(1 - p[1] - p[2], abs=1e-15)


def test_squarecb_explores_less_the_more_rows_it_has() -> None:
    early, late = (
        SquareCB().probabilities(belief([[0.3, 0.1, 0.2]], t=t), OPEN)[0, 1] for t in (100.0, 40_000.0)
    )
    assert late < early / 5


@pytest.mark.parametrize(("second", "within"), [(0.05, 1e-6), (0.2, 1e-9), (1.0, 1e-10), (4.0, 1e-9)])
def test_thompson_of_two_arms_equals_the_normal_difference(second: float, within: float) -> None:
    p = Thompson().probabilities(belief([[0.3, 0.1]], [[0.8, second]]), np.ones((1, 2), dtype=np.bool_))[0]
    # a deviation below an eighth of the widest counts as that eighth
    z = 0.2 / math.hypot(0.8, max(second, 0.1))
    assert p[0] == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=within)


@pytest.mark.promise
@pytest.mark.parametrize(("arms", "widest"), [(2, 100), (3, 100), (20, 8)])
def test_64_nodes_agree_with_128_to_five_digits(arms: int, widest: float) -> None:
    rng = np.random.default_rng(arms)
    deviations = widest ** -rng.uniform(0, 1, (1000, arms))
    means = rng.normal(size=(1000, arms)) * deviations.mean(axis=1, keepdims=True)
    p = Thompson().probabilities(Belief(means, deviations, 10.0, 1.0), np.ones(means.shape, dtype=np.bool_))
    assert np.abs(p - thompson_reference(means, deviations, 128)).max() <= 1e-5


def thompson_reference(means: np.ndarray, deviations: np.ndarray, nodes: int) -> np.ndarray:
    """The same integral, plainly: every arm's density times the other arms' distribution functions."""
    sd = np.maximum(deviations, deviations.max(axis=1, keepdims=True) / 8)
    low, high = (means - 7 * sd).max(axis=1), (means + 7 * sd).max(axis=1)
    x, w = np.polynomial.legendre.leggauss(nodes)
    z = ((low + high)[:, None] + (high - low)[:, None] * x)[:, :, None] / 2
    cdf = ndtr((z - means[:, None]) / sd[:, None])
    pdf = np.exp(-0.5 * ((z - means[:, None]) / sd[:, None]) ** 2) / (sd[:, None] * math.sqrt(2 * math.pi))
    p = np.empty_like(means)
    for k in range(means.shape[1]):
        others = np.delete(cdf, k, axis=2).prod(axis=2)
        p[:, k] = (pdf[:, :, k] * others * w).sum(axis=1) * (high - low) / 2
    return p / p.sum(axis=1, keepdims=True)


def test_thompson_of_four_arms_agrees_with_sampling() -> None:
    means, deviations = np.array([[0.1, 0.0, 0.15, -0.5]]), np.array([[0.2, 0.3, 0.1, 0.4]])
    p = Thompson().probabilities(Belief(means, deviations, 10.0, 1.0), np.ones((1, 4), dtype=np.bool_))[0]
    draws = np.random.default_rng(0).normal(means, deviations, (200_000, 4))
    seen = np.bincount(draws.argmax(axis=1), minlength=4) / len(draws)
    np.testing.assert_allclose(p, seen, atol=0.005)


def test_normal_cdf_equals_erfc_to_ten_digits() -> None:
    z = np.linspace(-9, 9, 5001)
    exact = np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in z])
    assert np.abs(normal_cdf(z) - exact).max() < 1e-10


@settings(max_examples=20, deadline=None)
@given(means=arrays(np.float64, (1, 3), elements=st.floats(-1, 1)), temperature=st.floats(0.01, 10))
def test_softmax_ratios_are_exponential_in_gaps(means: np.ndarray, temperature: float) -> None:
    p = Softmax(temperature).probabilities(Belief(means, None, 1.0, 1.0), OPEN)[0]
    ratio = math.exp((means[0, 1] - means[0, 0]) / temperature)
    assert p[1] == pytest.approx(ratio * p[0], rel=1e-9, abs=1e-15)


def test_epsilon_greedy_splits_epsilon_over_all_arms() -> None:
    p = EpsilonGreedy(0.3).probabilities(belief([[0.0, 1.0, 0.5]]), OPEN)[0]
    np.testing.assert_allclose(p, [0.1, 0.8, 0.1], atol=1e-15)


def test_fixed_shares_of_masked_arms_go_to_the_others_in_proportion() -> None:
    eligible = np.array([[False, True, True]])
    p = Fixed({"a": 0.5, "b": 0.3, "none": 0.2}).probabilities(belief([[0.0, 0.0, 0.0]]), eligible)[0]
    np.testing.assert_allclose(p, [0, 0.6, 0.4], atol=1e-15)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.policy_id)
def test_a_policy_is_made_again_from_its_own_words(policy: BanditPolicy) -> None:
    assert make_policy(policy.policy_id, policy.parameters()) == policy
