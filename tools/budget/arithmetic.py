"""What a budget pays for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from policies.errors import InvalidInputError
from tools.result import Quantity, Result


class BudgetPlan(Result):
    """`affordable` messages at the cheapest declared cost; None when messages cost nothing."""

    budget_minor: int
    affordable: int | None


def plan_budget(
    amount: Decimal | int | float | None, currency: str, costs_minor: Sequence[int]
) -> BudgetPlan:
    """Return how many messages `amount` (major units) pays for at the lowest of `costs_minor`.

    Raises InvalidInputError without a budget, for one that is not above 0, and for a negative cost.

    >>> plan_budget(2000, "USD", [20, 20]).affordable
    10000
    """
    if amount is None:
        raise InvalidInputError("the brief names no budget; say how much may be spent")
    minor = Decimal(str(amount)) * 100
    if minor <= 0:
        raise InvalidInputError(f"the budget is {amount}; it must be above 0", value=amount)
    if any(cost < 0 for cost in costs_minor):
        raise InvalidInputError("a message cannot cost less than 0", value=min(costs_minor))
    budget = int(minor)
    cheapest = min((cost for cost in costs_minor if cost > 0), default=0)
    affordable = budget // cheapest if cheapest else None
    quantities = {"budget.total": Quantity(value=budget, unit=f"minor:{currency}")}
    if affordable is not None:
        quantities["budget.affordable"] = Quantity(value=affordable, unit="messages")
    return BudgetPlan(budget_minor=budget, affordable=affordable, quantities=quantities)
