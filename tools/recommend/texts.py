"""Items whose texts are alike: embeddings of names and descriptions, for items that few have bought yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.recommend.errors import RecommendParameterError
from tools.recommend.purchases import FloatArray, IntArray, Purchases


@dataclass(frozen=True)
class TextLikeness:
    """`vectors` (items, d) of length 1, in the order of the purchases' items."""

    vectors: FloatArray
    purchases: Purchases
    reason_id: str = "described_alike"

    def scores(self, rows: IntArray) -> FloatArray:
        """(n, items): cosine with the mean of what a person has bought; 0 for who has bought nothing."""
        has = self.purchases.bought(0)[rows]
        taste = np.asarray(has @ self.vectors)
        length = np.linalg.norm(taste, axis=1, keepdims=True)
        return np.asarray(
            np.divide(taste, length, out=np.zeros_like(taste), where=length > 0) @ self.vectors.T
        )

    def because(self, row: int, item: int) -> int | None:
        """Return the bought item whose text is most like an item's, None where none is."""
        has = self.purchases.bought(0)[[row]].indices
        speaks = self.vectors[has] @ self.vectors[item]
        return int(has[np.argmax(speaks)]) if len(has) and speaks.max() > 0 else None


def learn_texts(purchases: Purchases, embeddings: FloatArray) -> TextLikeness:
    """Take embeddings (items, d) of the items' texts; a row of zeros is an item without a text."""
    vectors = np.asarray(embeddings, dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(purchases.items) or not np.isfinite(vectors).all():
        raise RecommendParameterError(
            f"embeddings of shape {vectors.shape} must have one finite row for each of {len(purchases.items)} items",
            value=vectors.shape,
        )
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return TextLikeness(np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0), purchases)
