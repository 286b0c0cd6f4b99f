"""Arm means where the arm was rarely possible: few people carry great weights, and the interval has to say so."""

from __future__ import annotations

import numpy as np
import pytest

from tools.experiments.adaptive import ReplayLog, arm_mean

ARMS = ("mail", "none")
PEOPLE, RATE, MATCH = 4000, 0.1, 1 / 3


def log(seed: int) -> ReplayLog:
    """Half of the people could get `none` with probability 0.02, the others with 0.5; outcomes do not depend on arms."""
    rng = np.random.default_rng(seed)
    none = np.where(np.arange(PEOPLE) % 2 == 0, 0.02, 0.5)
    p = np.column_stack([1 - none, none])
    arm = (rng.random(PEOPLE) < none).astype(np.int64)
    observed = rng.random(PEOPLE) < MATCH
    reward = np.where(observed, (rng.random(PEOPLE) < RATE).astype(float), np.nan)
    guess = np.full((PEOPLE, 2), RATE)
    batch = np.arange(PEOPLE) // 500
    return ReplayLog(ARMS, batch, p, arm, observed, reward, guess, MATCH)


@pytest.mark.promise
def test_intervals_of_a_rarely_chosen_arm_cover_its_mean() -> None:
    estimates = [arm_mean(log(seed), "none").value for seed in range(300)]
    covered = [value.covers(RATE) for value in estimates if value is not None]
    assert len(covered) == 300
    assert 0.93 <= np.mean(covered) <= 1.0
