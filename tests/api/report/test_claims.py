"""Titles claim what the intervals hold and nothing more; numbers never round a finding away."""

from __future__ import annotations

import pytest

from api.report import claims
from api.report.tables import lift_table
from api.report.wording import arm_words, listed, p_value, scale_of, share
from tests.api.report.sample import BETTER, INCLUDES, SPEND, VISITS, estimate, lift, record

NAMES = {"mens_email": "men's e-mail", "womens_email": "women's e-mail"}


def with_arms(*arms: object) -> object:
    return VISITS.model_copy(update={"arms": arms})


def test_overlapping_arms_are_not_ranked() -> None:
    assert claims.values_title(VISITS, NAMES) == (
        "Men's e-mail has the highest estimate, but its interval overlaps: no arm is shown to lead"
    )


def test_arm_apart_from_all_others_leads() -> None:
    apart = with_arms(estimate("mens_email", 0.2, 0.01, 9, 9), estimate("none", 0.1, 0.01, 9, 9))
    said = "Men's e-mail has the highest visit rate: its interval lies above the others"
    assert claims.values_title(apart, NAMES) == said  # type: ignore[arg-type]


@pytest.mark.parametrize(("covered", "leads"), [(0.999, True), (0.8, False)])
def test_people_an_arm_was_not_open_to_count_as_badly_as_they_could(covered: float, leads: bool) -> None:
    best = estimate("mens_email", 0.2, 0.01, 9, 9, covered=covered)
    title = claims.values_title(with_arms(best, estimate("none", 0.17, 0.01, 9, 9)), NAMES)  # type: ignore[arg-type]
    assert ("lies above the others" in title) is leads


def test_money_of_arms_open_to_different_people_is_not_ranked() -> None:
    arms = (estimate("mens_email", 90.0, 1.0, 9, 9, covered=0.99), estimate("none", 10.0, 1.0, 9, 9))
    assert "none is ranked" in claims.values_title(SPEND.model_copy(update={"arms": arms}), NAMES)


def test_a_loss_is_said_as_a_loss() -> None:
    worse = VISITS.model_copy(update={"lifts": (lift(-0.041, 0.028, "worse", BETTER),)})
    assert claims.lift_title(worse) == "Visit rate is below the holdout: −6.9 to −1.3\u00a0points"


def test_bound_next_to_zero_does_not_read_as_zero() -> None:
    close = VISITS.model_copy(update={"lifts": (lift(0.02802, 0.028, "better", BETTER),)})
    assert claims.lift_title(close) == "Visit rate is above the holdout, by 0.002 to 5.602\u00a0points"


def test_guardrail_is_said_with_its_margin() -> None:
    for verdict, said in (
        ("holds", "Guardrail held: spend per person is not more than USD\u00a00.50 below the holdout"),
        ("broken", "Guardrail broken: spend per person is more than USD\u00a00.50 below the holdout"),
        ("not yet", "Guardrail not decided yet"),
    ):
        assert claims.guardrail_title(record(guardrail=verdict)) == said


def test_guardrail_table_shows_the_guardrails_own_verdict() -> None:
    better = SPEND.model_copy(update={"lifts": (lift(90.0, 12.0, "better", INCLUDES),)})
    assert lift_table(better, "held").rows[0][1:] == (
        "+USD\u00a00.78 to +USD\u00a01.02",
        "+USD\u00a00.90",
        "held",
    )


def test_overspending_is_said() -> None:
    assert claims.spend_title(record(spent_minor=200_020)) == (
        "USD\u00a02,000.20 were spent, USD\u00a00.20 more than the budget of USD\u00a02,000.00"
    )


def test_allocation_counts_people_over_all_batches() -> None:
    totals = claims.arm_totals(record())
    assert sum(totals.values()) == pytest.approx(27 * 502)
    title = claims.allocation_title(record(), NAMES)
    part = 100 * totals["mens_email"] / sum(totals.values())
    assert title.startswith(f"Men's e-mail was chosen most, for {part:.1f}\u00a0%")


def test_money_without_minor_units_has_no_decimals() -> None:
    assert scale_of("minor:JPY").said(1234.0, 0) == "JPY\u00a01,234"
    assert scale_of("minor:USD").span(105.0, 210.0, 2) == "USD\u00a01.05 to USD\u00a02.10"


def test_shares_never_round_to_none_or_all() -> None:
    assert [share(x) for x in (0.0, 0.0004, 0.1234, 0.9996, 1.0)] == [
        "0\u00a0%",
        "under 0.1\u00a0%",
        "12.3\u00a0%",
        "over 99.9\u00a0%",
        "100\u00a0%",
    ]


def test_words() -> None:
    assert p_value(0.0004) == "p\u00a0<\u00a00.001"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert (arm_words("none", NAMES), arm_words("sms_new", NAMES)) == ("no message", "sms new")
