"""Ridge statistics: the closed form, addition, forgetting, exact text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.bandits.ridge import Prior, RidgeState

ARMS = ("a", "b", "none")


def rows(n: int = 300, d: int = 4, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, d - 1))])
    return x, rng.integers(0, 3, n), rng.normal(size=n)


def learnt(prior: Prior | None = None) -> RidgeState:
    return RidgeState.empty(ARMS, 4, prior).updated(*rows())


def test_independent_arms_equal_the_closed_form_of_ridge() -> None:
    x, arm, reward = rows()
    posterior = learnt(Prior(precision=2.0)).posterior()
    for k in range(3):
        own = x[arm == k]
        inverse = np.linalg.inv(own.T @ own + 2.0 * np.eye(4))
        np.testing.assert_allclose(posterior.coefficients[k], inverse @ own.T @ reward[arm == k], atol=1e-12)
        expected = np.einsum("nd,de,ne->n", x, inverse, x) * posterior.noise_variance
        np.testing.assert_allclose(posterior.variances(x)[:, k], expected, rtol=1e-9)
    np.testing.assert_allclose(posterior.predict(x), x @ posterior.coefficients.T, atol=1e-12)


def test_pooled_prior_precision_is_the_inverse_of_its_covariance() -> None:
    prior = Prior(precision=0.5, pooling=20.0, free=1)
    covariance = np.zeros((12, 12))
    for j, own in enumerate((0.5, 20.0, 20.0, 20.0)):
        for a in range(3):
            for b in range(3):
                covariance[a * 4 + j, b * 4 + j] = 1 / 0.5 + (a == b) / own
    np.testing.assert_allclose(prior.matrix(3, 4) @ covariance, np.eye(12), atol=1e-10)


def test_strong_pooling_makes_slopes_equal_and_leaves_intercepts_free() -> None:
    x, arm, reward = rows(3000)
    coefficients = (
        RidgeState.empty(ARMS, 4, Prior(pooling=1e9)).updated(x, arm, reward + arm).posterior().coefficients
    )
    assert np.ptp(coefficients[:, 1:], axis=0).max() < 1e-5
    assert np.ptp(coefficients[:, 0]) > 1.5


def test_noise_variance_is_found_again() -> None:
    rng = np.random.default_rng(1)
    x, arm, _ = rows(20_000)
    reward = x @ np.array([1.0, 0.5, -0.2, 0.1]) + rng.normal(scale=0.7, size=len(x))
    assert RidgeState.empty(ARMS, 4).updated(x, arm, reward).posterior().noise_variance == pytest.approx(
        0.49, rel=0.03
    )


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(1, 299))
def test_merging_parts_equals_learning_the_whole(cut: int) -> None:
    x, arm, reward = rows()
    empty = RidgeState.empty(ARMS, 4)
    merged = empty.updated(x[:cut], arm[:cut], reward[:cut]).merged(
        empty.updated(x[cut:], arm[cut:], reward[cut:])
    )
    np.testing.assert_allclose(merged.gram, learnt().gram, atol=1e-10)
    np.testing.assert_allclose(merged.moment, learnt().moment, atol=1e-10)
    np.testing.assert_allclose(merged.weight, learnt().weight)


def test_a_forgotten_person_leaves_what_was_never_learnt() -> None:
    x, arm, reward = rows()
    without = RidgeState.empty(ARMS, 4).updated(x[1:], arm[1:], reward[1:])
    forgotten = learnt().downdated(x[:1], arm[:1], reward[:1])
    np.testing.assert_allclose(
        forgotten.posterior().coefficients, without.posterior().coefficients, atol=1e-10
    )
    assert forgotten.weight.sum() == 299


def test_discounting_keeps_the_prior_and_fades_the_rows() -> None:
    half = learnt().discounted(0.5)
    x, arm, reward = rows()
    weighted = RidgeState.empty(ARMS, 4).updated(x, arm, reward, 0.5)
    np.testing.assert_allclose(half.posterior().coefficients, weighted.posterior().coefficients, atol=1e-12)
    assert half.posterior().observations == 150


@pytest.mark.promise
def test_state_reads_back_to_the_same_bits_and_digest() -> None:
    state = learnt(Prior(1 / 3, 0.1, 2))
    again = RidgeState.from_json(state.to_json())
    assert again.digest == state.digest and again.prior == state.prior
    assert np.array_equal(again.gram, state.gram) and np.array_equal(again.moment, state.moment)
    x = rows()[0]
    assert np.array_equal(again.posterior().predict(x), state.posterior().predict(x))


@pytest.mark.promise
def test_one_row_is_predicted_to_the_same_bits_as_in_a_batch() -> None:
    posterior, x = learnt(Prior(pooling=3.0)).posterior(), rows()[0]
    single = np.vstack([posterior.predict(row) for row in x])
    assert np.array_equal(single, posterior.predict(x))
    assert np.array_equal(np.vstack([posterior.variances(row) for row in x]), posterior.variances(x))
