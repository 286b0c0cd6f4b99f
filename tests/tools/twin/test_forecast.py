"""Forecasts on the real experiment: totals, budget, seeds, coverage of the other half."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bench.replay_value import ARMS, load
from tools.bandits.features import CUSTOMER_FEATURES
from tools.bandits.projection import ShareBounds
from tools.bandits.simple import Fixed
from tools.bandits.squarecb import SquareCB
from tools.experiments.errors import OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval
from tools.twin.forecast import Forecast, History, Plan, TooLittleEvidenceError, forecast
from tools.twin.score import score_forecast

PLAN = Plan(
    SquareCB(), ShareBounds(), CUSTOMER_FEATURES.prior(), np.array([20, 20, 0], dtype=np.int64), 200_000, 0.1
)


def halves(seed: int) -> tuple[History, np.ndarray]:
    data = load_once()
    shuffled = np.random.default_rng(seed).permutation(64_000)
    history, world = shuffled[:32_000], shuffled[32_000:]
    made = History(
        ARMS,
        data.features[history],
        data.arm[history],
        np.full(32_000, 1 / 3),
        {"visit": data.visit[history]},
        data.recency[history] >= 6,
    )
    return made, world[data.recency[world] >= 6][:15_000]


load_once = cache(load)


def made(seed: int, plan: Plan = PLAN, draws: int = 200) -> tuple[Forecast, np.ndarray]:
    history, net = halves(seed)
    x = load_once().features[net]
    return forecast(history, x, np.ones((len(net), 3), dtype=np.bool_), plan, seed, draws), net


def test_the_plan_spends_its_budget_and_no_more() -> None:
    result, net = made(1)
    assert result.people == len(net) and result.holdout_people == 1500
    assert result.quantities["cost"].high <= 200_000
    assert result.quantities["cost"].estimate == pytest.approx(200_000, rel=0.01)
    assert result.quantities["sends"].estimate == pytest.approx(10_000, rel=0.01)


@pytest.mark.promise
def test_the_same_seed_gives_the_same_forecast() -> None:
    assert made(2, draws=50)[0] == made(2, draws=50)[0]


def test_forecasts_of_a_fixed_plan_cover_what_the_other_half_did() -> None:
    """Men's e-mail to everybody: the world's own rows tell the truth up to their sampling error."""
    data = load_once()
    everybody = replace(
        PLAN,
        policy=Fixed({"a": 1.0, "b": 0.0, "c": 0.0}),
        bounds=ShareBounds(0.0),
        budget_minor=10**7,
        holdout_share=0.0,
    )
    scores = []
    for seed in range(6):
        result, net = made(seed, everybody, 60)
        own = data.visit[net][data.arm[net] == 0]
        half = 1.96 * own.std() / np.sqrt(len(own)) * len(net)
        total = float(own.mean() * len(net))
        (score,) = score_forecast(result, {"visit": Interval(total, total - half, total + half, 0.95)})
        scores.append(score)
    assert sum(s.consistent for s in scores) >= 3
    assert abs(np.mean([s.relative_difference for s in scores])) < 0.05


def test_scores_say_how_far_and_whether_inside() -> None:
    guess = Forecast(
        {"visit": Interval(100.0, 90.0, 110.0, 0.8), "cost": Interval(5.0, 4.0, 6.0, 0.8)}, 10, 1, 500.0
    )
    (score,) = score_forecast(guess, {"visit": Interval(112.0, 82.0, 142.0, 0.95)})
    assert (score.difference, score.relative_difference) == (12.0, 0.12)
    assert not score.inside and score.consistent
    (far,) = score_forecast(guess, {"visit": Interval(140.0, 139.0, 141.0, 0.95)})
    assert not far.inside and not far.consistent


def test_too_little_history_like_the_audience_is_refused() -> None:
    history, net = halves(1)
    few = history.like_audience & (np.cumsum(history.like_audience) <= 120)
    with pytest.raises(TooLittleEvidenceError, match="100 are needed"):
        forecast(
            replace(history, like_audience=few),
            load_once().features[net],
            np.ones((len(net), 3), dtype=np.bool_),
            PLAN,
            1,
            10,
        )


def test_plans_that_name_unknown_things_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="profit"):
        made(1, replace(PLAN, objective="profit"))
    with pytest.raises(OutOfRangeError, match="holdout share"):
        made(1, replace(PLAN, holdout_share=1.0))
    history, _ = halves(1)
    with pytest.raises(UnequalRowsError):
        replace(history, propensity=np.ones(3))
