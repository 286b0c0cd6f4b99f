"""Ridge statistics per arm: additive, replayable, and the belief that follows from them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from tools.bandits.errors import ArraySizeError, BanditParameterError, NotFiniteError, NothingToForgetError
from tools.bandits.tiles import FloatArray as FloatArray
from tools.bandits.tiles import tile_product

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Prior:
    """How far coefficients may lie from 0, and arms from each other, before data speak.

    `precision` holds each shared coefficient near 0; `pooling` holds an arm's coefficient near the one shared by
    all arms (0: the arms know nothing of each other); the first `free` columns, intercept included, are not pooled.
    Both are in rows: a pooling of 100 weighs like 100 rows of a unit feature. Shrinking the differences matters
    because whom to mail depends on differences between arms, which are much smaller than the rates themselves.
    """

    precision: float = 1.0
    pooling: float = 0.0
    free: int = 1

    def __post_init__(self) -> None:
        if not self.precision > 0 or not np.isfinite(self.precision):
            raise BanditParameterError(
                f"prior precision {self.precision} must be above 0; 1 is usual", value=self.precision
            )
        if not 0 <= self.pooling < np.inf:
            raise BanditParameterError(f"pooling {self.pooling} must be 0 or more", value=self.pooling)

    def matrix(self, arms: int, columns: int) -> FloatArray:
        """Prior precision of all coefficients, (arms*columns, arms*columns), arm by arm."""
        eye = np.eye(arms)
        if self.pooling == 0:
            return np.asarray(np.kron(eye, np.eye(columns) * self.precision))
        # The covariance between arms of one column is I/pooling + 11'/precision; this is its inverse.
        own = np.full(columns, self.pooling)
        own[: self.free] = self.precision
        shared = own / (self.precision / own + arms)
        return np.asarray(np.kron(eye, np.diag(own)) - np.kron(np.ones((arms, arms)), np.diag(shared)))


@dataclass(frozen=True)
class Posterior:
    """What is believed about the reward of each arm: Gaussian, per arm.

    `coefficients` (K, d); `factors` (K, d, d) with factors[k] @ factors[k].T the covariance of arm k's
    coefficients; `noise_variance` of one outcome; `observations` the total weight learnt from.
    """

    arms: tuple[str, ...]
    coefficients: FloatArray
    factors: FloatArray
    noise_variance: float
    observations: float
    state_digest: str

    def predict(self, x: FloatArray) -> FloatArray:
        """Expected reward of every arm for every row: (N, d) -> (N, K), in reward units."""
        rows = _shaped(x, self.coefficients.shape[1])
        with np.errstate(invalid="ignore"):
            out = tile_product(rows, self.coefficients)
        # whatever the coefficients, a feature that is not finite makes every arm's score so
        if not np.isfinite(out[:, 0]).all():
            _refuse_not_finite()
        return out

    def variances(self, x: FloatArray) -> FloatArray:
        """Variance of the expected reward (not of one outcome): (N, d) -> (N, K), in squared reward units."""
        rows = _rows(x, self.coefficients.shape[1])
        out = np.empty((len(self.arms), len(rows))).T
        for k in range(len(self.arms)):
            out[:, k] = np.square(tile_product(rows, self.factors[k].T)).sum(axis=1)
        return out


@dataclass(frozen=True)
class RidgeState:
    """Sums from which every belief follows: K arms, d columns, all additive over rows.

    `gram` (K, d, d) = sum of w x x'; `moment` (K, d) = sum of w x r; `squares` (K,) = sum of w r^2;
    `weight` (K,) = sum of w. The prior is kept apart, so merging never counts it twice and discounting never
    fades it.
    """

    arms: tuple[str, ...]
    gram: FloatArray
    moment: FloatArray
    squares: FloatArray
    weight: FloatArray
    prior: Prior = Prior()

    @classmethod
    def empty(cls, arms: tuple[str, ...], columns: int, prior: Prior | None = None) -> RidgeState:
        """A state that has seen nobody."""
        if len(set(arms)) != len(arms) or not arms:
            raise BanditParameterError(f"arms {arms} must be at least one and all different", value=arms)
        if columns < 1:
            raise BanditParameterError(f"columns {columns} must be at least 1", value=columns)
        k = len(arms)
        return cls(
            arms,
            np.zeros((k, columns, columns)),
            np.zeros((k, columns)),
            np.zeros(k),
            np.zeros(k),
            prior or Prior(),
        )

    @property
    def columns(self) -> int:
        return int(self.gram.shape[1])

    def updated(
        self, x: FloatArray, arm_index: IntArray, reward: FloatArray, weight: FloatArray | float = 1.0
    ) -> RidgeState:
        """Learn from rows: x (N, d), arm_index (N,), reward (N,), weight (N,) or one number, 0 or more."""
        return self._add(self._sums(x, arm_index, reward, weight), 1.0)

    def downdated(
        self, x: FloatArray, arm_index: IntArray, reward: FloatArray, weight: FloatArray | float = 1.0
    ) -> RidgeState:
        """Forget rows that were learnt with the same values (weight times any discount since)."""
        less = self._add(self._sums(x, arm_index, reward, weight), -1.0)
        if np.any(less.weight < -1e-9):
            arm = self.arms[int(np.argmin(less.weight))]
            raise NothingToForgetError(
                f"arm {arm} has {self.weight[self.arms.index(arm)]:g} rows of weight, fewer than asked to forget; "
                "rebuild the state from the log",
                value=arm,
            )
        return replace(less, weight=np.maximum(less.weight, 0.0), squares=np.maximum(less.squares, 0.0))

    def merged(self, other: RidgeState) -> RidgeState:
        """The state of both sets of rows together."""
        if (self.arms, self.columns, self.prior) != (other.arms, other.columns, other.prior):
            raise ArraySizeError(
                "only states of the same arms, columns and prior can be merged", value=other.arms
            )
        return self._add((other.gram, other.moment, other.squares, other.weight), 1.0)

    def discounted(self, gamma: float) -> RidgeState:
        """Let the past count `gamma` (0 to 1) times what it did; the prior keeps its weight."""
        if not 0 < gamma <= 1:
            raise BanditParameterError(f"discount {gamma} must be above 0 and at most 1", value=gamma)
        return replace(
            self,
            gram=self.gram * gamma,
            moment=self.moment * gamma,
            squares=self.squares * gamma,
            weight=self.weight * gamma,
        )

    def posterior(self) -> Posterior:
        """Solve for the belief by Cholesky; the noise variance is shared by the arms."""
        coefficients, covariances = self._pooled() if self.prior.pooling else self._independent()
        noise = self._noise_variance(coefficients)
        factors = np.linalg.cholesky(covariances) * np.sqrt(noise)
        return Posterior(self.arms, coefficients, factors, noise, float(self.weight.sum()), self.digest)

    def _pooled(self) -> tuple[FloatArray, FloatArray]:
        """Coefficients (K, d) and each arm's covariance (K, d, d), in units of the noise, of arms tied by the prior."""
        k, d = self.moment.shape
        precision = self.prior.matrix(k, d)
        for arm in range(k):
            block = slice(arm * d, (arm + 1) * d)
            precision[block, block] += self.gram[arm]
        inverse_factor = np.linalg.solve(np.linalg.cholesky(precision), np.eye(k * d))
        covariance = inverse_factor.T @ inverse_factor
        own = [covariance[a * d : (a + 1) * d, a * d : (a + 1) * d] for a in range(k)]
        return (covariance @ self.moment.ravel()).reshape(k, d), np.stack(own)

    def _independent(self) -> tuple[FloatArray, FloatArray]:
        """The same for arms that know nothing of each other: one small system an arm."""
        return solve_independent(self.gram, self.moment, self.prior.precision)

    def _noise_variance(self, coefficients: FloatArray) -> float:
        """Residual sum of squares over weight less columns; 1 until there are more rows than columns."""
        degrees = float(self.weight.sum()) - coefficients.size
        if degrees < 1:
            return 1.0
        explained = 2 * np.sum(coefficients * self.moment)
        quadratic = np.einsum("kd,kde,ke->", coefficients, self.gram, coefficients)
        return float(max((self.squares.sum() - explained + quadratic) / degrees, 1e-12))

    def to_json(self) -> str:
        """Text that reads back to the same bits (floats in shortest exact form)."""
        return json.dumps(
            {
                "schema": "ridge-state/1",
                "arms": list(self.arms),
                "prior": [self.prior.precision, self.prior.pooling, self.prior.free],
                "gram": self.gram.tolist(),
                "moment": self.moment.tolist(),
                "squares": self.squares.tolist(),
                "weight": self.weight.tolist(),
            },
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )

    @classmethod
    def from_json(cls, text: str) -> RidgeState:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        if data.get("schema") != "ridge-state/1":
            raise BanditParameterError(
                f"unknown ridge state schema {data.get('schema')}", value=data.get("schema")
            )
        precision, pooling, free = data["prior"]
        names = ("gram", "moment", "squares", "weight")
        arrays = {name: np.asarray(data[name], dtype=np.float64) for name in names}
        return cls(arms=tuple(data["arms"]), prior=Prior(precision, pooling, free), **arrays)

    @cached_property
    def digest(self) -> str:
        """sha256 of the exact text form: equal digests, equal beliefs."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def _sums(
        self, x: FloatArray, arm_index: IntArray, reward: FloatArray, weight: FloatArray | float
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        rows = _rows(x, self.columns)
        arm = np.atleast_1d(np.asarray(arm_index))
        values = np.atleast_1d(np.asarray(reward, dtype=np.float64))
        weights = np.broadcast_to(np.asarray(weight, dtype=np.float64), values.shape)
        if not len(rows) == len(arm) == len(values):
            raise ArraySizeError(
                f"{len(rows)} feature rows, {len(arm)} arms and {len(values)} rewards must be equally many",
                value=len(arm),
            )
        if not (np.isfinite(values).all() and np.isfinite(weights).all()):
            raise NotFiniteError("a reward or weight is missing or infinite; leave unobserved people out")
        if len(arm) and (arm.min() < 0 or arm.max() >= len(self.arms) or np.any(weights < 0)):
            raise BanditParameterError(
                f"arm numbers must be 0 to {len(self.arms) - 1} and weights 0 or more", value=arm.max()
            )
        gram, moment, squares, total = (
            np.zeros_like(a) for a in (self.gram, self.moment, self.squares, self.weight)
        )
        for k in range(len(self.arms)):
            own = arm == k
            weighted = rows[own] * weights[own, None]
            gram[k] = weighted.T @ rows[own]
            moment[k] = weighted.T @ values[own]
            squares[k] = np.sum(weights[own] * values[own] ** 2)
            total[k] = weights[own].sum()
        return gram, moment, squares, total

    def _add(self, sums: tuple[FloatArray, FloatArray, FloatArray, FloatArray], sign: float) -> RidgeState:
        gram, moment, squares, weight = sums
        return RidgeState(
            self.arms,
            self.gram + sign * gram,
            self.moment + sign * moment,
            self.squares + sign * squares,
            self.weight + sign * weight,
            self.prior,
        )


def solve_independent(
    gram: FloatArray, moment: FloatArray, precision: float
) -> tuple[FloatArray, FloatArray]:
    """Ridge coefficients (K, d) and covariances (K, d, d), in units of the noise, of K systems by Cholesky."""
    eye = np.eye(moment.shape[1])
    inverse_factor = np.linalg.solve(np.linalg.cholesky(gram + eye * precision), eye)
    covariances = inverse_factor.transpose(0, 2, 1) @ inverse_factor
    return (covariances @ moment[:, :, None])[:, :, 0], covariances


def _shaped(x: FloatArray, columns: int) -> FloatArray:
    rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise ArraySizeError(
            f"features of shape {np.shape(x)} must have {columns} columns", value=np.shape(x)
        )
    return rows


def _rows(x: FloatArray, columns: int) -> FloatArray:
    rows = _shaped(x, columns)
    if not np.isfinite(rows).all():
        _refuse_not_finite()
    return rows


def _refuse_not_finite() -> NoReturn:
    raise NotFiniteError("a feature is missing or infinite; the feature definition says how to fill it")
