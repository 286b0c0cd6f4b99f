"""A recommender: buying again, and beside it what a likeness of items or factors adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from tools.recommend.errors import RecommendParameterError
from tools.recommend.factors import learn_factors
from tools.recommend.item_item import learn_item_item
from tools.recommend.purchases import FloatArray, IntArray, Purchases
from tools.recommend.repeat import following, repeat_rates, repeat_scores, still_selling

SHARE = 0.06
"""Weight of the likeness, in its standard deviations, beside buying again; chosen on earlier windows of time."""
_SAMPLE = 500


class Likeness(Protocol):
    """What says which items a person may go for, beyond those bought before."""

    @property
    def reason_id(self) -> str: ...

    def scores(self, rows: IntArray) -> FloatArray:
        """(n, items) for people by number; larger is better."""
        ...

    def because(self, row: int, item: int) -> int | None:
        """Return the number of the bought item that speaks most for an item."""
        ...


class Reason(NamedTuple):
    """Why an item is recommended: `reason_id` (bought_before, popular_in_segment, discovery or a likeness's), in words."""

    reason_id: str
    words: str
    because: str | None = None


@dataclass(frozen=True)
class Recommender:
    """Scores of items for known people. `deviation` is the likeness's own, over a sample of people."""

    purchases: Purchases
    rates: FloatArray
    selling: FloatArray
    likeness: Likeness
    deviation: float
    share: float

    def scores(self, rows: IntArray) -> FloatArray:
        """(n, items): repeat score plus share times the likeness in its standard deviations, together times `selling`."""
        own = repeat_scores(self.purchases, self.rates, rows)
        return np.asarray((own + self.share * self.likeness.scores(rows) / self.deviation) * self.selling)

    def reason(self, row: int, item: int) -> Reason:
        """Say why an item stands where it does: bought before where so, else the item it is likened to."""
        days = int(self.purchases.counts[row, item])
        if days:
            times = "once" if days == 1 else f"on {days} days"
            return Reason("bought_before", f"bought {times} before")
        found = self.likeness.because(row, item)
        name = None if found is None else str(self.purchases.items[found])
        return Reason(self.likeness.reason_id, _WORDS[self.likeness.reason_id].format(name), name)


_WORDS = {
    "goes_with": "people who had bought {} went on to buy it",
    "bought_along_with": "bought by the same people as {}",
    "people_like_you": "people with similar purchases buy it, as they do {}",
    "described_alike": "described much like {}",
}


def learn_recommender(purchases: Purchases, kind: str = "item_item", share: float = SHARE) -> Recommender:
    """Learn the recommender of a kind: item_item, cosine or factors."""
    seen = following(purchases)
    likeness: Likeness
    if kind == "item_item":
        likeness = learn_item_item(purchases, seen=seen)
    elif kind == "cosine":
        likeness = learn_item_item(purchases, "cosine", shrink=10.0)
    elif kind == "factors":
        likeness = learn_factors(purchases)
    else:
        raise RecommendParameterError(
            f"there is no recommender {kind!r}; known: item_item, cosine, factors", value=kind
        )
    return beside_repeats(purchases, likeness, repeat_rates(seen), share)


def beside_repeats(
    purchases: Purchases, likeness: Likeness, rates: FloatArray, share: float = SHARE
) -> Recommender:
    """Put a likeness beside buying again, weighed `share` (0 or more) a standard deviation of its scores."""
    if not 0 <= share < np.inf:
        raise RecommendParameterError(f"share {share} of the likeness must be 0 or more", value=share)
    people = np.unique(np.linspace(0, len(purchases.people) - 1, _SAMPLE).astype(np.int64))
    deviation = float(likeness.scores(people).std()) or 1.0
    return Recommender(purchases, rates, still_selling(purchases), likeness, deviation, share)
