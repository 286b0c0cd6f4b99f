"""How good a list of ten is: recall and NDCG against what was bought next, coverage, novelty, and differences told apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tools.experiments.interval import Interval
from tools.recommend.errors import RecommendParameterError
from tools.recommend.purchases import BoolArray, FloatArray, IntArray


class Measures(NamedTuple):
    """By person: `recall` and `ndcg` (n,), 0 to 1. Of all lists: `coverage`, the share of items shown; `novelty` in bits."""

    recall: FloatArray
    ndcg: FloatArray
    coverage: float
    novelty: float


def top_items(scores: FloatArray, count: int) -> IntArray:
    """The best items of each row, (n, items) -> (n, count), the best first and the lower number of equals."""
    people, items = scores.shape
    if not 1 <= count <= items:
        raise RecommendParameterError(f"{count} items must be 1 to {items}", value=count)
    if count == items:
        return np.argsort(-scores, axis=1, kind="stable")
    least = -np.partition(-scores, count - 1, axis=1)[:, count - 1, None]
    out = np.empty((people, count), dtype=np.int64)
    for row in range(people):
        near = np.flatnonzero(scores[row] >= least[row])
        out[row] = near[np.argsort(-scores[row, near], kind="stable")[:count]]
    return out


def measure(lists: IntArray, bought: BoolArray, popularity: FloatArray) -> Measures:
    """Hold lists (n, k) of item numbers against what was bought (n, items); popularity (items,), 0 or more.

    Recall divides by the lesser of k and what was bought; NDCG discounts by log2(place + 1). Novelty is the mean of
    -log2 of the shown items' share of all purchases (plus one each).
    """
    count = lists.shape[1]
    hits = np.take_along_axis(bought, lists, axis=1)
    sizes = np.minimum(bought.sum(axis=1), count)
    if not (sizes > 0).all():
        raise RecommendParameterError("a person bought nothing; leave those out of the measure", value=0)
    discount = 1.0 / np.log2(np.arange(2, count + 2))
    ideal = np.cumsum(discount)[sizes - 1]
    share = (popularity + 1.0) / float((popularity + 1.0).sum())
    return Measures(
        hits.sum(axis=1) / sizes,
        (hits * discount).sum(axis=1) / ideal,
        len(np.unique(lists)) / bought.shape[1],
        float(-np.log2(share[lists]).mean()),
    )


def bootstrap_mean(values: FloatArray, person: IntArray, seed: int, draws: int = 2_000) -> Interval:
    """Mean of values (n,) with its 95 % percentile bootstrap interval, whole people drawn: person (n,) by number."""
    _, who = np.unique(person, return_inverse=True)
    total = np.bincount(who, weights=values)
    size = np.bincount(who).astype(np.float64)
    rng = np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        picked = rng.integers(0, len(total), len(total))
        means[draw] = total[picked].sum() / size[picked].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(np.mean(values)), float(low), float(high), 0.95)
