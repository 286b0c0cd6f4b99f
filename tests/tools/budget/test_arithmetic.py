"""What a budget pays for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.errors import InvalidInputError
from tools.budget.arithmetic import plan_budget


def test_a_budget_pays_for_messages_at_the_lowest_cost() -> None:
    plan = plan_budget(Decimal("2000"), "USD", [25, 20, 0])
    assert (plan.budget_minor, plan.affordable) == (200_000, 10_000)
    assert plan.quantities["budget.affordable"].unit == "messages"


def test_messages_without_cost_have_no_bound() -> None:
    assert plan_budget(Decimal("5.5"), "USD", [0]).affordable is None


@pytest.mark.parametrize(("amount", "says"), [(None, "no budget"), (0, "is 0"), (-1, "is -1")])
def test_a_budget_must_be_above_zero(amount: int | None, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        plan_budget(amount, "USD", [20])


def test_a_negative_cost_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="less than 0"):
        plan_budget(10, "USD", [-1])
