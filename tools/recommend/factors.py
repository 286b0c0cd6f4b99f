"""Matrix factorisation of implicit purchases by alternating least squares (Hu, Koren and Volinsky 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.recommend.errors import RecommendParameterError
from tools.recommend.purchases import FloatArray, IntArray, Purchases

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HALF_LIFE_DAYS = 120.0


@dataclass(frozen=True)
class Factors:
    """`people` (n, f) and `items` (m, f); their products say how much a person goes for an item."""

    people: FloatArray
    items: FloatArray
    purchases: Purchases
    reason_id: str = "people_like_you"

    def scores(self, rows: IntArray) -> FloatArray:
        """(n, items): inner products of factors."""
        return np.asarray(self.people[rows] @ self.items.T)

    def because(self, row: int, item: int) -> int | None:
        """Return the bought item whose factors point most the same way, None where none does."""
        has = self.purchases.bought(0)[[row]].indices
        speaks = self.items[has] @ self.items[item]
        return int(has[np.argmax(speaks)]) if len(has) and speaks.max() > 0 else None


def learn_factors(
    purchases: Purchases,
    size: int = 32,
    ridge: float = 10.0,
    weight: float = 1.0,
    sweeps: int = 8,
    seed: int = 0,
) -> Factors:
    """Minimise sum c (p - x.y)^2 + ridge (|x|^2 + |y|^2) with p = 1 where bought and c = 1 + weight * faded purchases.

    size 1 to 512 factors; ridge above 0; weight above 0; sweeps 1 or more, each of two halves. Purchases fade by half in
    120 days. The same seed gives the same factors.
    """
    if not 1 <= size <= 512 or sweeps < 1:
        raise RecommendParameterError(
            f"{size} factors and {sweeps} sweeps must be 1 to 512 and 1 or more", value=size
        )
    if not (0 < ridge < np.inf and 0 < weight < np.inf):
        raise RecommendParameterError(f"ridge {ridge} and weight {weight} must be above 0", value=ridge)
    faded = purchases.faded(HALF_LIFE_DAYS)
    faded.data *= weight
    turned = faded.T.tocsr()
    people, items = purchases.shape
    x = np.zeros((people, size))
    y = np.random.default_rng(seed).normal(size=(items, size)) * 0.1
    for _ in range(sweeps):
        _solve(faded, y, ridge, x)
        _solve(turned, x, ridge, y)
    return Factors(x, y, purchases)


def _solve(extra: csr_matrix, fixed: FloatArray, ridge: float, out: FloatArray) -> None:
    """One half of a sweep: each row of `out` (n, f) solves its own least squares; `extra` (n, m) is c less 1."""
    shared = fixed.T @ fixed + ridge * np.eye(fixed.shape[1])
    for row in range(len(out)):
        part = slice(extra.indptr[row], extra.indptr[row + 1])
        near, c = fixed[extra.indices[part]], extra.data[part]
        out[row] = np.linalg.solve(shared + (near.T * c) @ near, near.T @ (1.0 + c))
