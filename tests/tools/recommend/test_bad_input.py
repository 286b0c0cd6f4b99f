"""Bad input of recommenders is refused by name, value and bound."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tools.recommend.errors import PurchasesError, RecommendParameterError
from tools.recommend.factors import learn_factors
from tools.recommend.item_item import learn_item_item
from tools.recommend.measures import measure, top_items
from tools.recommend.purchases import purchases_of
from tools.recommend.ranking import RankingRules, rank_items
from tools.recommend.recommender import Reason, beside_repeats, learn_recommender
from tools.recommend.texts import learn_texts

DAY = date(2026, 6, 1)
SOME = purchases_of(["p", "q"], ["a", "b"], ["2026-05-01", "2026-05-02"], DAY)


@pytest.mark.parametrize(
    ("who", "what", "when", "said"),
    [
        (["p"], ["a", "b"], ["2026-05-01"], "one of each"),
        (["p"], ["a"], ["2026-07-01"], "no purchase is before 2026-06-01"),
        (["p"], [""], ["2026-05-01"], "lacks its person, item or day"),
        (["p"], ["a"], ["NaT"], "lacks its person, item or day"),
    ],
)
def test_purchases(who: list[str], what: list[str], when: list[str], said: str) -> None:
    with pytest.raises(PurchasesError, match=said):
        purchases_of(who, what, when, DAY)


def test_parameters() -> None:
    plain = learn_item_item(SOME)
    for refused, said in [
        (lambda: learn_recommender(SOME, "magic"), "no recommender 'magic'"),
        (lambda: learn_item_item(SOME, shrink=-1.0), "shrink -1.0"),
        (lambda: learn_item_item(SOME, "near"), "'near'"),
        (lambda: learn_factors(SOME, 0), "0 factors"),
        (lambda: learn_factors(SOME, ridge=0.0), "ridge 0.0"),
        (lambda: learn_texts(SOME, np.ones((3, 4))), "for each of 2 items"),
        (lambda: learn_texts(SOME, np.full((2, 4), np.nan)), "for each of 2 items"),
        (lambda: beside_repeats(SOME, plain, np.ones(2), -0.5), "share -0.5"),
        (lambda: top_items(np.ones((1, 2)), 3), "3 items must be 1 to 2"),
        (lambda: measure(np.array([[0]]), np.zeros((1, 2), dtype=np.bool_), np.ones(2)), "bought nothing"),
        (lambda: RankingRules(count=0), "count 0"),
        (lambda: RankingRules(diversity=1.5), "diversity 1.5"),
        (lambda: RankingRules(serendipity_share=-0.1), "serendipity_share -0.1"),
        (
            lambda: rank_items(
                SOME, np.ones(3), np.zeros(3, dtype=np.bool_), lambda _: Reason("", ""), RankingRules()
            ),
            "each of 2 items",
        ),
    ]:
        with pytest.raises(RecommendParameterError, match=said):
            refused()
