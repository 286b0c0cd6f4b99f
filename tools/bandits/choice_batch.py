"""The log of choices: everything that made them, enough to replay each and to evaluate other policies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from tools.bandits.draw import replay, uniforms
from tools.bandits.policy import BoolArray
from tools.bandits.ridge import FloatArray, IntArray


@dataclass(frozen=True)
class ChoiceBatch:
    """N choices with everything that made them: enough to replay each and to evaluate other policies.

    Row arrays: `positions` (N,) counters of the draw; `eligible` (N, K) as given; `open_arms` (N, K) after the
    money mask; `scores`, `adjusted` (N, K); `probabilities` (N, K) float64 after all guardrails; `u` (N,);
    `arm_index` (N,); `costs` (N, K) and `left_before` (N,; -1 without a budget) in minor units.
    """

    arms: tuple[str, ...]
    positions: IntArray
    eligible: BoolArray
    open_arms: BoolArray
    scores: FloatArray
    adjusted: FloatArray
    probabilities: FloatArray
    u: FloatArray
    arm_index: IntArray
    costs: IntArray
    left_before: IntArray
    price: float
    price_binds: bool
    seed: int
    stream: int
    policy_id: str
    policy_parameters: str
    bounds: str
    state_digest: str

    def __len__(self) -> int:
        return len(self.arm_index)

    @property
    def spent_minor(self) -> int:
        """Money that the drawn arms cost together."""
        return int(self.costs[np.arange(len(self)), self.arm_index].sum())

    @property
    def chosen_probability(self) -> FloatArray:
        """Propensity of the drawn arm, (N,)."""
        return self.probabilities[np.arange(len(self)), self.arm_index]

    def replays(self) -> bool:
        """Whether seed and positions give the logged u, and p and u the logged arm, bit for bit."""
        again = uniforms(self.seed, self.positions, self.stream)
        return bool(
            np.array_equal(again, self.u)
            and np.array_equal(replay(self.probabilities, again), self.arm_index)
        )

    def digest(self) -> str:
        """sha256 over every logged array and name."""
        names = (self.arms, self.price, self.seed, self.stream, self.policy_id, self.policy_parameters)
        head = json.dumps([*names, self.bounds, self.state_digest])
        sha = hashlib.sha256(head.encode())
        integers = (self.positions, self.costs, self.left_before, self.arm_index)
        floats = (self.scores, self.adjusted, self.probabilities, self.u)
        for array in (self.eligible, self.open_arms, *integers, *floats):
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()
