"""The band that may be watched: closed forms, coverage at every look at once, and bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import lambertw

from tools.experiments.anytime import (
    best_information,
    confidence_sequence,
    lift_scores,
    mixture_radius,
    watch_lift,
)
from tools.experiments.errors import ExperimentError
from tools.experiments.interval import normal_interval

ALPHA, RUNS, BATCHES, SIZE, SHARE = 0.1, 400, 20, 150, 0.8


def test_the_best_information_is_lamberts() -> None:
    for alpha in (0.5, 0.1, 0.05, 1e-6):
        assert best_information(alpha) == pytest.approx(-lambertw(-(alpha**2) / math.e, -1).real - 1)


def test_the_boundary_is_that_of_the_mixture_of_likelihood_ratios() -> None:
    """At the radius the martingale sqrt(1/(v r + 1)) exp(r s^2 / (2 (v r + 1))) of Robbins is exactly 1/alpha."""
    people = np.array([1.0, 10.0, 500.0, 10_000.0])
    rho2 = best_information(0.05) / 500
    s = people * mixture_radius(people, 500, 0.05)
    martingale = np.exp(rho2 * s**2 / (2 * (people * rho2 + 1))) / np.sqrt(people * rho2 + 1)
    assert martingale == pytest.approx(np.full(4, 20.0))


def test_it_is_narrowest_where_it_was_planned_to_be() -> None:
    at = np.array([1000.0])
    there = mixture_radius(at, 1000, 0.05)[0]
    assert all(mixture_radius(at, planned, 0.05)[0] > there for planned in (500, 900, 1100, 2000))
    fixed = normal_interval(0.0, 1 / math.sqrt(1000), 0.95).half_width
    assert 1.5 < there / fixed < 1.6


def adaptive_run(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A bandit with two arms that learns batch by batch, beside a holdout: rewards, groups, batches, true lift so far."""
    means, nothing = np.array([0.12, 0.2]), 0.1
    shown, earned = np.ones(2), np.array([0.5, 0.5])
    rewards, groups, truth = [], [], []
    for _ in range(BATCHES):
        p = np.where(earned / shown == (earned / shown).max(), 0.9, 0.1)
        p /= p.sum()
        optimised = rng.random(SIZE) < SHARE
        arm = (rng.random(SIZE) < p[1]).astype(int)
        reward = (rng.random(SIZE) < np.where(optimised, means[arm], nothing)).astype(float)
        for k in (0, 1):
            mine = optimised & (arm == k)
            shown[k] += mine.sum()
            earned[k] += reward[mine].sum()
        rewards.append(reward)
        groups.append(optimised)
        truth.append(np.full(SIZE, p @ means - nothing))
    lift = np.cumsum(np.concatenate(truth)) / np.arange(1, BATCHES * SIZE + 1)
    return np.concatenate(rewards), np.concatenate(groups), np.repeat(np.arange(BATCHES), SIZE), lift


@pytest.mark.promise
def test_the_lift_is_in_the_band_at_every_look_at_once_and_a_plain_interval_is_not() -> None:
    rng = np.random.default_rng(20261125)
    missed = peeked = 0
    for _ in range(RUNS):
        reward, optimised, batch, truth = adaptive_run(rng)
        seen = np.ones(len(reward), dtype=bool)
        baseline = np.full(len(reward), 0.1)
        looks = watch_lift(reward, seen, optimised, batch, baseline, SHARE, len(reward), 1 - ALPHA)
        known = [(look.people, look.lift) for look in looks if look.lift is not None]
        assert len(known) > BATCHES - 4
        missed += any(not lift.covers(truth[n - 1]) for n, lift in known)
        scores = lift_scores(reward, optimised, batch, baseline, SHARE)
        peeked += any(
            not normal_interval(scores[:n].mean(), scores[:n].std(ddof=1) / math.sqrt(n), 1 - ALPHA).covers(
                truth[n - 1]
            )
            for n, _ in known
        )
    allowed = ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)
    assert missed / RUNS <= allowed
    assert peeked / RUNS > allowed


def test_scores_are_unbiased_whatever_the_baseline() -> None:
    rng = np.random.default_rng(5)
    n = 200_000
    optimised = rng.random(n) < 0.9
    reward = np.where(optimised, 0.3, 0.2) + rng.normal(0, 0.1, n)
    batch = np.repeat(np.arange(100), n // 100)
    for baseline in (np.zeros(n), np.full(n, 5.0), rng.normal(0, 0.2, n)):
        scores = lift_scores(reward, optimised, batch, baseline, 0.9)
        assert abs(scores.mean() - 0.1) < 4 * scores.std() / math.sqrt(n)


def test_too_few_outcomes_give_no_interval() -> None:
    reward, optimised, batch, _ = adaptive_run(np.random.default_rng(1))
    seen = np.zeros(len(reward), dtype=bool)
    seen[-40:] = True
    looks = watch_lift(reward, seen, optimised, batch, np.zeros(len(reward)), SHARE, 3000)
    assert len(looks) == BATCHES and all(look.lift is None for look in looks)
    none = np.zeros(0)
    assert watch_lift(none, none.astype(bool), none.astype(bool), none.astype(int), none, SHARE, 10) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: mixture_radius(np.array([1.0]), 0, 0.05),
        lambda: mixture_radius(np.array([0.0]), 10, 0.05),
        lambda: best_information(0.0),
        lambda: confidence_sequence(np.ones(5), [1], 5),
        lambda: confidence_sequence(np.ones(5), [6], 5),
        lambda: confidence_sequence(np.ones(5), [5], 5, 1.0),
        lambda: lift_scores(np.ones(2), np.ones(3, bool), np.ones(2, int), np.ones(2), 0.5),
        lambda: lift_scores(np.ones(2), np.ones(2, bool), np.array([2, 1]), np.ones(2), 0.5),
        lambda: lift_scores(np.ones(2), np.ones(2, bool), np.ones(2, int), np.ones(2), 1.0),
    ],
)
def test_bad_input_is_refused(call) -> None:
    with pytest.raises(ExperimentError):
        call()
