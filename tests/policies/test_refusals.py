"""The refusal codes and the rulings that compare numbers."""

from __future__ import annotations

from datetime import time

import pytest

from policies.refusals import (
    REFUSAL_CODES,
    REFUSAL_RULES,
    FrequencyCap,
    in_quiet_hours,
    judge_discount,
    judge_frequency,
    judge_send_time,
    judge_send_window,
    refuse,
)

SPAN = (3, 9)
CAP = FrequencyCap(messages=3, days=7)
NIGHT = (time(21), time(8))


def test_every_code_has_a_rule_and_an_alternative() -> None:
    assert set(REFUSAL_RULES) == set(REFUSAL_CODES)
    assert len(REFUSAL_CODES) == 14
    for rule in REFUSAL_RULES.values():
        assert all(sentence.endswith(".") for sentence in rule)


def test_a_refusal_names_code_place_reason_and_alternative() -> None:
    refusal = refuse("false_urgency", SPAN, "A countdown that restarts.")
    assert refusal.code == "false_urgency" and refusal.span == SPAN
    assert refusal.reason.startswith("A countdown that restarts. ")
    assert "real end date" in refusal.alternative


def test_a_discount_at_the_ceiling_passes_and_above_it_is_refused() -> None:
    assert judge_discount(40, SPAN, 40) is None
    refused = judge_discount(40.5, SPAN, 40)
    assert refused is not None and "40.5 % is above the ceiling of 40 %" in refused.reason
    assert judge_discount(99, SPAN, None) is None


@pytest.mark.parametrize(
    ("messages", "days", "repeats", "is_refused"),
    [
        (3, 7, True, False),
        (4, 7, True, True),
        (1, 1, True, True),
        (1, 3, True, False),
        (12, 30, True, False),
        (14, 30, True, True),
        (3, 2, False, False),
        (4, 2, False, True),
        (4, 30, False, False),
    ],
)
def test_pace_is_compared_with_the_cap_in_its_own_window(
    messages: float, days: float, repeats: bool, is_refused: bool
) -> None:
    assert (judge_frequency(messages, days, SPAN, CAP, repeats=repeats) is not None) == is_refused


def test_no_cap_and_no_days_judge_nothing() -> None:
    assert judge_frequency(99, 1, SPAN, None) is None
    assert judge_frequency(99, 0, SPAN, CAP) is None


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        (time(21), True),
        (time(23, 59), True),
        (time(0), True),
        (time(7, 59), True),
        (time(8), False),
        (time(20, 59), False),
    ],
)
def test_quiet_hours_pass_midnight_and_end_openly(moment: time, quiet: bool) -> None:
    assert in_quiet_hours(moment, NIGHT) is quiet
    assert (judge_send_time(moment, SPAN, NIGHT) is not None) is quiet


def test_quiet_hours_within_one_day() -> None:
    siesta = (time(13), time(15))
    assert in_quiet_hours(time(14), siesta) and not in_quiet_hours(time(15), siesta)


@pytest.mark.parametrize(
    ("opens", "closes", "is_refused"),
    [
        (time(9), time(20), False),
        (time(8), time(21), False),
        (time(7), time(9), True),
        (time(20), time(22), True),
        (time(22), time(23), True),
        (time(9), time(8, 30), True),
    ],
)
def test_a_window_that_overlaps_quiet_hours_is_refused(opens: time, closes: time, is_refused: bool) -> None:
    assert (judge_send_window((opens, closes), SPAN, NIGHT) is not None) == is_refused
    assert judge_send_window((opens, closes), SPAN, None) is None
