"""Likenesses of items against plain loops over sets, and factors against the equations they must solve."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from tools.recommend.factors import learn_factors
from tools.recommend.item_item import learn_item_item
from tools.recommend.purchases import Purchases, purchases_of
from tools.recommend.repeat import following, repeat_rates, still_selling
from tools.recommend.texts import learn_texts

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="module")
def some() -> Purchases:
    rng = np.random.default_rng(3)
    days = [AS_OF - timedelta(days=int(age)) for age in rng.integers(1, 200, 900)]
    who, what = rng.integers(0, 40, 900).astype(str), (rng.integers(0, 25, 900) ** 2 // 25).astype(str)
    return purchases_of(who, what, days, AS_OF)


def rows_of(some: Purchases) -> list[tuple[int, int, int]]:
    return list(zip(some.person.tolist(), some.item.tolist(), some.age.tolist(), strict=True))


def test_each_person_item_and_day_counts_once_and_only_before_the_day() -> None:
    days = ["2026-05-30", "2026-05-30", "2026-05-31", "2026-06-01"]
    made = purchases_of(["p"] * 4, ["a", "a", "a", "b"], days, AS_OF)
    assert made.items.tolist() == ["a"]
    assert made.counts.toarray().tolist() == [[2.0]]
    assert sorted(made.age.tolist()) == [1, 2]


def test_following_counts_what_sets_count(some: Purchases) -> None:
    seen, rows = following(some), rows_of(some)
    items = len(some.items)
    pairs, before = np.zeros((items, items)), np.zeros(items)
    for window in range(4):
        for person in range(len(some.people)):
            now = {i for p, i, age in rows if p == person and 30 * window < age <= 30 * (window + 1)}
            earlier = {i for p, i, age in rows if p == person and age > 30 * (window + 1)}
            for i in earlier if now else ():
                before[i] += 1
                for j in now:
                    pairs[i, j] += 1
    np.testing.assert_array_equal(seen.pairs.toarray(), pairs)
    np.testing.assert_array_equal(seen.before, before)
    rate = pairs.sum(axis=0) / before.sum()
    lift = (pairs - before[:, None] * rate) / (before[:, None] + 20.0)
    np.fill_diagonal(lift, 0.0)
    learnt = learn_item_item(some).likeness.toarray()
    np.testing.assert_allclose(learnt, np.where((lift > 0) & (pairs > 0), lift, 0.0), atol=1e-15)
    again, average = np.diag(pairs), np.trace(pairs) / before.sum()
    np.testing.assert_allclose(repeat_rates(seen), (again + 10 * average) / (before + 10) / average)


def test_cosine_is_people_in_common_over_the_root_of_people(some: Purchases) -> None:
    buyers = [{p for p, i, _ in rows_of(some) if i == item} for item in range(len(some.items))]
    learnt = learn_item_item(some, "cosine", shrink=5.0).likeness.toarray()
    for i, mine in enumerate(buyers):
        for j, others in enumerate(buyers):
            expected = 0.0 if i == j else len(mine & others) / ((len(mine) * len(others)) ** 0.5 + 5)
            assert learnt[i, j] == pytest.approx(expected, abs=1e-14)


def test_scores_are_likeness_to_what_was_bought_and_the_reason_is_its_largest_part(some: Purchases) -> None:
    learnt = learn_item_item(some, "cosine", shrink=0.0)
    alike, row = learnt.likeness.toarray(), 7
    has = sorted({i for p, i, _ in rows_of(some) if p == row})
    scores = learnt.scores(np.array([row]))[0]
    np.testing.assert_allclose(scores, alike[has].sum(axis=0) / len(has) ** 0.5)
    item = int(np.argmax(scores))
    assert learnt.because(row, item) == has[int(np.argmax(alike[has, item]))]


def test_factors_solve_their_own_least_squares_and_lower_the_loss(some: Purchases) -> None:
    c = 1.0 + some.faded(120.0).toarray() * 2.0
    p = (some.counts.toarray() > 0).astype(float)

    def loss(x: np.ndarray, y: np.ndarray) -> float:
        return float((c * (p - x @ y.T) ** 2).sum() + 3.0 * ((x**2).sum() + (y**2).sum()))

    made = [learn_factors(some, 4, ridge=3.0, weight=2.0, sweeps=n, seed=1) for n in (1, 2, 4, 8, 60)]
    losses = [loss(m.people, m.items) for m in made]
    assert losses == sorted(losses, reverse=True)
    last = made[-1]
    for item in range(len(some.items)):
        weighted = last.people * c[:, item, None]
        solved = np.linalg.solve(weighted.T @ last.people + 3.0 * np.eye(4), weighted.T @ p[:, item])
        np.testing.assert_allclose(last.items[item], solved, atol=1e-10)
    assert losses[-1] < loss(last.people + 1e-3, last.items)


def test_texts_are_the_cosine_with_the_mean_of_what_was_bought(some: Purchases) -> None:
    given = np.random.default_rng(5).normal(size=(len(some.items), 6))
    given[3] = 0.0
    learnt = learn_texts(some, given)
    unit = np.array([v / np.linalg.norm(v) if v.any() else v for v in given])
    taste = sum(unit[i] for i in {i for p, i, _ in rows_of(some) if p == 2})
    scores = learnt.scores(np.array([2]))[0]
    np.testing.assert_allclose(scores, unit @ (taste / np.linalg.norm(taste)))
    assert scores[3] == 0.0


def test_what_hardly_sells_any_more_is_kept_back() -> None:
    days = [AS_OF - timedelta(days=age) for age in [*range(1, 101), *range(41, 101)]]
    items = ["steady"] * 100 + ["gone"] * 60
    made = purchases_of([str(n) for n in range(160)], items, days, AS_OF)
    gone, steady = still_selling(made)
    assert steady == 1.0
    assert gone == pytest.approx((1 / (60 * 14 / 100 + 1)) ** 0.25)
