"""Learning beside Vowpal Wabbit: cumulative regret in three worlds, one default configuration in all of them.

Each seed is a world of its own; both sides meet the same people in the same order. The peer is the best, world by world, of
seven configurations of Vowpal Wabbit, chosen by its mean regret over the very seeds that are shown (which favours it).
Ours was chosen on seeds 1,000 and up. `pip install countersign[bench]`.

    python -m bench learning [SEEDS] [FIRST]    # 10 seeds from 0 unless said otherwise
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tools.bandits.policy import Belief, BoolArray
from tools.bandits.projection import lifted_single
from tools.bandits.ridge import FloatArray, IntArray, Prior, RidgeState
from tools.bandits.running import DISCOUNT, RunningRidge
from tools.bandits.squarecb import SquareCB
from tools.bandits.thompson import Thompson

ROUNDS, ARMS, EXPLORATION = 5000, 10, 0.02
WIDTH = 0.3
"""Of Thompson's deviations, chosen on seeds 1,000 and up; its own rule, 1, explores too much in 5,000 rounds."""
VW = (
    "--cb_explore_adf --squarecb -q sa",
    "--cb_explore_adf --squarecb -q sa -l 0.1",
    "--cb_explore_adf --squarecb -q sa -l 2",
    "--cb_explore_adf --squarecb --gamma_scale 100 -q sa",
    "--cb_explore_adf --epsilon 0.02 --cb_type mtr -q sa",
    "--cb_explore_adf --rnd 3 --epsilon 0.02 -q sa",
    "--cb_explore_adf --softmax --lambda 20 -q sa",
)


@dataclass(frozen=True)
class World:
    """People (T, d), the chance of a reward of every arm (T, K), one uniform number a round for the outcome (T,)."""

    x: FloatArray
    chance: FloatArray
    luck: FloatArray

    def reward(self, t: int, arm: int) -> float:
        """The outcome of an arm for the person of a round."""
        return float(self.luck[t] < self.chance[t, arm])

    def regret(self, arms: IntArray) -> FloatArray:
        """Chance missed in every round."""
        return np.asarray(self.chance.max(axis=1) - self.chance[np.arange(len(arms)), arms])


@dataclass(frozen=True)
class LinUCB:
    """The arm of the highest mean plus `alpha` deviations (Li and others 2010). Here only: its propensities are 0 or 1."""

    alpha: float = 1.0

    def probabilities(self, belief: Belief, eligible: BoolArray) -> FloatArray:
        wide = np.zeros_like(belief.means) if belief.deviations is None else belief.deviations
        upper = np.where(eligible, belief.means + self.alpha * wide, -np.inf)
        return np.asarray(np.eye(upper.shape[1])[upper.argmax(axis=1)])


def logistic(seed: int) -> World:
    """Ten arms whose chance is a logistic function of ten features and an intercept."""
    rng = np.random.default_rng([seed, 1])
    x = _people(rng)
    return World(x, _chance(x, rng.normal(size=(ARMS, 11))), rng.random(ROUNDS))


def drift(seed: int) -> World:
    """The same until half-time, when every coefficient is drawn anew."""
    rng = np.random.default_rng([seed, 2])
    x, half = _people(rng), ROUNDS // 2
    before, after = (_chance(x, rng.normal(size=(ARMS, 11))) for _ in range(2))
    return World(x, np.concatenate([before[:half], after[half:]]), rng.random(ROUNDS))


def digits(seed: int) -> World:
    """Handwritten digits (1,797 of them, in the order of the seed, again and again): the right arm is the digit."""
    from sklearn.datasets import load_digits

    data = load_digits()
    rng = np.random.default_rng([seed, 3])
    order = np.concatenate([rng.permutation(len(data.target)) for _ in range(3)])[:ROUNDS]
    x = np.column_stack([data.data[order] / 16.0, np.ones(ROUNDS)])
    return World(x, np.eye(10)[data.target[order]], np.full(ROUNDS, 0.5))


WORLDS: dict[str, Callable[[int], World]] = {"logistic": logistic, "digits": digits, "drift": drift}


def _people(rng: np.random.Generator) -> FloatArray:
    return np.column_stack([rng.normal(size=(ROUNDS, 10)), np.ones(ROUNDS)])


def _chance(x: FloatArray, truth: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-(x @ truth.T) / np.sqrt(x.shape[1]))))


def ours(
    world: World, seed: int, policy: SquareCB | Thompson | LinUCB, discount: float, *, watch: bool = True
) -> IntArray:
    """The arms chosen by a bandit policy of ours with its default bounds."""
    names = tuple(str(k) for k in range(ARMS))
    belief = RunningRidge(RidgeState.empty(names, world.x.shape[1], Prior()), discount, watch=watch)
    u = np.random.default_rng([seed, 4]).random(ROUNDS)
    arms = np.zeros(ROUNDS, dtype=np.int64)
    floor = [0.0 if isinstance(policy, LinUCB) else EXPLORATION / ARMS] * ARMS
    eligible = np.ones((1, ARMS), dtype=np.bool_)
    for t, x in enumerate(world.x):
        means, noise = belief.means(x), float(np.sqrt(belief.noise_variance))
        if isinstance(policy, SquareCB):
            p = policy.single(Belief(means[None], None, belief.observations, noise), means.tolist())
        else:
            wide = np.sqrt(belief.variances(x))[None]
            p = policy.probabilities(Belief(means[None], wide, belief.observations, noise), eligible)[
                0
            ].tolist()
        arms[t] = _drawn(lifted_single(p, floor), u[t])
        belief.learn(x, int(arms[t]), world.reward(t, int(arms[t])))
    return arms


def theirs(world: World, seed: int, options: str) -> IntArray:
    """The arms chosen by one configuration of Vowpal Wabbit."""
    import vowpalwabbit

    peer = vowpalwabbit.Workspace(f"{options} --quiet --random_seed {seed + 1}")
    u = np.random.default_rng([seed, 4]).random(ROUNDS)
    arms = np.zeros(ROUNDS, dtype=np.int64)
    actions = [f"|a arm{k}" for k in range(ARMS)]
    for t, x in enumerate(world.x):
        shared = "shared |s " + " ".join(f"{j}:{value:.5f}" for j, value in enumerate(x) if value)
        p = peer.predict([shared, *actions])
        arm = _drawn(p, u[t])
        labelled = [*actions]
        labelled[arm] = f"{arm}:{-world.reward(t, arm)}:{p[arm]:.6f} {labelled[arm]}"
        peer.learn([shared, *labelled])
        arms[t] = arm
    peer.finish()
    return arms


def _drawn(p: list[float], u: float) -> int:
    return min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the ratios of mean regret in every world."""
    count, first = int(argv[0]) if argv else 10, int(argv[1]) if len(argv) > 1 else 0
    seeds = range(first, first + count)
    mine: dict[str, Callable[[World, int], IntArray]] = {
        "ours": lambda world, seed: ours(world, seed, SquareCB(), DISCOUNT),
        "ours, undiscounted": lambda world, seed: ours(world, seed, SquareCB(), 1.0, watch=False),
        "ours, Thompson": lambda world, seed: ours(world, seed, Thompson(WIDTH), DISCOUNT),
        "ours, LinUCB": lambda world, seed: ours(world, seed, LinUCB(), DISCOUNT),
    }
    for name, make in WORLDS.items():
        worlds = [(make(seed), seed) for seed in seeds]
        peers = {o: np.array([w.regret(theirs(w, s, o)) for w, s in worlds]) for o in VW}
        best = min(peers, key=lambda option: float(peers[option].sum()))
        floor = peers[best]
        yield _row(f"{name}: regret of the best peer, {best}", floor.sum(axis=1).mean(), "regret", None)
        for which, choose in mine.items():
            regret = np.array([w.regret(choose(w, s)) for w, s in worlds])
            bars = BARS.get((name, which), {})
            yield _row(f"{name}: {which}", regret.sum() / floor.sum(), "ratio", bars.get("total"))
            if name == "drift":
                late = regret[:, ROUNDS // 2 :].sum() / floor[:, ROUNDS // 2 :].sum()
                yield _row(f"{name}, second half: {which}", late, "ratio", bars.get("late"))


BARS = {
    ("logistic", "ours"): {"total": 0.90},
    ("logistic", "ours, Thompson"): {"total": 0.70},
    ("digits", "ours"): {"total": 0.80},
    ("drift", "ours"): {"total": 0.95, "late": 1.05},
}


def _row(name: str, value: float | np.floating, unit: str, bar: float | None) -> dict[str, object]:
    held = None if bar is None else bool(value <= bar)
    return {"name": name, "value": round(float(value), 3), "unit": unit, "bar": bar, "holds": held}
