"""The readout: one verdict, at the declared end, from the declared interval, and only from a sound split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tools.experiments.adaptive import ReplayLog
from tools.experiments.errors import OutOfRangeError
from tools.experiments.readout import Declaration, read_out

ARMS = ("a", "none")
END = datetime(2026, 12, 15, tzinfo=UTC)
DECLARED = Declaration("visit", END, {"optimised": 0.9, "holdout": 0.1}, margin=0.02)


def group(n: int, rate: float, share_a: float, seed: int, matched: float = 1 / 3) -> ReplayLog:
    rng = np.random.default_rng(seed)
    p = np.tile([share_a, 1 - share_a], (n, 1))
    arm = (rng.random(n) >= share_a).astype(np.int64)
    observed = rng.random(n) < matched
    reward = np.where(observed, rng.random(n) < rate, np.nan)
    return ReplayLog(ARMS, np.arange(n) // 500, p, arm, observed, reward, np.full((n, 2), rate), 1 / 3)


def groups(rate: float, n: int = 9000, matched: float = 1 / 3) -> dict[str, ReplayLog]:
    return {"optimised": group(n, rate, 0.7, 1, matched), "holdout": group(1000, 0.2, 0.0, 2, matched)}


@pytest.mark.parametrize(
    ("rate", "verdict", "guardrail"),
    [(0.45, "better", "holds"), (0.05, "worse", "broken"), (0.2, "not conclusive", "not conclusive")],
)
def test_the_declared_interval_decides(rate: float, verdict: str, guardrail: str) -> None:
    made = read_out(groups(rate), DECLARED, END)
    lift = made.comparisons["holdout"].lift
    assert made.verdict == verdict and made.guardrail == guardrail
    assert lift is not None and lift.covers(rate - 0.2)
    assert (lift.low > 0, lift.high < 0) == (verdict == "better", verdict == "worse")


@pytest.mark.promise
def test_before_the_end_there_is_neither_lift_nor_verdict() -> None:
    made = read_out(groups(0.45), DECLARED, END - timedelta(seconds=1))
    assert made.verdict == "not yet" and made.guardrail == "not yet"
    assert made.comparisons["holdout"].lift is None


@pytest.mark.promise
def test_a_broken_split_gives_no_verdict() -> None:
    made = read_out(groups(0.45, n=12_000), DECLARED, END)
    assert made.split.broken and made.verdict == "not estimable" and "did not come out" in made.reason


@pytest.mark.promise
def test_outcomes_that_match_too_often_give_no_verdict() -> None:
    made = read_out(groups(0.45, matched=0.5), DECLARED, END)
    assert made.verdict == "not estimable" and "log is broken" in made.reason


def test_without_enough_matched_people_nothing_is_estimable() -> None:
    few = {"optimised": group(180, 0.3, 0.5, 1), "holdout": group(20, 0.2, 0.0, 2)}
    made = read_out(few, DECLARED, END)
    assert made.verdict == "not estimable" and "30 are needed" in made.reason


def test_arms_and_cross_checks_are_shown_with_their_evidence() -> None:
    made = read_out(groups(0.3), DECLARED, END)
    assert set(made.arms) == set(ARMS) and made.arms["a"].matched > 1500
    value, plain = made.groups["optimised"].value, made.cross_checks["optimised"].value
    assert value is not None and plain is not None and plain.covers(value.estimate)


def test_a_random_control_is_compared_too() -> None:
    three = {**groups(0.45, 8000), "random_control": group(1000, 0.4, 0.5, 3)}
    declared = Declaration("visit", END, {"optimised": 0.8, "holdout": 0.1, "random_control": 0.1})
    made = read_out(three, declared, END)
    assert set(made.comparisons) == {"holdout", "random_control"} and made.guardrail is None


@pytest.mark.promise
def test_without_a_difference_a_verdict_is_as_rare_as_declared() -> None:
    wrong = 0
    for seed in range(300):
        both = {"optimised": group(1800, 0.2, 0.7, 2 * seed), "holdout": group(200, 0.2, 0.0, 2 * seed + 1)}
        wrong += read_out(both, DECLARED, END).verdict in ("better", "worse")
    # 5 % of 300 plus three standard errors
    assert wrong <= 27


def test_undeclared_groups_and_times_without_zone_are_refused() -> None:
    with pytest.raises(OutOfRangeError):
        read_out({"optimised": group(100, 0.2, 0.5, 1)}, DECLARED, END)
    with pytest.raises(OutOfRangeError):
        read_out(groups(0.2), DECLARED, END.replace(tzinfo=None))
    with pytest.raises(OutOfRangeError):
        Declaration("visit", END.replace(tzinfo=None), {})
    with pytest.raises(OutOfRangeError):
        Declaration("visit", END, {}, margin=-1)
