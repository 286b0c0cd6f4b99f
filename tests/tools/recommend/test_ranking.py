"""Lists: measures by hand, diversity against trying everything, each rule alone, reasons, cold start."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tools.recommend.for_person import recommend_for
from tools.recommend.measures import bootstrap_mean, measure, top_items
from tools.recommend.purchases import purchases_of
from tools.recommend.ranking import ItemFacts, RankingRules, diverse
from tools.recommend.recommender import Recommender, learn_recommender

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="module", params=["item_item", "cosine", "factors"])
def planted(request: pytest.FixtureRequest) -> Recommender:
    """Two kinds of people, each buying its ten items of twenty at random days; person `new` bought a3 alone."""
    rng = np.random.default_rng(11)
    who, what, when = ["new"], ["a3"], [AS_OF - timedelta(days=50)]
    for person in range(120):
        kind = "ab"[person % 2]
        for _ in range(12):
            who.append(f"{kind}{person}")
            what.append(f"{kind}{rng.integers(0, 10)}")
            when.append(AS_OF - timedelta(days=int(rng.integers(1, 180))))
    return learn_recommender(purchases_of(who, what, when, AS_OF), request.param)


def items(made: Recommender, person: str, rules: RankingRules, facts: ItemFacts | None = None) -> list[str]:
    return [each.item for each in recommend_for(made, person, rules, facts).ranking.items]


def test_a_planted_taste_is_found_and_the_reason_is_a_purchase(planted: Recommender) -> None:
    found = recommend_for(planted, "new", RankingRules(count=10))
    assert not found.cold_start
    assert {each.item[0] for each in found.ranking.items} == {"a"}
    assert found.ranking.items[0].item == "a3"
    first, second = (each.reason for each in found.ranking.items[:2])
    assert first.words == "bought once before"
    assert second.because == "a3" and "a3" in second.words


def test_each_rule_closes_what_it_says_and_says_so(planted: Recommender) -> None:
    plain = items(planted, "new", RankingRules(count=5))
    without = recommend_for(planted, "new", RankingRules(count=5, excluded=frozenset(plain[:1])))
    assert plain[0] not in [each.item for each in without.ranking.items]
    assert without.ranking.left_out == ((plain[0], "excluded"),)
    assert "a3" not in items(planted, "new", RankingRules(count=20, new_only=True))
    stocked = RankingRules(count=20, in_stock_only=True)
    assert items(planted, "new", stocked, ItemFacts(stock={"a1": 2, "a2": 0})) == ["a1"]
    rich = RankingRules(count=20, least_margin=100)
    assert items(planted, "new", rich, ItemFacts(margin={"a1": 99, "b2": 100})) == ["b2"]


def test_value_alone_ranks_by_value_and_half_lies_between(planted: Recommender) -> None:
    facts = ItemFacts(value={"b7": 500.0, "a3": 499.0})
    assert items(planted, "new", RankingRules(count=2, value_weight=1.0), facts) == ["b7", "a3"]
    assert items(planted, "new", RankingRules(count=1, value_weight=0.5), facts) == ["a3"]


def test_discoveries_are_new_to_the_person_not_well_known_and_last(planted: Recommender) -> None:
    made = recommend_for(planted, "a0", RankingRules(count=10, serendipity_share=0.3)).ranking.items
    total = np.asarray(planted.purchases.counts.sum(axis=0)).ravel()
    known = set(planted.purchases.items[total >= np.quantile(total, 0.9)].tolist())
    row = int(np.searchsorted(planted.purchases.people, "a0"))
    bought = set(planted.purchases.items[planted.purchases.counts[[row]].indices].tolist())
    assert [each.reason.reason_id == "discovery" for each in made] == [False] * 7 + [True] * 3
    assert not {each.item for each in made[7:]} & (known | bought)
    assert len({each.item for each in made}) == 10


def test_diversity_picks_what_trying_every_item_picks() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        utility, raw = rng.random(8), rng.random((8, 8))
        alike, weight = (raw + raw.T) / 2, float(rng.random())
        picked: list[int] = []
        for _ in range(5):
            worth = {
                k: (1 - weight) * utility[k] - weight * max([alike[k, j] for j in picked], default=0.0)
                for k in range(8)
                if k not in picked
            }
            picked.append(max(worth, key=lambda k: worth[k]))
        assert diverse(utility, alike, 5, weight).tolist() == picked


def test_diversity_shows_both_kinds(planted: Recommender) -> None:
    assert {name[0] for name in items(planted, "new", RankingRules(count=5))} == {"a"}
    assert {name[0] for name in items(planted, "new", RankingRules(count=5, diversity=0.9))} == {"a", "b"}


def test_a_cold_start_is_what_its_segment_buys_and_says_so(planted: Recommender) -> None:
    segments = {person: f"kind {person[0]}" for person in planted.purchases.people.tolist()} | {"x": "kind b"}
    found = recommend_for(planted, "x", RankingRules(count=5), segments=segments)
    assert found.cold_start and {each.item[0] for each in found.ranking.items} == {"b"}
    reasons = {each.reason.reason_id for each in found.ranking.items}
    assert reasons == {"popular_in_segment"} and "in kind b" in found.ranking.items[0].reason.words
    few = recommend_for(planted, "x", RankingRules(count=5), segments={"x": "kind b"})
    assert "with everybody" in few.ranking.items[0].reason.words


def test_measures_by_hand() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.5], [0.4, 0.3, 0.2, 0.1]])
    lists = top_items(scores, 3)
    assert lists.tolist() == [[1, 2, 3], [0, 1, 2]]
    bought = np.array([[True, False, False, True], [True, True, False, False]])
    told = measure(lists, bought, np.array([3.0, 1.0, 0.0, 0.0]))
    np.testing.assert_allclose(told.recall, [1 / 2, 1.0])
    np.testing.assert_allclose(told.ndcg, [0.5 / (1 + 1 / np.log2(3)), 1.0])
    share = np.array([4, 2, 1, 1]) / 8
    assert told.coverage == 1.0
    assert told.novelty == pytest.approx(-np.log2(share[lists]).mean())


def test_the_bootstrap_draws_whole_people_and_covers() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for seed in range(60):
        person = np.repeat(np.arange(80), 4)
        values = rng.normal(size=80)[person] + rng.normal(size=320)
        found = bootstrap_mean(values, person, seed, draws=400)
        covered += found.covers(0.0)
        assert found.estimate == pytest.approx(values.mean())
    assert covered >= 52
