"""The statistics against closed forms and second implementations."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from evals.harness.mde import ALPHA, POWER, power, smallest_seen
from evals.harness.statistics import (
    StatisticsError,
    cohens_kappa,
    holm,
    paired_drop_p,
    paired_interval,
    pass_hat_k,
    wilson,
)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (147, 200), (299, 299)])
def test_wilson_is_scipys(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_299_trials_without_a_failure_bound_the_rate_below_one_in_a_hundred() -> None:
    assert 1 - 0.05 ** (1 / 299) < 0.01 < 1 - 0.05 ** (1 / 298)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_pass_hat_k_counts_the_draws_without_replacement(k: int) -> None:
    cases = [[True, True, False, True], [True] * 4, [False] * 4, [True, False, True, False]]
    drawn = [all(chosen) for case in cases for chosen in itertools.combinations(case, k)]
    expected = np.mean(np.array(drawn).reshape(len(cases), -1).mean(axis=1))
    assert pass_hat_k([sum(case) for case in cases], 4, k) == pytest.approx(expected)


def test_the_exact_p_is_that_of_every_sign_counted_by_hand() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        before, after = rng.integers(0, 4, (2, 9)) / 3
        difference = after - before
        sums = [np.dot(signs, difference) for signs in itertools.product((1, -1), repeat=9)]
        expected = np.mean([total <= difference.sum() + 1e-9 for total in sums])
        assert paired_drop_p(before, after, 3) == pytest.approx(expected)


def test_the_exact_p_agrees_with_scipys_permutation_test() -> None:
    rng = np.random.default_rng(5)
    before = np.ones(60)
    after = (rng.random(60) > 0.1).astype(float)
    found = stats.permutation_test(
        (after, before), lambda a, b: np.mean(a - b), permutation_type="samples", alternative="less",
        n_resamples=20_000, rng=rng,
    )  # fmt: skip
    assert paired_drop_p(before, after, 1) == pytest.approx(found.pvalue, abs=0.01)


def test_nothing_changed_is_no_drop() -> None:
    assert paired_drop_p(np.ones(5), np.ones(5), 3) == 1.0


def test_the_bootstrap_interval_of_a_normal_difference_is_the_normal_interval() -> None:
    rng = np.random.default_rng(6)
    difference = rng.normal(0.1, 0.2, 400)
    low, high = paired_interval(np.zeros(400), difference, rng)
    half = 1.96 * difference.std(ddof=1) / 20
    assert (low, high) == pytest.approx((difference.mean() - half, difference.mean() + half), abs=0.003)


def test_holm_steps_down_and_keeps_the_order() -> None:
    p = {"a": 0.01, "b": 0.02, "c": 0.03, "d": 0.5}
    assert holm(p) == pytest.approx({"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.5})
    ordered = sorted(p.values())
    by_hand = np.minimum(1, np.maximum.accumulate([value * (4 - i) for i, value in enumerate(ordered)]))
    assert sorted(holm(p).values()) == pytest.approx(by_hand)


def test_kappa_of_the_textbook_table() -> None:
    first = [True] * 25 + [False] * 25
    second = [True] * 20 + [False] * 5 + [True] * 10 + [False] * 15
    assert cohens_kappa(first, second) == pytest.approx(0.4)


def test_the_smallest_drop_is_seen_and_the_one_below_it_is_not() -> None:
    rng = np.random.default_rng(7)
    drop = smallest_seen(80, 3, suites=1, rng=rng, rounds=150)
    assert power(80, 3, drop, alpha=ALPHA, rng=rng, rounds=400) >= POWER - 0.06
    assert power(80, 3, drop / 2, alpha=ALPHA, rng=rng, rounds=400) < POWER


def test_five_points_of_two_hundred_cases_are_seen_at_one_sided_five_percent() -> None:
    assert power(200, 3, 0.05, alpha=ALPHA, rng=np.random.default_rng(8), rounds=300) >= POWER


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(1, 0),
        lambda: wilson(3, 2),
        lambda: pass_hat_k([1], 3, 4),
        lambda: pass_hat_k([], 3, 1),
        lambda: pass_hat_k([4], 3, 1),
        lambda: paired_drop_p(np.ones(2), np.ones(3), 1),
        lambda: paired_drop_p(np.array([0.5]), np.array([0.2]), 2),
        lambda: cohens_kappa([True], [True]),
        lambda: cohens_kappa([], []),
    ],
)
def test_what_is_not_defined_is_an_error(call) -> None:
    with pytest.raises(StatisticsError):
        call()
