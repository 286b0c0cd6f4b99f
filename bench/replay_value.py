"""Replay value: is choosing whom to mail worth more than mailing as many at random? Twenty seeds on real data.

Each seed splits the 64,000 customers of the 2008 experiment into history and world, learns from history, and
lets the pipeline choose for the world's lapsed customers under a budget. An outcome exists only where the choice
is the e-mail that person really got, which happens with probability 1/3 whatever is chosen.
"""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.bandits.draw import held_out, seeded_order
from tools.bandits.features import CUSTOMER_FEATURES
from tools.bandits.pipeline import Budget, choose
from tools.bandits.policy import BanditPolicy, BoolArray
from tools.bandits.pricing import Outlook
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import FloatArray, IntArray, Prior, RidgeState
from tools.bandits.squarecb import SquareCB

ARMS = ("mens_merchandise", "womens_merchandise", "none")
MATCH_PROBABILITY = 1 / 3
COST_MINOR, BUDGET_MINOR, BATCH, OUTLOOK_SAMPLE = 20, 200_000, 500, 2_000
HOLDOUT_SHARE, CONSENT_SHARE, LAPSED_MONTHS = 0.10, 0.94, 6
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "hillstrom" / "hillstrom.csv.gz"
_REAL_ARM = {"Mens E-Mail": 0, "Womens E-Mail": 1, "No E-Mail": 2}


@dataclass(frozen=True)
class Experiment:
    """The logged experiment: features (N, d), the real arm (N,), visit (N,), months since last purchase (N,)."""

    features: FloatArray
    arm: IntArray
    visit: FloatArray
    recency: FloatArray


@dataclass(frozen=True)
class SeedResult:
    """One seed: visits per person by policy, of the baseline and of no e-mail; half-width of a 95 % interval."""

    value: float
    half_width: float
    baseline: float
    none: float
    matched: int
    emails: int


def load(path: Path = EXAMPLE) -> Experiment:
    """Read the shipped file of the experiment."""
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {name: np.array([row[name] for row in rows]) for name in ("zip_code", "channel")}
    numbers = {
        name: np.array([float(r[name]) for r in rows]) for name in ("history", "mens", "womens", "newbie")
    }
    recency = np.array([float(r["recency"]) for r in rows])
    return Experiment(
        CUSTOMER_FEATURES.matrix({**columns, **numbers, "recency_months": recency}),
        np.array([_REAL_ARM[r["segment"]] for r in rows], dtype=np.int64),
        np.array([float(r["visit"]) for r in rows]),
        recency,
    )


def simulate(data: Experiment, seed: int, policy: BanditPolicy, prior: Prior) -> SeedResult:
    """Run one campaign in one split of the experiment."""
    rng = np.random.default_rng([seed, 2026])
    shuffled = rng.permutation(len(data.arm))
    history, world = np.split(shuffled, [len(shuffled) // 2])
    consenting = rng.random(len(world)) < CONSENT_SHARE
    net = world[consenting & (data.recency[world] >= LAPSED_MONTHS)]
    net = net[seeded_order(len(net), seed)]
    holdout = held_out(len(net), seed, HOLDOUT_SHARE)
    state = RidgeState.empty(ARMS, data.features.shape[1], prior)
    state = state.updated(data.features[history], data.arm[history], data.visit[history])
    chosen, spent = _campaign(data, seed, policy, state, net, holdout)
    return _value(data, net[~holdout], chosen[~holdout], spent)


def _campaign(
    data: Experiment, seed: int, policy: BanditPolicy, state: RidgeState, net: IntArray, holdout: BoolArray
) -> tuple[IntArray, int]:
    """Choose batch after batch; the outcomes of the batch before last are known. Arms chosen, money spent."""
    x, real = data.features[net], data.arm[net]
    eligible = np.ones((len(net), len(ARMS)), dtype=np.bool_)
    eligible[holdout, :2] = False
    costs = np.broadcast_to(np.array([COST_MINOR, COST_MINOR, 0]), eligible.shape)
    chosen = np.zeros(len(net), dtype=np.int64)
    left = BUDGET_MINOR
    for start in range(0, len(net), BATCH):
        known = slice(max(start - 2 * BATCH, 0), max(start - BATCH, 0))
        matched = np.flatnonzero(chosen[known] == real[known]) + known.start
        state = state.updated(x[matched], real[matched], data.visit[net[matched]])
        rest, batch = slice(start, None), slice(start, min(start + BATCH, len(net)))
        outlook = Outlook(x[rest], eligible[rest], costs[rest], len(net) - start).sampled(OUTLOOK_SAMPLE)
        made = choose(
            state.posterior(),
            x[batch],
            eligible[batch],
            costs[batch],
            policy,
            ShareBounds(exploration_share=0.02),
            seed,
            np.arange(batch.start, batch.stop),
            Budget(left, outlook),
        )
        chosen[batch] = made.arm_index
        left -= made.spent_minor
    return chosen, BUDGET_MINOR - left


def _value(data: Experiment, people: IntArray, chosen: IntArray, spent: int) -> SeedResult:
    matched = chosen == data.arm[people]
    outcome = data.visit[people][matched]
    # Every matched row has the same weight 1/m, so the self-normalised estimate is their mean.
    value = float(outcome.mean())
    half = 1.96 * float(outcome.std(ddof=1)) / float(np.sqrt(matched.sum()))
    means = [float(data.visit[people][data.arm[people] == arm].mean()) for arm in range(len(ARMS))]
    share = min(1.0, BUDGET_MINOR / COST_MINOR / len(people))
    baseline = share * max(means[:2]) + (1 - share) * means[2]
    return SeedResult(value, half, baseline, means[2], int(matched.sum()), spent // COST_MINOR)


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures over seeds 1 to 20 (or 1 to the number given)."""
    seeds = range(1, int(argv[0]) + 1) if argv else range(1, 21)
    started = time.perf_counter()
    data = load()
    results = [simulate(data, seed, SquareCB(), CUSTOMER_FEATURES.prior()) for seed in seeds]
    ratios = np.array([r.value / r.baseline for r in results])
    above = sum(r.value > r.none for r in results)
    half = float(np.mean([r.half_width / r.baseline for r in results]))
    yield _row(
        "ratio to best single arm at random, mean of seeds",
        ratios.mean(),
        "ratio",
        0.95,
        ratios.mean() >= 0.95,
    )
    yield _row(
        "the same, lowest and highest seed", [float(ratios.min()), float(ratios.max())], "ratio", None, None
    )
    yield _row("half-width of one seed's 95 % interval", half, "ratio", None, None)
    yield _row("seeds above no e-mail", above, f"of {len(results)}", len(results), above == len(results))
    yield _row("visits per person", np.mean([r.value for r in results]), "rate", None, None)
    yield _row("e-mails", np.mean([r.emails for r in results]), "count", BUDGET_MINOR // COST_MINOR, None)
    yield _row("matched people", np.mean([r.matched for r in results]), "count", None, None)
    yield _row("seconds", time.perf_counter() - started, "s", 60, time.perf_counter() - started < 60)


def _row(
    name: str, value: float | np.floating | list[float], unit: str, bar: float | None, holds: bool | None
) -> dict[str, object]:
    rounded = [round(v, 5) for v in value] if isinstance(value, list) else round(float(value), 5)
    return {
        "name": name,
        "value": rounded,
        "unit": unit,
        "bar": bar,
        "holds": None if holds is None else bool(holds),
    }
