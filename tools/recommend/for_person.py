"""A list for one person: by the recommender where something was bought, else what is popular in the person's segment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tools.recommend.purchases import FloatArray, Purchases
from tools.recommend.ranking import ItemFacts, Ranking, RankingRules, rank_items
from tools.recommend.recommender import Reason, Recommender

FEWEST_BUYERS = 30
"""Buyers that a segment must have; below, everybody stands for it."""


class PersonList(NamedTuple):
    """A ranking, and whether it is a cold start: nothing is known of what the person bought."""

    ranking: Ranking
    cold_start: bool


def recommend_for(
    recommender: Recommender,
    person: str,
    rules: RankingRules,
    facts: ItemFacts | None = None,
    segments: Mapping[str, str] | None = None,
) -> PersonList:
    """Recommend to a person by id. `segments` says each person's segment, and is read at a cold start only."""
    purchases = recommender.purchases
    row = int(np.searchsorted(purchases.people, person))
    if row < len(purchases.people) and purchases.people[row] == person:
        scores = recommender.scores(np.array([row]))[0]
        bought = purchases.counts[[row]].toarray()[0] > 0
        made = rank_items(purchases, scores, bought, lambda k: recommender.reason(row, k), rules, facts)
        return PersonList(made, False)
    scores, where = popular_with(purchases, (segments or {}).get(person), segments or {})
    why = Reason("popular_in_segment", f"popular {where} now; nothing is known of this person's purchases")
    nothing = np.zeros(len(scores), dtype=np.bool_)
    return PersonList(rank_items(purchases, scores, nothing, lambda _: why, rules, facts), True)


def popular_with(
    purchases: Purchases, segment: str | None, segments: Mapping[str, str]
) -> tuple[FloatArray, str]:
    """Faded purchases (items,) of a segment's people, and of whom in words; of everybody where it has under 30 buyers."""
    inside = np.array([segments.get(person) == segment for person in purchases.people.tolist()])
    if segment is None or inside.sum() < FEWEST_BUYERS:
        return purchases.popularity(), "with everybody"
    mine = purchases.faded(30.0)[np.flatnonzero(inside)]
    return np.asarray(mine.sum(axis=0), dtype=np.float64).ravel(), f"in {segment}"
