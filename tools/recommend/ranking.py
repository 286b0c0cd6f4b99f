"""From scores to the list that is shown: rules on value, margin and stock, exclusions, diversity, a share of discoveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tools.recommend.errors import RecommendParameterError
from tools.recommend.purchases import BoolArray, FloatArray, IntArray, Purchases
from tools.recommend.recommender import Reason

_POOL, _WELL_KNOWN = 200, 0.1


@dataclass(frozen=True)
class RankingRules:
    """How a list is made of scores.

    `count` 1 to 100. `value_weight` 0 to 1: weight of an item's value beside its score, both scaled to 0..1 over the
    open items. `least_margin` and `in_stock_only` close items (what is not known of an item closes it). `diversity` 0 to
    1: how much likeness to items already on the list counts against an item (MMR, Carbonell and Goldstein 1998).
    `serendipity_share` 0 to 1 of the places go to discoveries: items that fit, new to the person, not well known.
    """

    count: int = 10
    value_weight: float = 0.0
    least_margin: float | None = None
    in_stock_only: bool = False
    excluded: frozenset[str] = frozenset()
    new_only: bool = False
    diversity: float = 0.0
    serendipity_share: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 100:
            raise RecommendParameterError(f"count {self.count} must be 1 to 100", value=self.count)
        for name in ("value_weight", "diversity", "serendipity_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecommendParameterError(
                    f"{name} {getattr(self, name)} must lie between 0 and 1", value=getattr(self, name)
                )


@dataclass(frozen=True)
class ItemFacts:
    """What the rules read of items, by id: value and margin in one unit (minor units of money), stock in pieces."""

    value: Mapping[str, float] = field(default_factory=dict)
    margin: Mapping[str, float] = field(default_factory=dict)
    stock: Mapping[str, float] = field(default_factory=dict)


class Recommended(NamedTuple):
    """One item of a list, with the score it was ranked by (0 to 1 over the open items) and its reason."""

    item: str
    score: float
    reason: Reason


class LeftOut(NamedTuple):
    """An item that a rule closed, and which."""

    item: str
    rule: str


class Ranking(NamedTuple):
    """The list, the best first, discoveries last; and what was left out of the best `count` by scores alone."""

    items: tuple[Recommended, ...]
    left_out: tuple[LeftOut, ...]


def rank_items(
    purchases: Purchases,
    scores: FloatArray,
    bought: BoolArray,
    reason: Callable[[int], Reason],
    rules: RankingRules,
    facts: ItemFacts | None = None,
) -> Ranking:
    """Rank items for one person: scores (items,), what the person bought (items,), the reason of an item by number."""
    if scores.shape != (len(purchases.items),) or bought.shape != scores.shape:
        raise RecommendParameterError(
            f"scores {scores.shape} and bought {bought.shape} must have one entry for each of {len(purchases.items)} items",
            value=scores.shape,
        )
    known = facts or ItemFacts()
    closed = _closed(purchases, bought, rules, known)
    best = np.argsort(-scores, kind="stable")[: rules.count]
    left_out = tuple(LeftOut(str(purchases.items[k]), closed[k]) for k in best.tolist() if k in closed)
    is_open = np.ones(len(scores), dtype=np.bool_)
    is_open[list(closed)] = False
    utility = _utility(purchases, scores, is_open, rules, known)
    pool = np.flatnonzero(is_open)
    pool = pool[np.argsort(-utility[pool], kind="stable")[:_POOL]]
    found = _discoveries(purchases, pool, utility, bought, round(rules.serendipity_share * rules.count))
    plain = np.setdiff1d(pool, found, assume_unique=True)
    shown = diverse(
        utility[plain], _alike(purchases, plain, rules.diversity), rules.count - len(found), rules.diversity
    )
    items = [
        Recommended(str(purchases.items[k]), float(utility[k]), reason(k)) for k in plain[shown].tolist()
    ]
    for k in found.tolist():
        why = reason(k)
        told = Reason("discovery", f"to discover: {why.words}", why.because)
        items.append(Recommended(str(purchases.items[k]), float(utility[k]), told))
    return Ranking(tuple(items), left_out)


def diverse(utility: FloatArray, alike: FloatArray, count: int, diversity: float) -> IntArray:
    """Pick one after another what has the highest (1 - diversity) * utility - diversity * most alike to those picked.

    utility (n,), alike (n, n) 0 to 1; returns up to `count` numbers in the order of picking, the lower of equals first.
    """
    left = (1.0 - diversity) * utility
    nearest = np.zeros(len(utility))
    picked: list[int] = []
    free = np.ones(len(utility), dtype=np.bool_)
    while len(picked) < min(count, len(utility)):
        one = int(np.argmax(np.where(free, left - diversity * nearest, -np.inf)))
        picked.append(one)
        free[one] = False
        if diversity:
            nearest = np.maximum(nearest, alike[:, one])
    return np.array(picked, dtype=np.int64)


def _closed(purchases: Purchases, bought: BoolArray, rules: RankingRules, facts: ItemFacts) -> dict[int, str]:
    """The rule that closes each closed item, by number."""
    closed: dict[int, str] = {}
    for k, name in enumerate(purchases.items.tolist()):
        if name in rules.excluded:
            closed[k] = "excluded"
        elif rules.new_only and bought[k]:
            closed[k] = "bought_before"
        elif rules.in_stock_only and facts.stock.get(name, 0) <= 0:
            closed[k] = "out_of_stock"
        elif rules.least_margin is not None and facts.margin.get(name, -np.inf) < rules.least_margin:
            closed[k] = "margin_too_low"
    return closed


def _utility(
    purchases: Purchases, scores: FloatArray, is_open: BoolArray, rules: RankingRules, facts: ItemFacts
) -> FloatArray:
    utility = _scaled(scores, is_open)
    if not rules.value_weight:
        return utility
    value = np.array([facts.value.get(name, 0.0) for name in purchases.items.tolist()])
    return (1.0 - rules.value_weight) * utility + rules.value_weight * _scaled(value, is_open)


def _scaled(values: FloatArray, is_open: BoolArray) -> FloatArray:
    """Scaled so that open items lie between 0 and 1."""
    if not is_open.any():
        return np.zeros(len(values))
    low, high = values[is_open].min(), values[is_open].max()
    return np.asarray((values - low) / (high - low if high > low else 1.0))


def _discoveries(
    purchases: Purchases, pool: IntArray, utility: FloatArray, bought: BoolArray, count: int
) -> IntArray:
    """The `count` best of the pool that the person never bought and that are not among the most bought tenth."""
    if not count:
        return np.zeros(0, dtype=np.int64)
    total = np.asarray(purchases.counts.sum(axis=0)).ravel()
    well_known = total >= np.quantile(total, 1.0 - _WELL_KNOWN)
    fresh = pool[~bought[pool] & ~well_known[pool]]
    found: IntArray = fresh[np.argsort(-utility[fresh], kind="stable")[:count]]
    return found


def _alike(purchases: Purchases, pool: IntArray, diversity: float) -> FloatArray:
    """Cosine of the items' buyers, (n, n)."""
    if not diversity:
        return np.zeros((0, 0))
    has = purchases.bought(0)[:, pool]
    common = (has.T @ has).toarray()
    people = np.maximum(np.diag(common), 1.0)
    return np.asarray(common / np.sqrt(np.outer(people, people)))
