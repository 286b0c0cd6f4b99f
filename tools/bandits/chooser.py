"""One choice at a time, as a service makes them: prepared once, the same numbers as in a batch."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import inf, isfinite, sqrt
from typing import NamedTuple

import numpy as np

from tools.bandits.draw import CHOICE_STREAM, replay, uniforms
from tools.bandits.errors import ArraySizeError, NotFiniteError
from tools.bandits.policy import BanditPolicy, Belief, BoolArray
from tools.bandits.pricing import shares_at_price
from tools.bandits.projection import ShareBounds, lifted_single
from tools.bandits.ridge import FloatArray, IntArray, Posterior
from tools.bandits.scorer import Scorer
from tools.bandits.squarecb import SquareCB
from tools.bandits.tiles import TILE

_AHEAD = 1024


class Choice(NamedTuple):
    """One choice with what made it: scores, adjusted scores and probabilities per arm, open arms (K,), u, the arm."""

    position: int
    open_arms: BoolArray
    scores: list[float]
    adjusted: list[float]
    probabilities: list[float]
    u: float
    arm_index: int

    @property
    def chosen_probability(self) -> float:
        """Propensity of the chosen arm."""
        return self.probabilities[self.arm_index]


class Chooser:
    """Chooses for one person after another under one belief, bandit policy, bounds, seed and price of money.

    Equal to `pipeline.choose` for the same person, position and money to the last bit. The default bandit policy goes
    through plain floats where a ridge belief scores, which for a handful of arms costs a third of array calls. Uniform numbers are made for
    1,024 positions at a time, since requests mostly come at consecutive ones.
    """

    def __init__(
        self,
        posterior: Scorer,
        policy: BanditPolicy,
        bounds: ShareBounds,
        seed: int,
        price: float = 0.0,
    ) -> None:
        self._posterior, self._policy, self._bounds = posterior, policy, bounds
        self._seed, self._price = seed, price
        plain = isinstance(policy, SquareCB) and isinstance(posterior, Posterior) and not bounds.maximum
        self._plain = policy if plain and isinstance(policy, SquareCB) else None
        solved = posterior.coefficients if isinstance(posterior, Posterior) else np.zeros((2, 1))
        self._tile = np.zeros((TILE, solved.shape[1]))
        self._matrix = np.ascontiguousarray(np.repeat(solved, 2, axis=0) if len(solved) == 1 else solved)
        self._belief = Belief(
            np.empty((0, 0)), None, posterior.observations, float(sqrt(posterior.noise_variance))
        )
        self._first = -1
        self._ahead: list[float] = []

    def choose(
        self,
        features: FloatArray,
        eligible: BoolArray,
        costs: IntArray,
        position: int,
        left_minor: int | None = None,
    ) -> Choice:
        """Choose for one person: features (d,), eligible (K,), costs (K,) in minor units, the money left if limited."""
        if eligible.shape != (len(self._posterior.arms),):
            raise ArraySizeError(
                f"mask of shape {eligible.shape} must have one entry for each of {len(self._posterior.arms)} arms",
                value=eligible.shape,
            )
        open_arms = eligible if left_minor is None else eligible & (costs <= left_minor)
        given = open_arms.tolist()
        count = given.count(True)
        floor = max(self._bounds.exploration_share / max(count, 1), self._bounds.minimum_arm_probability)
        if self._plain is None or not count or floor * count > 1:
            return self._by_arrays(features, open_arms, costs, position)
        scores = self._scores(features)
        adjusted = scores
        if self._price:
            adjusted = [s - self._price * c for s, c in zip(scores, costs.tolist(), strict=True)]
        if count == len(given):
            p = lifted_single(self._plain.single(self._belief, adjusted), [floor] * count)
        else:
            seen = [s if is_open else -inf for s, is_open in zip(adjusted, given, strict=True)]
            p = lifted_single(self._plain.single(self._belief, seen), [floor if o else 0.0 for o in given])
        u = self._uniform(position)
        arm = bisect_right(list(accumulate(p)), u)
        if arm == len(p):
            arm = int(replay(np.array([p]), np.array([u]))[0])
        return Choice(position, open_arms, scores, adjusted, p, u, arm)

    def _by_arrays(
        self, features: FloatArray, open_arms: BoolArray, costs: IntArray, position: int
    ) -> Choice:
        scores = self._posterior.predict(features)
        deviations = np.sqrt(self._posterior.variances(features)) if self._policy.needs_deviations else None
        adjusted, p = shares_at_price(
            self._posterior,
            self._policy,
            self._bounds,
            scores,
            deviations,
            costs,
            open_arms[None, :],
            self._price,
        )
        u = self._uniform(position)
        arm = int(replay(p, np.array([u]))[0])
        return Choice(position, open_arms, scores[0].tolist(), adjusted[0].tolist(), p[0].tolist(), u, arm)

    def _scores(self, features: FloatArray) -> list[float]:
        """Scores of one person, through a tile of the shape that batches use."""
        self._tile[0] = features
        with np.errstate(invalid="ignore"):
            made: list[float] = np.matmul(self._matrix, self._tile.T)[: len(self._posterior.arms), 0].tolist()
        if not isfinite(made[0]):
            raise NotFiniteError(
                "a feature is missing or infinite; the feature definition says how to fill it"
            )
        return made

    def _uniform(self, position: int) -> float:
        place = position - self._first
        if not 0 <= place < len(self._ahead):
            self._first, place = position - position % _AHEAD, position % _AHEAD
            ahead = np.arange(self._first, self._first + _AHEAD)
            self._ahead = uniforms(self._seed, ahead, CHOICE_STREAM).tolist()
        return self._ahead[place]
