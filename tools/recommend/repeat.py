"""Buying again: what a person bought before, weighed by how often that item is bought again by anybody."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tools.recommend.purchases import FloatArray, IntArray, Purchases

WINDOW_DAYS, WINDOWS = 30, 4
_SHRINK, _POWER = 10.0, 0.4
SELLING_DAYS, _SELLING_POWER = 14, 0.25


class Following(NamedTuple):
    """What was bought in a window by those who had bought each item before it, summed over windows.

    `pairs` (items, items) sparse: people who had bought the row's item before and bought the column's in the window;
    `before` (items,): people who had bought it before and bought anything in the window; `rate` (items,): how often a
    column's item was bought at all, by pairs.
    """

    pairs: Any  # scipy.sparse.csr_matrix
    before: FloatArray
    rate: FloatArray


def following(purchases: Purchases) -> Following:
    """Count over the last four windows of 30 days what followed what, a person and window once."""
    pairs: Any = None
    before = np.zeros(len(purchases.items))
    for window in range(WINDOWS):
        bought = purchases.bought(WINDOW_DAYS * window, WINDOW_DAYS * (window + 1))
        earlier = purchases.bought(WINDOW_DAYS * (window + 1))
        came = np.flatnonzero(np.diff(bought.indptr))
        one = (earlier[came].T @ bought[came]).tocsr()
        pairs = one if pairs is None else pairs + one
        before += np.asarray(earlier[came].sum(axis=0)).ravel()
    total = max(float(before.sum()), 1.0)
    rate = np.asarray(pairs.sum(axis=0), dtype=np.float64).ravel() / total
    return Following(pairs, before, rate)


def repeat_rates(seen: Following) -> FloatArray:
    """How much likelier than the average an item is bought again, (items,), shrunken by ten people towards 1."""
    again = np.asarray(seen.pairs.diagonal(), dtype=np.float64)
    average = float(again.sum()) / max(float(seen.before.sum()), 1.0)
    if average == 0:
        return np.ones(len(again))
    return np.asarray((again + _SHRINK * average) / (seen.before + _SHRINK) / average)


def repeat_scores(purchases: Purchases, rates: FloatArray, rows: IntArray) -> FloatArray:
    """log(1 + days bought) times the repeat rate to the power 0.4: (n, items), 0 for what was never bought."""
    counts = purchases.counts[rows].toarray()
    return np.asarray(np.log1p(counts) * rates**_POWER)


def still_selling(purchases: Purchases) -> FloatArray:
    """Up to 1, (items,): the root of the root of what an item sold in the last 14 days by what it sells in 14 on average.

    One purchase is added to both. It keeps back what hardly sells any more, be it out of stock, of season or of fashion.
    """
    items = len(purchases.items)
    lately = np.bincount(purchases.item[purchases.age <= SELLING_DAYS], minlength=items)
    span = max(int(purchases.age.max()), SELLING_DAYS)
    usual = np.bincount(purchases.item, minlength=items) * (SELLING_DAYS / span)
    return np.asarray(np.minimum(1.0, (lately + 1) / (usual + 1)) ** _SELLING_POWER)
