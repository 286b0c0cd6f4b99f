"""Draws: the same number for a position in any subset; the inverse cdf in arm order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from tools.bandits.draw import ORDER_STREAM, held_out, replay, seeded_order, uniforms


@pytest.mark.promise
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), picks=st.lists(st.integers(0, 4999), min_size=1, max_size=30))
def test_any_subset_in_any_order_gets_the_same_numbers(seed: int, picks: list[int]) -> None:
    whole = uniforms(seed, np.arange(5000))
    assert np.array_equal(uniforms(seed, np.array(picks)), whole[picks])


def test_numbers_are_fixed_across_versions() -> None:
    np.testing.assert_array_equal(
        uniforms(7, np.array([0, 1, 10**9])), [0.8720734548204873, 0.0828426870273763, 0.12156216399252517]
    )


def test_numbers_are_uniform_and_streams_differ() -> None:
    u = uniforms(1, np.arange(100_000))
    assert u.min() >= 0 and u.max() < 1
    expected = 100_000 / 20
    counts = np.histogram(u, 20, (0, 1))[0]
    assert np.square(counts - expected).sum() / expected < 43.8
    assert abs(np.corrcoef(u, uniforms(1, np.arange(100_000), ORDER_STREAM))[0, 1]) < 0.015


@pytest.mark.promise
def test_a_million_draws_pass_a_chi_squared_test_against_their_probabilities() -> None:
    p = np.array([0.1, 0.0, 0.649, 0.25, 0.001])
    arms = replay(np.broadcast_to(p, (1_000_000, 5)), uniforms(3, np.arange(1_000_000)))
    seen, due = np.bincount(arms, minlength=5)[p > 0], 1_000_000 * p[p > 0]
    assert np.bincount(arms, minlength=5)[1] == 0
    assert (np.square(seen - due) / due).sum() < chi2.isf(0.001, 3)
    # and not by being too even either
    assert (np.square(seen - due) / due).sum() > chi2.isf(0.999, 3)


@pytest.mark.promise
def test_few_people_and_many_are_drawn_alike() -> None:
    p = np.random.default_rng(1).dirichlet(np.full(300, 0.3), 400)
    u = uniforms(9, np.arange(400))
    whole = replay(p, u)
    assert np.array_equal(whole, [replay(p[i : i + 1], u[i : i + 1])[0] for i in range(400)])
    assert np.array_equal(whole, replay(np.asfortranarray(p), u))


def test_an_arm_of_probability_zero_is_never_drawn_even_at_the_edges() -> None:
    p = np.array([[0.0, 0.5, 0.5, 0.0]] * 3)
    almost_one = np.nextafter(1.0, 0.0)
    assert replay(p * (1 - 1e-15), np.array([0.0, 0.5, almost_one])).tolist() == [1, 2, 2]


def test_order_and_holdout_are_decided_by_the_seed_alone() -> None:
    order = seeded_order(1000, 5)
    assert sorted(order.tolist()) == list(range(1000))
    assert np.array_equal(order, seeded_order(1000, 5)) and not np.array_equal(order, seeded_order(1000, 6))
    held = held_out(1005, 5, 0.1)
    assert held.sum() == 100 and np.array_equal(held, held_out(1005, 5, 0.1))
