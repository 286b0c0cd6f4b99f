"""Recommenders by time split on a retailer's invoices, beside what is popular and what a person bought before.

    python -m bench recommend ONLINE_RETAIL.csv.gz

Learnt from all purchases before a day, held against the 30 days after it, for everybody known who bought then; two such
windows, the last ones of the file. What the recommenders are set to was chosen on two windows before these. Differences
are by person, with bootstrap intervals over people; a bar holds when the whole interval lies above 0. The likenesses
alone, without what was bought before, stand beside, as do lists of items new to the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np

from store.purchase_file import PurchaseRows, read_purchases
from tools.experiments.interval import Interval
from tools.recommend.factors import learn_factors
from tools.recommend.item_item import learn_item_item
from tools.recommend.measures import Measures, bootstrap_mean, measure, top_items
from tools.recommend.purchases import FloatArray, IntArray, Purchases, purchases_of
from tools.recommend.recommender import beside_repeats
from tools.recommend.repeat import following, repeat_rates

DAYS, WINDOWS, COUNT, SEED = 30, 2, 10, 7
OURS = ("item-item", "factors")
BASELINES = ("popular", "bought before")


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the measures of each list, then the differences from the baselines."""
    if not argv:
        raise SystemExit("say which file: python -m bench recommend ONLINE_RETAIL.csv.gz [WINDOWS_BACK]")
    rows = read_purchases(
        Path(argv[0]), person="CustomerID", item="StockCode", day="InvoiceDate", amount="Quantity"
    )
    skipped = int(argv[1]) if len(argv) > 1 else 0
    made = [_window(rows, skipped + back) for back in reversed(range(WINDOWS))]
    who = np.concatenate([people for people, _ in made])
    yield _row("people and windows", len(who), "count")
    for name in made[0][1]:
        parts = [lists[name] for _, lists in made]
        for what in ("recall", "ndcg"):
            value = float(np.concatenate([getattr(part, what) for part in parts]).mean())
            yield _row(f"{name}: {what}@{COUNT}", value, "share")
        yield _row(f"{name}: coverage", float(np.mean([part.coverage for part in parts])), "share")
        yield _row(f"{name}: novelty", float(np.mean([part.novelty for part in parts])), "bits")
    for name in OURS:
        for baseline in BASELINES:
            for what in ("recall", "ndcg"):
                less = np.concatenate(
                    [getattr(lists[name], what) - getattr(lists[baseline], what) for _, lists in made]
                )
                yield _difference(f"{name} less {baseline}: {what}@{COUNT}", bootstrap_mean(less, who, SEED))


def _window(rows: PurchaseRows, back: int) -> tuple[IntArray, dict[str, Measures]]:
    """The people of one window by number, and what each list is worth to them."""
    as_of = rows.last_day + timedelta(days=1 - DAYS * (back + 1))
    known = purchases_of(rows.person, rows.item, rows.day, as_of)
    later = (rows.day >= np.datetime64(as_of)) & (rows.day < np.datetime64(as_of + timedelta(days=DAYS)))
    bought = _bought(known, rows.person[later], rows.item[later])
    people = np.flatnonzero(bought.any(axis=1))
    bought, popular = bought[people], known.popularity()
    seen = following(known)
    rates, near, factors = repeat_rates(seen), learn_item_item(known, seen=seen), learn_factors(known)
    score: dict[str, Callable[[IntArray], FloatArray]] = {
        "popular": lambda who: np.tile(popular, (len(who), 1)),
        "bought before": lambda who: known.counts[who].toarray() + 0.5 * popular / popular.max(),
        "item-item": beside_repeats(known, near, rates).scores,
        "factors": beside_repeats(known, factors, rates).scores,
        "item-item alone": near.scores,
        "factors alone": factors.scores,
    }
    total = np.asarray(known.counts.sum(axis=0)).ravel()
    lists = {name: measure(top_items(of(people), COUNT), bought, total) for name, of in score.items()}
    lists |= _new_to_them(known, people, bought, score, total)
    order = np.unique(rows.person)
    return np.searchsorted(order, known.people[people]), lists


def _new_to_them(
    known: Purchases,
    people: IntArray,
    bought: np.ndarray,
    score: dict[str, Callable[[IntArray], FloatArray]],
    total: FloatArray,
) -> dict[str, Measures]:
    """The same where only items count that a person had never bought, and only those are shown."""
    has = known.counts[people].toarray() > 0
    fresh = bought & ~has
    some = fresh.any(axis=1)
    out = {}
    for name in ("popular", *OURS):
        scores = np.where(has, -np.inf, score[name](people))[some]
        out[f"new items, {name}"] = measure(top_items(scores, COUNT), fresh[some], total)
    return out


def _bought(known: Purchases, person: np.ndarray, item: np.ndarray) -> np.ndarray:
    out = np.zeros(known.shape, dtype=np.bool_)
    row = np.minimum(np.searchsorted(known.people, person), len(known.people) - 1)
    column = np.minimum(np.searchsorted(known.items, item), len(known.items) - 1)
    both = (known.people[row] == person) & (known.items[column] == item)
    out[row[both], column[both]] = True
    return out


def _row(name: str, value: float, unit: str) -> dict[str, object]:
    return {"name": name, "value": round(value, 4), "unit": unit, "bar": None, "holds": None}


def _difference(name: str, found: Interval) -> dict[str, object]:
    told = [round(value, 4) for value in found[:3]]
    return {
        "name": name,
        "value": told,
        "unit": "share: estimate, low, high",
        "bar": 0.0,
        "holds": found.low > 0,
    }
