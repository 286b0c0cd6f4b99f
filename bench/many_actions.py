"""Thousands of actions described by features: offer, incentive depth, channel, hour and tone make 10,000 actions.

One ridge over products of person and action features learns from random choices; SquareCB then chooses from each person's
shortlist, with the exploration share over all 10,000 and exact probabilities. Counted are regret against choosing at random and whether each person's planted channel and hour
are found again. `python -m bench many_actions [PEOPLE]`
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from tools.bandits.draw import replay, uniforms
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds, project
from tools.bandits.ridge import FloatArray, IntArray, RidgeState
from tools.bandits.shortlist import Shortlist
from tools.bandits.squarecb import SquareCB

LEVELS = {"offer": 20, "depth": 5, "channel": 5, "hour": 4, "tone": 5}
TRAITS, HISTORY, BATCH = 4, 40_000, 250


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures for so many people (2,000 unless said otherwise)."""
    people, rng = int(argv[0]) if argv else 2000, np.random.default_rng(10)
    actions = _actions()
    truth = rng.normal(size=(TRAITS + 1, actions.shape[1])) * 0.2
    seen, shown = _people(rng, HISTORY), rng.integers(0, len(actions), HISTORY)
    pairs = _pairs(seen, actions[shown])
    reward = (seen @ truth * actions[shown]).sum(axis=1) + rng.normal(size=HISTORY)
    state = RidgeState.empty(("any",), pairs.shape[1])
    posterior = state.updated(pairs, np.zeros(HISTORY, dtype=np.int64), reward).posterior()
    learnt = posterior.coefficients.reshape(TRAITS + 1, actions.shape[1])
    x, worst, regret, found = _people(rng, people), 0.0, np.zeros(2), np.zeros(2)
    names = tuple(str(k) for k in range(len(actions)))
    noise = float(np.sqrt(posterior.noise_variance))
    for start in range(0, people, BATCH):
        part = x[start : start + BATCH]
        scores, real = part @ learnt @ actions.T, part @ truth @ actions.T
        belief = Belief(scores, None, posterior.observations, noise)
        mask = np.ones(scores.shape, dtype=np.bool_)
        p = project(Shortlist(SquareCB()).probabilities(belief, mask), mask, ShareBounds(0.02), names)
        worst = max(worst, float(np.abs(p.sum(axis=1) - 1).max()))
        chosen = replay(p, uniforms(3, np.arange(start, start + len(part))))
        best, rows = real.argmax(axis=1), np.arange(len(part))
        regret += (
            (real.max(axis=1) - (p * real).sum(axis=1)).sum(),
            (real.max(axis=1) - real.mean(axis=1)).sum(),
        )
        found += [_same(actions, scores.argmax(axis=1), best, name) for name in ("channel", "hour")]
        if np.any(p[rows, chosen] <= 0):
            raise RuntimeError("an action of probability 0 was drawn")
    yield _row("actions", len(actions), None, None)
    yield _row("largest distance of a sum of probabilities from 1", worst, 1e-12, worst <= 1e-12)
    ratio = regret[0] / regret[1]
    yield _row("regret / that of choosing at random", ratio, 0.5, ratio < 0.5)
    for name, share in zip(("channel", "hour"), found / people, strict=True):
        yield _row(f"people whose best {name} is found", share, 0.8, share >= 0.8)


def _actions() -> FloatArray:
    """(10,000, 39): one 0/1 column per level of each property."""
    grid = np.array(list(product(*(range(n) for n in LEVELS.values()))))
    return np.column_stack([np.eye(n)[grid[:, j]] for j, n in enumerate(LEVELS.values())])


def _people(rng: np.random.Generator, people: int) -> FloatArray:
    return np.column_stack([np.ones(people), rng.normal(size=(people, TRAITS))])


def _pairs(people: FloatArray, actions: FloatArray) -> FloatArray:
    """Products of every person feature with every action feature, row by row."""
    return np.asarray((people[:, :, None] * actions[:, None, :]).reshape(len(people), -1))


def _same(actions: FloatArray, chosen: IntArray, best: IntArray, name: str) -> int:
    first = sum(n for n in list(LEVELS.values())[: list(LEVELS).index(name)])
    columns = slice(first, first + LEVELS[name])
    return int((actions[chosen, columns].argmax(axis=1) == actions[best, columns].argmax(axis=1)).sum())


def _row(name: str, value: float, bar: float | None, holds: bool | None) -> dict[str, object]:
    told = None if holds is None else bool(holds)
    return {"name": name, "value": float(f"{value:.4g}"), "unit": "", "bar": bar, "holds": told}
