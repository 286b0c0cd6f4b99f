"""How deep a discount may go: the ceiling of the offer policy, checked without rounding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from policies.errors import InvalidInputError

DISCOUNT_CEILING_RULE: Final = "offers.discount_ceiling"
_WHOLE: Final = Decimal(100)


class DiscountError(InvalidInputError):
    """A discount, a ceiling or a price lies outside what can be meant."""

    code = "discount_invalid"


class DiscountCheck(NamedTuple):
    """The verdict on one discount: percentages of the price, and the sentence that shows the evidence."""

    within: bool
    discount_percent: Decimal
    ceiling_percent: Decimal
    rule_id: str
    evidence: str


def require_percent(percent: Decimal, what: str) -> Decimal:
    """Return a percentage from 0 to 100, or raise DiscountError naming it."""
    if not percent.is_finite() or not 0 <= percent <= _WHOLE:
        raise DiscountError(f"{what} is {percent} %; it must lie from 0 to 100 %.", value=percent)
    return percent


def amount_as_percent(amount_off_minor: int, price_minor: int) -> Decimal:
    """Turn an amount off, in minor units, into a percentage of the price it is taken from.

    Raises DiscountError for a price of zero or less, or an amount below zero or above the price.
    """
    if price_minor <= 0:
        raise DiscountError(
            f"A price of {price_minor} minor units has no discount; give a price above zero.",
            value=price_minor,
        )
    if not 0 <= amount_off_minor <= price_minor:
        raise DiscountError(
            f"{amount_off_minor} minor units off a price of {price_minor} is not possible; "
            "take off between nothing and the whole price.",
            value=amount_off_minor,
        )
    return _WHOLE * Decimal(amount_off_minor) / Decimal(price_minor)


def stacked_percent(percents: Sequence[Decimal]) -> Decimal:
    """The one percentage that discounts given one after the other amount to: 100 (1 - prod(1 - d/100))."""
    kept = Decimal(1)
    for percent in percents:
        kept *= 1 - require_percent(percent, "A discount") / _WHOLE
    return _WHOLE * (1 - kept)


def check_discount(percents: Sequence[Decimal], ceiling_percent: Decimal) -> DiscountCheck:
    """Decide whether discounts that apply together stay within the ceiling; reaching it exactly is within.

    Percentages from 0 to 100; no discount at all is within. Raises DiscountError.
    """
    ceiling = require_percent(ceiling_percent, "The discount ceiling")
    total = stacked_percent(percents)
    within = total <= ceiling
    words = "together " if len(percents) > 1 else ""
    verdict = "within" if within else "above"
    evidence = f"The discount is {words}{_plain(total)} %, {verdict} the ceiling of {_plain(ceiling)} %."
    return DiscountCheck(within, total, ceiling, DISCOUNT_CEILING_RULE, evidence)


def _plain(percent: Decimal) -> str:
    """Write a percentage without exponent or idle zeros, shortening a long one to four decimals."""
    text = f"{percent:.4f}" if percent.normalize().as_tuple().exponent < -4 else f"{percent:f}"  # type: ignore[operator]
    return text.rstrip("0").rstrip(".") if "." in text else text
