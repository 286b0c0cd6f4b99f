"""The discount ceiling: exact at the edge, for one discount and for several together."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.offers import DISCOUNT_CEILING_RULE, amount_as_percent, check_discount, stacked_percent


@pytest.mark.parametrize(
    ("percent", "within"), [("19.99", True), ("20", True), ("20.01", False), ("0", True)]
)
def test_a_discount_may_reach_the_ceiling_but_not_pass_it(percent: str, within: bool) -> None:
    check = check_discount([Decimal(percent)], Decimal(20))
    assert check.within is within
    assert check.rule_id == DISCOUNT_CEILING_RULE


def test_discounts_given_together_multiply() -> None:
    assert stacked_percent([Decimal(20), Decimal(10)]) == Decimal(28)
    assert not check_discount([Decimal(20), Decimal(10)], Decimal(25)).within
    assert stacked_percent([]) == 0


def test_an_amount_off_is_a_share_of_the_price() -> None:
    assert amount_as_percent(250, 2000) == Decimal("12.5")


def test_the_evidence_names_value_and_bound() -> None:
    evidence = check_discount([Decimal("33.333333")], Decimal("30.50")).evidence
    assert evidence == "The discount is 33.3333 %, above the ceiling of 30.5 %."


def test_a_hair_above_the_ceiling_is_not_rounded_away() -> None:
    assert not check_discount([Decimal("20.0000001")], Decimal(20)).within
