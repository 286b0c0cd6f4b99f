"""The drop a suite can see: found by simulating runs of it, the way the gate will judge them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.harness.statistics import paired_drop_p

FloatArray = NDArray[np.float64]
ALPHA: Final = 0.05
POWER: Final = 0.8
_STEP: Final = 0.005


class Behaviour(NamedTuple):
    """How cases behave before a change: most always pass, some always fail, and some now pass and now fail.

    Shares of all cases; a flaky case passes with a probability drawn from 0.5 to 1, once a case.
    """

    failing: float = 0.06
    flaky: float = 0.08


def probabilities(n: int, behaviour: Behaviour, rng: np.random.Generator) -> FloatArray:
    """Return each case's chance of passing (n,)."""
    kind = rng.random(n)
    chance = np.ones(n)
    chance[kind < behaviour.failing] = 0.0
    flaky = (kind >= behaviour.failing) & (kind < behaviour.failing + behaviour.flaky)
    chance[flaky] = rng.uniform(0.5, 1.0, int(flaky.sum()))
    return chance


def broken(chance: FloatArray, drop: float, rng: np.random.Generator) -> FloatArray:
    """Return the chances after a regression that takes `drop` off their mean: some passing cases always fail."""
    after = chance.copy()
    left = drop * len(chance)
    for index in rng.permutation(len(chance)):
        if left <= 0:
            break
        taken = min(float(after[index]), left)
        after[index] -= taken
        left -= taken
    return after


def run_of(chance: FloatArray, epochs: int, rng: np.random.Generator) -> FloatArray:
    """Return one run: the share of its epochs that each case passed (n,)."""
    means: FloatArray = rng.binomial(epochs, np.clip(chance, 0.0, 1.0)) / epochs
    return means


def power(
    cases: int,
    epochs: int,
    drop: float,
    *,
    alpha: float,
    rng: np.random.Generator,
    rounds: int = 400,
    behaviour: Behaviour = Behaviour(),  # noqa: B008  # an immutable tuple
) -> float:
    """Return how often a drop (0 to 1) of a suite's mean is seen at one-sided `alpha`, over simulated pairs of runs."""
    seen = 0
    for _ in range(rounds):
        chance = probabilities(cases, behaviour, rng)
        before = run_of(chance, epochs, rng)
        after = run_of(broken(chance, drop, rng), epochs, rng)
        seen += paired_drop_p(before, after, epochs) <= alpha
    return seen / rounds


def smallest_seen(
    cases: int, epochs: int, *, suites: int, rng: np.random.Generator, rounds: int = 400
) -> float:
    """Return the smallest drop, in steps of half a point, seen with power 0.8 beside `suites` - 1 others.

    Holm asks the first of m suites for alpha / m, so that is what a lone regression has to pass.
    """
    drop = _STEP
    while drop < 1:
        if power(cases, epochs, drop, alpha=ALPHA / suites, rng=rng, rounds=rounds) >= POWER:
            return round(drop, 4)
        drop += _STEP
    return 1.0
