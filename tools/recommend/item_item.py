"""Item-item: items that others bought next, or along with, what a person has bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tools.recommend.errors import RecommendParameterError
from tools.recommend.purchases import FloatArray, IntArray, Purchases
from tools.recommend.repeat import Following, following

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Kind = Literal["following", "cosine"]


@dataclass(frozen=True)
class ItemItem:
    """Sparse likeness of items, (items, items), without the diagonal; how it is told: `reason_id`."""

    likeness: csr_matrix
    purchases: Purchases
    reason_id: str = "goes_with"

    def scores(self, rows: IntArray) -> FloatArray:
        """(n, items): likeness to all that a person has bought, over the root of how many items that is."""
        has = self.purchases.bought(0)[rows]
        size = np.maximum(np.asarray(has.sum(axis=1)), 1.0)
        return np.asarray((has @ self.likeness).toarray() / np.sqrt(size))

    def because(self, row: int, item: int) -> int | None:
        """Return the bought item that speaks most for an item, None where none does."""
        has = self.purchases.bought(0)[[row]].indices
        speaks = self.likeness[has, item].toarray().ravel()
        return int(has[np.argmax(speaks)]) if len(has) and speaks.max() > 0 else None


def learn_item_item(
    purchases: Purchases,
    kind: Kind = "following",
    shrink: float = 20.0,
    seen: Following | None = None,
) -> ItemItem:
    """Learn from purchases.

    `following`: how much likelier than by its own rate an item is bought in 30 days by who had bought another before:
    (pairs - before * rate) / (before + shrink), where above 0. `cosine`: people in common over the root of the product
    of people, plus shrink. `shrink` 0 or more, in people.
    """
    if not 0 <= shrink < np.inf:
        raise RecommendParameterError(f"shrink {shrink} must be 0 or more people", value=shrink)
    if kind == "following":
        return ItemItem(_following(seen or following(purchases), shrink), purchases)
    if kind == "cosine":
        return ItemItem(_cosine(purchases, shrink), purchases, "bought_along_with")
    raise RecommendParameterError(f"likeness {kind!r} must be following or cosine", value=kind)


def _following(seen: Following, shrink: float) -> csr_matrix:
    found = seen.pairs.tocoo()
    lift = (found.data - seen.before[found.row] * seen.rate[found.col]) / (seen.before[found.row] + shrink)
    return _without_diagonal(lift, found)


def _cosine(purchases: Purchases, shrink: float) -> csr_matrix:
    has = purchases.bought(0)
    people = np.asarray(has.sum(axis=0)).ravel()
    found = (has.T @ has).tocoo()
    alike = found.data / (np.sqrt(people[found.row] * people[found.col]) + shrink)
    return _without_diagonal(alike, found)


def _without_diagonal(values: FloatArray, found: Any) -> csr_matrix:  # scipy.sparse.coo_matrix
    from scipy.sparse import csr_matrix

    kept = (values > 0) & (found.row != found.col)
    return csr_matrix((values[kept], (found.row[kept], found.col[kept])), shape=found.shape)
