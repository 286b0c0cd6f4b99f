"""Successes and trials per arm: the sums behind a Beta belief, additive and taken out again as they were put in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError, NothingToForgetError
from tools.bandits.ridge import FloatArray, IntArray, Posterior


@dataclass(frozen=True)
class CountState:
    """Weight of successes and of failures of each arm, (K,) each, the prior of one each apart."""

    arms: tuple[str, ...]
    successes: FloatArray
    failures: FloatArray

    @classmethod
    def empty(cls, arms: tuple[str, ...]) -> CountState:
        """A state that has seen nobody."""
        return cls(arms, np.zeros(len(arms)), np.zeros(len(arms)))

    def updated(self, arm_index: IntArray, reward: FloatArray) -> CountState:
        """Learn rows: arm_index (N,), reward (N,), each from 0 to 1; a reward between counts for both in part."""
        good, bad = self._sums(arm_index, reward)
        return CountState(self.arms, self.successes + good, self.failures + bad)

    def downdated(self, arm_index: IntArray, reward: FloatArray) -> CountState:
        """Forget rows that were learnt with the same values; NothingToForgetError where they were not."""
        good, bad = self._sums(arm_index, reward)
        left = CountState(self.arms, self.successes - good, self.failures - bad)
        least = float(min(left.successes.min(), left.failures.min()))
        if least < -1e-9:
            raise NothingToForgetError(
                f"{-least:g} more are to be forgotten than were learnt; rebuild the state from the log",
                value=least,
            )
        return CountState(self.arms, np.maximum(left.successes, 0.0), np.maximum(left.failures, 0.0))

    def merged(self, other: CountState) -> CountState:
        """The state of both sets of rows together."""
        if self.arms != other.arms:
            raise ArraySizeError("only states of the same arms can be merged", value=other.arms)
        return CountState(self.arms, self.successes + other.successes, self.failures + other.failures)

    def posterior(self) -> Posterior:
        """The belief, alike for everybody: one feature, the intercept; mean and deviation of Beta(1 + s, 1 + f)."""
        a, b = 1.0 + self.successes, 1.0 + self.failures
        size = a + b
        mean = a / size
        deviation = np.sqrt(mean * (1.0 - mean) / (size + 1.0))
        rows = float(self.successes.sum() + self.failures.sum())
        chance = (1.0 + self.successes.sum()) / (2.0 + rows)
        return Posterior(
            self.arms,
            mean[:, None],
            deviation[:, None, None],
            float(chance * (1.0 - chance)),
            rows,
            self.digest,
        )

    @property
    def digest(self) -> str:
        """sha256 of the exact text form."""
        text = json.dumps([list(self.arms), self.successes.tolist(), self.failures.tolist()])
        return hashlib.sha256(text.encode()).hexdigest()

    def _sums(self, arm_index: IntArray, reward: FloatArray) -> tuple[FloatArray, FloatArray]:
        arm, value = np.atleast_1d(np.asarray(arm_index)), np.atleast_1d(np.asarray(reward, dtype=np.float64))
        if arm.shape != value.shape:
            raise ArraySizeError(
                f"{arm.shape} arms and {value.shape} rewards must be equally many", value=arm.shape
            )
        if len(arm) and not (arm.min() >= 0 and arm.max() < len(self.arms)):
            raise BanditParameterError(f"arm numbers must be 0 to {len(self.arms) - 1}", value=arm.max())
        if not ((value >= 0) & (value <= 1)).all():
            raise BanditParameterError(
                "rewards of counts must be 0 to 1; learn others by ridge", value=value.max()
            )
        count = len(self.arms)
        good, bad = (np.bincount(arm, each, count).astype(np.float64) for each in (value, 1.0 - value))
        return good, bad
