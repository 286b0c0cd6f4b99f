"""A ridge belief that learns row by row; each arm is solved for anew from its sums every so many rows."""

from __future__ import annotations

from math import isfinite

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError, NotFiniteError
from tools.bandits.ridge import FloatArray, RidgeState, solve_independent

DISCOUNT = 0.9995
"""What a row still counts for after one more row, by default: half after some 1,400 rows."""
_OWN_ROWS, _AGE = 200, 1000
"""An arm is solved for anew after so many rows of its own, or so many of all arms."""
_SLACK, _ALARM, _MOST, _KEPT = 0.25, 40.0, 6.0, 0.05
"""The detector: how much worse than the noise is let pass a row, when it rings, what one row adds at most, what then stays."""


class RunningRidge:
    """Mean and covariance of each arm's coefficients, arms independent, updated in O(d^2) a row.

    Rows enter by the Sherman-Morrison identity. When an arm is solved for anew its older rows are discounted by
    `discount` for every row that came since, whichever arm had it; so rounding never adds up and the prior never fades.

    With `watch` an abrupt change is noticed: squared misses in units of their expected size, less 1 and a slack, are summed
    while above 0 (Page 1954, CUSUM). When the sum passes its alarm, all that was learnt counts a twentieth from then on.
    It needs the noise from the sums, so it begins after the first thousand rows.
    """

    def __init__(self, state: RidgeState, discount: float = DISCOUNT, *, watch: bool = True) -> None:
        if state.prior.pooling:
            raise BanditParameterError(
                f"pooling {state.prior.pooling} ties the arms together; learn such a state by batches",
                value=state.prior.pooling,
            )
        if not 0 < discount <= 1:
            raise BanditParameterError(f"discount {discount} must be above 0 and at most 1", value=discount)
        self._arms, self._prior, self._discount = state.arms, state.prior, discount
        self._gram, self._moment = state.gram.copy(), state.moment.copy()
        self._squares, self._weight = state.squares.copy(), state.weight.copy()
        self._coefficients, self._covariance = solve_independent(
            self._gram, self._moment, state.prior.precision
        )
        self._rows: list[list[FloatArray]] = [[] for _ in state.arms]
        self._rewards: list[list[float]] = [[] for _ in state.arms]
        self._solved_at = [0] * len(state.arms)
        self._due_at, self._work = _AGE, np.empty((state.columns, state.columns))
        self._watch, self._noise_known, self._misses = watch, False, 0.0
        self.alarms = 0
        self.rows_seen = 0
        self.observations = float(state.weight.sum())
        self.noise_variance = 1.0
        self._set_noise()

    @property
    def state(self) -> RidgeState:
        """The sums of all rows up to now, every arm discounted up to now."""
        self._solve_all()
        return RidgeState(
            self._arms,
            self._gram.copy(),
            self._moment.copy(),
            self._squares.copy(),
            self._weight.copy(),
            self._prior,
        )

    def means(self, x: FloatArray) -> FloatArray:
        """Expected reward per arm, (d,) -> (K,)."""
        return np.asarray(self._coefficients @ x)

    def variances(self, x: FloatArray) -> FloatArray:
        """Variance of the expected reward per arm, (d,) -> (K,)."""
        return np.asarray((self._covariance @ x) @ x * self.noise_variance)

    def learn(self, x: FloatArray, arm: int, reward: float) -> None:
        """Learn one row: features (d,), the arm's number, its reward."""
        if x.shape != self._coefficients.shape[1:]:
            raise ArraySizeError(
                f"features of shape {x.shape} must have {self._coefficients.shape[1]} columns", value=x.shape
            )
        if not 0 <= arm < len(self._arms):
            raise BanditParameterError(f"arm number {arm} must be 0 to {len(self._arms) - 1}", value=arm)
        if not isfinite(reward) or not isfinite(x.dot(x)):
            raise NotFiniteError(
                "a feature or the reward is missing or infinite; leave unobserved people out"
            )
        covariance, own = self._covariance[arm], self._coefficients[arm]
        gain = covariance.dot(x)
        spread = 1.0 + float(x.dot(gain))
        miss = reward - float(x.dot(own))
        own += gain * (miss / spread)
        covariance -= np.multiply(gain[:, None], gain / spread, out=self._work)
        self._rows[arm].append(x)
        self._rewards[arm].append(reward)
        self.rows_seen += 1
        self.observations = self.observations * self._discount + 1.0
        if self._noise_known and self._changed(miss * miss / spread):
            return
        if len(self._rows[arm]) >= _OWN_ROWS:
            self._solve(arm)
        if self.rows_seen >= self._due_at:
            self._solve_all()

    def _changed(self, squared_miss: float) -> bool:
        """Whether this row, of the squared miss in units of its variance without noise, made the detector ring."""
        worse = min(squared_miss / self.noise_variance, _MOST) - 1.0 - _SLACK
        self._misses = max(0.0, self._misses + worse)
        if self._misses <= _ALARM:
            return False
        self.alarms, self._misses = self.alarms + 1, 0.0
        self._solve_all()
        for sums in (self._gram, self._moment, self._squares, self._weight):
            sums *= _KEPT
        self.observations *= _KEPT
        self._coefficients, self._covariance = solve_independent(
            self._gram, self._moment, self._prior.precision
        )
        return True

    def _solve_all(self) -> None:
        self._due_at = self.rows_seen + _AGE
        for arm in range(len(self._arms)):
            self._solve(arm)
        self._set_noise()

    def _solve(self, arm: int) -> None:
        """Fold an arm's rows into its sums, discount what is older, and solve."""
        fade = self._discount ** (self.rows_seen - self._solved_at[arm])
        self._solved_at[arm] = self.rows_seen
        for sums in (self._gram, self._moment, self._squares, self._weight):
            sums[arm] *= fade
        if self._rows[arm]:
            x, reward = np.array(self._rows[arm]), np.array(self._rewards[arm])
            self._gram[arm] += x.T @ x
            self._moment[arm] += x.T @ reward
            self._squares[arm] += float(reward @ reward)
            self._weight[arm] += len(reward)
            self._rows[arm], self._rewards[arm] = [], []
        part = slice(arm, arm + 1)
        self._coefficients[part], self._covariance[part] = solve_independent(
            self._gram[part], self._moment[part], self._prior.precision
        )

    def _set_noise(self) -> None:
        """Residual sum of squares over weight less columns, from the sums; 1 until there are more rows than columns."""
        degrees = float(self._weight.sum()) - self._moment.size
        if degrees >= 1:
            solved = self._coefficients
            explained = float(
                np.sum(solved * (2 * self._moment - (self._gram @ solved[:, :, None])[:, :, 0]))
            )
            self.noise_variance = max((float(self._squares.sum()) - explained) / degrees, 1e-12)
            self._noise_known = self._watch
