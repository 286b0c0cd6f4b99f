"""The guarded policy on real people: never below the best single arm, and bold where segments really differ.

Twenty times the 64,000 customers of the 2008 e-mail experiment are split in two: one half is learnt from, the other values
the guarded policy and the best single arm of the first half doubly robustly. Then an effect is planted, opposite for people who bought
men's lines and for the others, and the share of the oracle's gain that is captured is counted from the truth.

    python -m bench guard [SPLITS]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.replay_value import ARMS, Experiment, load
from tools.bandits.features import CUSTOMER_FEATURES
from tools.bandits.guarded import Guarded
from tools.bandits.pricing import shares_at_price
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import FloatArray, IntArray, RidgeState
from tools.bandits.simple import EpsilonGreedy
from tools.experiments.estimates import mean_interval
from tools.experiments.off_policy import LoggedChoices, policy_value

_BASE, _EFFECT = 0.12, 0.02


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield visits per 1,000 against the best single arm, and the share captured of a planted gain."""
    splits, data = range(int(argv[0]) if argv else 20), load()
    real = np.array([_against_best(data, seed) for seed in splits])
    told = mean_interval(real * 1000)
    yield _row("visits per 1,000 beyond the best single arm, mean of splits", told.estimate, -0.5)
    yield _row("the same, low end of the 95 % interval", told.low, None)
    planted = np.array([_captured(data, seed) for seed in splits])
    yield _row("share of the oracle's gain where segments are opposite", float(planted.mean()), 0.6)


def _halves(data: Experiment, seed: int) -> tuple[IntArray, IntArray]:
    shuffled = np.random.default_rng([seed, 7]).permutation(len(data.arm))
    return shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :]


def _shares(x: FloatArray, arm: IntArray, reward: FloatArray, others: FloatArray) -> tuple[FloatArray, int]:
    """Probabilities of the guarded policy for others, learnt from rows; and the best single arm of those rows."""
    means = [float(reward[arm == k].mean()) for k in range(len(ARMS))]
    best = int(np.argmax(means))
    state = RidgeState.empty(ARMS, x.shape[1], CUSTOMER_FEATURES.prior()).updated(x, arm, reward)
    posterior = state.posterior()
    policy = Guarded(EpsilonGreedy(0.0), best)
    scores, mask = posterior.predict(others), np.ones((len(others), len(ARMS)), dtype=np.bool_)
    _, p = shares_at_price(
        posterior,
        policy,
        ShareBounds(0.0),
        scores,
        np.sqrt(posterior.variances(others)),
        np.zeros(mask.shape, dtype=np.int64),
        mask,
        0.0,
    )
    return p, best


def _against_best(data: Experiment, seed: int) -> float:
    """Visits a person beyond the best single arm, both valued doubly robustly on people not learnt from."""
    train, test = _halves(data, seed)
    x = data.features
    p, best = _shares(x[train], data.arm[train], data.visit[train], x[test])
    third = np.full(len(test), 1 / 3)
    log = LoggedChoices(ARMS, x[test], data.arm[test], data.visit[test], third)
    values = [policy_value(log, c, seed=seed).value for c in (p, np.eye(len(ARMS))[np.full(len(p), best)])]
    if values[0] is None or values[1] is None:
        raise RuntimeError("too little overlap; the log gives each arm to a third")
    return values[0].estimate - values[1].estimate


def _captured(data: Experiment, seed: int) -> float:
    """Share of the oracle's gain over the best single arm, when the arms work on opposite halves of the people."""
    train, test = _halves(data, seed)
    x, rng = data.features, np.random.default_rng([seed, 8])
    side = np.where(x[:, CUSTOMER_FEATURES.names.index("mens")] > 0, 1.0, -1.0)
    chance = _BASE + _EFFECT * np.column_stack([side, -side, np.zeros(len(side))])
    reward = (rng.random(len(train)) < chance[train, data.arm[train]]).astype(float)
    p, best = _shares(x[train], data.arm[train], reward, x[test])
    mine, single = (p * chance[test]).sum(axis=1).mean(), chance[test, best].mean()
    return float((mine - single) / (chance[test].max(axis=1).mean() - single))


def _row(name: str, value: float, bar: float | None) -> dict[str, object]:
    holds = None if bar is None else bool(value >= bar)
    return {"name": name, "value": round(value, 4), "unit": "", "bar": bar, "holds": holds}
