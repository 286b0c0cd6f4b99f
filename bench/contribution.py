"""Whom an incentive pays for: contribution earned in a planted world, against the oracle and a policy that wants clicks.

Four kinds of people, each behind its own history: sure things buy anyway, persuadables buy for the discount, lost causes
never, sleeping dogs buy less once they are written to. A random log is learnt from; then arms are chosen for others. What
is counted is the true expected contribution beyond doing nothing: revenue x margin less incentive less message.

    python -m bench contribution [SEEDS]    # 20 seeds unless said otherwise
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tools.bandits.pipeline import choose
from tools.bandits.projection import ShareBounds
from tools.bandits.rewards import Outcomes, reward_named
from tools.bandits.ridge import FloatArray, IntArray, RidgeState
from tools.bandits.squarecb import SquareCB
from tools.experiments.estimates import mean_interval
from tools.experiments.interval import Interval

ARMS = ("discount", "reminder", "none")
PEOPLE, MARGIN, ORDER, INCENTIVE, MESSAGE = 20_000, 0.4, 5_000, 500, 20
# rows: sure things, persuadables, lost causes, sleeping dogs; columns: discount, reminder, none
BUYS = np.array([[0.50, 0.50, 0.50], [0.30, 0.08, 0.05], [0.02, 0.02, 0.02], [0.20, 0.20, 0.30]])
CLICKS = np.array([[0.60, 0.40, 0.0], [0.35, 0.20, 0.0], [0.10, 0.08, 0.0], [0.45, 0.30, 0.0]])
COSTS = np.array([MESSAGE, MESSAGE, 0])


def _people(rng: np.random.Generator) -> tuple[IntArray, FloatArray]:
    """Kind (N,) and features (N, 9): the kind as history tells it, wrong for one in twenty, and four that say nothing."""
    kind = rng.integers(0, 4, PEOPLE)
    told = np.where(rng.random(PEOPLE) < 0.95, kind, rng.integers(0, 4, PEOPLE))
    return kind, np.column_stack([np.ones(PEOPLE), np.eye(4)[told], rng.normal(size=(PEOPLE, 4))])


def _true_contribution() -> FloatArray:
    """Expected contribution by kind and arm, in minor units."""
    incentive = np.array([INCENTIVE, 0, 0])
    return np.asarray(BUYS * (ORDER * MARGIN - incentive) - COSTS)


def _seed(seed: int) -> tuple[float, float, float]:
    """Contribution a person beyond doing nothing: learnt for contribution, learnt for clicks, of the oracle."""
    rng = np.random.default_rng([seed, 6])
    kind, x = _people(rng)
    arm = rng.integers(0, 3, PEOPLE)
    bought = (rng.random(PEOPLE) < BUYS[kind, arm]).astype(float)
    outcomes = Outcomes(
        visit=(rng.random(PEOPLE) < CLICKS[kind, arm]).astype(float),
        conversion=bought,
        spend_minor=bought * ORDER,
        message_cost_minor=COSTS[arm].astype(float),
        incentive_cost_minor=bought * np.array([INCENTIVE, 0, 0])[arm],
    )
    others, features = _people(rng)
    truth = _true_contribution()
    gain = (truth - truth[:, 2:])[others]
    earned = []
    for reward_id in ("contribution", "visit"):
        reward = reward_named(reward_id).of(outcomes, MARGIN)
        posterior = RidgeState.empty(ARMS, x.shape[1]).updated(x, arm, reward).posterior()
        made = choose(
            posterior,
            features,
            np.ones((PEOPLE, 3), dtype=np.bool_),
            COSTS,
            SquareCB(),
            ShareBounds(),
            seed,
            np.arange(PEOPLE),
        )
        earned.append(float((made.probabilities * gain).sum(axis=1).mean()))
    return earned[0], earned[1], float(gain.max(axis=1).mean())


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the shares and their 95 % intervals over the seeds."""
    found = np.array([_seed(seed) for seed in range(int(argv[0]) if argv else 20)])
    mine, clicks, oracle = found.T
    yield _row("contribution of the oracle's", mean_interval(mine / oracle), 0.8)
    # the policy that wants clicks may earn less than nothing, so differences are compared, not ratios
    yield _row(
        "contribution beyond 1.2 times the click policy's, of the oracle's",
        mean_interval((mine - 1.2 * np.maximum(clicks, 0.0)) / oracle),
        0.0,
    )
    yield _row("the click policy's, of the oracle's", mean_interval(clicks / oracle), None)


def _row(name: str, value: Interval, bar: float | None) -> dict[str, object]:
    rounded = [round(v, 4) for v in value[:3]]
    holds = None if bar is None else bool(value.low >= bar)
    return {"name": name, "value": rounded, "unit": "share: estimate, low, high", "bar": bar, "holds": holds}
