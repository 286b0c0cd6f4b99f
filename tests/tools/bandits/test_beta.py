"""Beta-Bernoulli Thompson: closed forms, adaptive quadrature by scipy, counts put in and taken out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import beta as beta_distribution

from tools.bandits.beta import BetaThompson, betas_of, highest_of_betas
from tools.bandits.counts import CountState
from tools.bandits.errors import ArraySizeError, BanditParameterError, NothingToForgetError
from tools.bandits.pipeline import choose
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds


@pytest.mark.parametrize("a1, b1, a2, b2", [(1, 1, 1, 1), (3, 7, 5, 9), (40, 960, 60, 940), (2, 1, 1, 30)])
def test_two_arms_have_the_closed_form(a1: int, b1: int, a2: int, b2: int) -> None:
    """P(B2 > B1) for whole a2 is a finite sum of beta functions (Miller, Formulas for Bayesian A/B testing, 2015)."""
    terms = [
        np.exp(betaln(a1 + i, b1 + b2) - np.log(b2 + i) - betaln(1 + i, b2) - betaln(a1, b1))
        for i in range(a2)
    ]
    second = float(np.sum(terms))
    p = highest_of_betas(np.array([a1, a2], dtype=float), np.array([b1, b2], dtype=float))
    np.testing.assert_allclose(p, [1 - second, second], atol=1e-9)


def highest_by_quad(a: np.ndarray, b: np.ndarray, k: int) -> float:
    others = [j for j in range(len(a)) if j != k]

    def integrand(x: float) -> float:
        below = np.prod([beta_distribution.cdf(x, a[j], b[j]) for j in others])
        return float(beta_distribution.pdf(x, a[k], b[k]) * below)

    low, high = beta_distribution.ppf([1e-12, 1 - 1e-12], a[k], b[k])
    return float(quad(integrand, low, high, limit=400, epsabs=1e-10)[0])


def test_several_arms_agree_with_adaptive_quadrature() -> None:
    rng = np.random.default_rng(6)
    for _ in range(6):
        arms = int(rng.integers(3, 7))
        size, mean = 10 ** rng.uniform(0.3, 4.5, arms), rng.uniform(0.02, 0.6, arms)
        a, b = 1 + mean * size, 1 + (1 - mean) * size
        found = highest_of_betas(a, b)
        for k in range(arms):
            assert found[k] == pytest.approx(highest_by_quad(a, b, k), abs=2e-8)
        assert found.sum() == pytest.approx(1.0, abs=1e-8)


def test_counts_give_back_their_own_betas_through_mean_and_deviation() -> None:
    rng = np.random.default_rng(1)
    arm, reward = rng.integers(0, 3, 500), (rng.random(500) < 0.1).astype(float)
    state = CountState.empty(("x", "y", "none")).updated(arm, reward)
    belief = state.posterior()
    one = np.ones((1, 1))
    a, b = betas_of(belief.predict(one)[0], np.sqrt(belief.variances(one)[0]))
    np.testing.assert_allclose(a, 1 + state.successes, rtol=1e-9)
    np.testing.assert_allclose(b, 1 + state.failures, rtol=1e-9)


def test_counts_add_merge_and_are_forgotten_again() -> None:
    rng = np.random.default_rng(2)
    arm, reward = rng.integers(0, 2, 100), rng.random(100)
    empty = CountState.empty(("x", "none"))
    whole = empty.updated(arm, reward)
    parts = empty.updated(arm[:40], reward[:40]).merged(empty.updated(arm[40:], reward[40:]))
    np.testing.assert_allclose(parts.successes, whole.successes)
    left = whole.downdated(arm[:40], reward[:40])
    np.testing.assert_allclose(left.failures, empty.updated(arm[40:], reward[40:]).failures)
    with pytest.raises(NothingToForgetError, match="were learnt"):
        empty.updated(arm[:5], reward[:5]).downdated(arm, reward)


def test_masked_arms_do_not_count_and_a_million_draws_fit_their_probabilities() -> None:
    state = CountState(("x", "y", "z", "none"), np.array([5.0, 6, 200, 1]), np.array([50.0, 50, 10, 20]))
    people = 200_000
    mask = np.ones((people, 4), dtype=np.bool_)
    mask[: people // 2, 2] = False
    made = choose(
        state.posterior(),
        np.ones((people, 1)),
        mask,
        np.zeros(4, dtype=np.int64),
        BetaThompson(),
        ShareBounds(0.02),
        5,
        np.arange(people),
    )
    assert np.abs(made.probabilities.sum(axis=1) - 1).max() <= 1e-12
    assert (made.probabilities[~mask] == 0).all() and made.replays()
    for part, keep in ((slice(0, people // 2), [0, 1, 3]), (slice(people // 2, None), [0, 1, 2, 3])):
        p = made.probabilities[part][0]
        wanted = highest_of_betas(1 + state.successes[keep], 1 + state.failures[keep])
        lifted = np.maximum(wanted, 0.02 / len(keep))
        above = wanted > lifted.min() * 1.0001
        assert np.all(p[keep][~above] >= 0.02 / len(keep) - 1e-12)
        count = np.bincount(made.arm_index[part], minlength=4)[keep]
        expected = p[keep] * count.sum()
        assert ((count - expected) ** 2 / expected).sum() < 20


def test_one_person_gets_the_bits_of_a_batch() -> None:
    rng = np.random.default_rng(3)
    means, wide = rng.uniform(0.05, 0.5, (30, 4)), rng.uniform(0.01, 0.3, (30, 4))
    mask = rng.random((30, 4)) < 0.7
    mask[:, 0] = True
    whole = BetaThompson().probabilities(Belief(means, wide, 10.0, 0.4), mask)
    for row in range(30):
        part = slice(row, row + 1)
        alone = BetaThompson().probabilities(Belief(means[part], wide[part], 10.0, 0.4), mask[part])
        assert np.array_equal(alone[0], whole[row])


def test_bad_input_is_named() -> None:
    mask = np.ones((1, 2), dtype=np.bool_)
    with pytest.raises(ArraySizeError, match="needs a deviation"):
        BetaThompson().probabilities(Belief(np.full((1, 2), 0.5), None, 1.0, 1.0), mask)
    with pytest.raises(BanditParameterError, match=r"score -0.1 must lie inside 0 and 1"):
        BetaThompson().probabilities(Belief(np.array([[0.5, -0.1]]), np.ones((1, 2)), 1.0, 1.0), mask)
    with pytest.raises(BanditParameterError, match="width"):
        BetaThompson(width=0.0)
    empty = CountState.empty(("x", "none"))
    for arm, reward, said in (([2], [1.0], "0 to 1"), ([0], [1.5], "0 to 1"), ([0], [np.nan], "0 to 1")):
        with pytest.raises(BanditParameterError, match=said):
            empty.updated(np.array(arm), np.array(reward))
    with pytest.raises(ArraySizeError, match="same arms"):
        empty.merged(CountState.empty(("y", "none")))
    with pytest.raises(ArraySizeError, match="equally many"):
        empty.updated(np.array([0]), np.array([1.0, 0.0]))
