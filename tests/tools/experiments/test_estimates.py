"""Response estimates: published intervals, scipy, and the real experiment."""

from __future__ import annotations

import numpy as np
import pytest

from bench.replay_value import ARMS, load
from tools.experiments.errors import ObservationError, OutOfRangeError, UnequalRowsError
from tools.experiments.estimates import (
    bootstrap_mean,
    mean_difference,
    mean_interval,
    rate_difference,
    rate_interval,
    responses,
)


@pytest.mark.parametrize(("successes", "people"), [(0, 12), (3, 12), (189, 21_387), (12, 12)])
def test_rate_intervals_equal_scipys_wilson(successes: int, people: int) -> None:
    from scipy.stats import binomtest

    ours = rate_interval(successes, people)
    theirs = binomtest(successes, people).proportion_ci(0.95, "wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_rate_difference_equals_newcombes_example() -> None:
    difference = rate_difference(56, 70, 48, 80)
    assert (round(difference.low, 4), round(difference.high, 4)) == (0.0524, 0.3339)


def test_mean_intervals_agree_with_each_other_on_plain_data() -> None:
    rng = np.random.default_rng(0)
    values = rng.exponential(10.0, 2000)
    normal, resampled = mean_interval(values), bootstrap_mean(values, rng, draws=500)
    assert resampled.low == pytest.approx(normal.low, abs=0.08)
    assert resampled.high == pytest.approx(normal.high, abs=0.08)
    assert mean_difference(values + 1, values).estimate == pytest.approx(1)


def test_real_arms_have_their_known_visits() -> None:
    data = load()
    lapsed = data.recency >= 6
    segment = np.where(lapsed, "lapsed", "recent")
    out = {(r.segment, r.arm): r for r in responses(ARMS, data.arm, data.visit, segment, is_rate=True)}
    assert [out["all", arm].people for arm in ARMS] == [21_307, 21_387, 21_306]
    assert sum(out["lapsed", arm].people for arm in ARMS) == 32_020
    assert sum(out["all", arm].total for arm in ARMS) / 64_000 == pytest.approx(0.146781, abs=5e-7)
    assert out["lapsed", "none"].response.covers(0.0826)


def test_bad_outcomes_are_refused() -> None:
    with pytest.raises(ObservationError):
        responses(("a",), np.zeros(2, dtype=np.int64), np.array([0.0, 2.0]), is_rate=True)
    with pytest.raises(UnequalRowsError):
        responses(("a",), np.zeros(1, dtype=np.int64), np.array([0.0, 1.0]), is_rate=True)
    with pytest.raises(OutOfRangeError):
        rate_interval(3, 2)
    with pytest.raises(OutOfRangeError):
        mean_interval(np.array([1.0]))
    with pytest.raises(ObservationError):
        mean_interval(np.array([1.0, np.nan]))
