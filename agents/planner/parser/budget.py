"""Which amount of a text is the budget, its period, and what supersedes what."""

from __future__ import annotations

import re
from typing import NamedTuple

from agents.planner.parser.money import Money, find_amounts
from agents.planner.parser.reading import CORRECTION, Reading

_CUE = re.compile(
    r"(?:\bbudget(?:ed)?(?: cap| limit| ceiling)?(?: (?:is|of|at|for this|should be|to|now|stays|will be|around)){0,6}"
    r"|\bspend(?:ing)?(?: up to| at most| no more than| about| max(?:imum)?| cap| limit| of)?"
    r"|\b(?:up to|at most|no more than|a maximum of|max\.?|maximum(?: of)?|not? exceed(?:ing)?|capped at|cap(?: of| at)?)"
    r"|\b(?:we have|i have|i've got|we've got|we can use|allocate[d]?|all[- ]in|total(?: of| cost)?|costs?|money))"
    r"[\s:=~-]*(?:(?:is|of|about|around|roughly|approx\.?|only|just|at most|up to|max\.?|between|from|a total of)\s){0,6}$",
    re.IGNORECASE,
)
_CUE_AFTER = re.compile(
    r"^\s*(?:in )?(?:total |marketing |campaign |media |max(?:imum)? |overall |all[- ]in ){0,6}"
    r"(?:budget\b|to spend\b|spend\b|max\b|maximum\b|all[- ]in\b|total\b|(?:in|of) budget\b|available\b|tops\b)",
    re.IGNORECASE,
)
_WITH = re.compile(
    r"(?:\bwith|\bfor|\busing|[,;.:(]|^)\s*(?:about |around |only |just |roughly )?$", re.IGNORECASE
)
_NOT_BUDGET_BEFORE = re.compile(
    r"(?:\b(?:cpa|cac|cpm|cpc|roas|aov|ltv|clv|cost per \w+|order value|basket(?: size| value)?|orders?|carts?|price[ds]?"
    r"|priced at|worth|voucher|coupon|over|above|under|below|more than|less than|at least|spent|shipping|save|off|gift"
    r"|saving|discount|baskets?|purchases?)(?: (?:of|is|at|from|to|by|under|below|over|above|for|more than|a|value"
    r"|max\.?|at most|around|about|or|cap|target)){0,6}[\s:=]*)$",
    re.IGNORECASE,
)
_NOT_BUDGET_AFTER = re.compile(
    r"^\s*(?:off\b|voucher|coupon|gift|discount|each\b|cpa\b|cac\b|apiece|order value|per (?:order|customer|person|unit"
    r"|e-?mail|message|lead|acquisition|click|head|install|sign)|credit|bonus|cash ?back|or more in|minimum|orders?\b"
    r"|plan\b|\+ (?:orders|baskets))",
    re.IGNORECASE,
)
# A bare number needs a cue; a bare "5k" does without one unless it counts something.
_COUNTS = re.compile(
    r"^\s*(?:%|percent|per cent|\+?\s?[a-z]*\s?(?:customers|people|users|subscribers|visits|visitors|messages|e-?mails|sends"
    r"|orders|registrations|reviews|installs|downloads|days|weeks|months|members|leads|contacts|sign-?ups|units|clicks"
    r"|opens|points|purchases|times|hours|sms)|[-–./:][0-9]|(?:st|nd|rd|th)\b|x\b)",
    re.IGNORECASE,
)
_RUN = re.compile(r"^\s*(?:run|race|walk)\b", re.IGNORECASE)
_PERIOD = re.compile(
    r"^\s*(?:budget )?(?:(?:per|a|an|each|every|/)\s?(?P<unit>day|week|month|quarter|year)\b"
    r"|(?P<adverb>daily|weekly|monthly|quarterly|yearly|annually|p\.?m\.?|p\.?a\.?)(?![a-z]))",
    re.IGNORECASE,
)
_PERIOD_BEFORE = re.compile(
    r"\b(?P<adverb>daily|weekly|monthly|quarterly|yearly|annual)\s+(?:budget|spend)\W*(?:\w+\W+){0,2}$", re.I
)
_UPPER = re.compile(
    r"\b(?:up to|at most|no more than|max\.?|maximum(?: of)?|not exceed(?:ing)?|capped at|cap(?: of| at)?)\s*$",
    re.I,
)
_UPPER_AFTER = re.compile(r"^\s*(?:max(?:imum)?|tops|at most)\b", re.I)
_RANGE = re.compile(r"^\s?(?:-|–|to|and|or)\s?$", re.I)
_ADVERBS = {
    "daily": "day", "weekly": "week", "monthly": "month", "pm": "month", "quarterly": "quarter",
    "yearly": "year", "annually": "year", "annual": "year", "pa": "year",
}  # fmt: skip


class Candidate(NamedTuple):
    """An amount that may be the budget; cued ones outrank amounts that merely stand there."""

    money: Money
    lower: Money | None
    confidence: float
    correction: bool


def find_budget(text: str, home: str | None) -> Reading | None:
    """Read the budget: the last cued amount, else the last amount in a currency that is not a price.

    The value is the mapping of the record's `budget`; a correction without a currency keeps the earlier one.
    """
    amounts = find_amounts(text, home)
    candidates: list[Candidate] = []
    for index, money in enumerate(amounts):
        if index + 1 < len(amounts) and _is_range(text, money, amounts[index + 1]):
            continue
        lower = amounts[index - 1] if index and _is_range(text, amounts[index - 1], money) else None
        candidate = _judge(text, money, lower, has_earlier=bool(candidates))
        if candidate is not None:
            candidates.append(candidate)
    if not candidates:
        return None
    best = max(candidate.confidence for candidate in candidates)
    strong = [c for c in candidates if c.correction or c.confidence >= min(best, 0.9)]
    totals = [c for c in strong if _period(text, c.money)[0] != "day"]
    chosen = (totals or strong)[-1]
    return _as_reading(text, chosen, candidates)


def find_answered_budget(text: str, home: str | None) -> Reading | None:
    """Read a budget from an answer to "what is the budget?", where a bare number is one."""
    found = find_budget(text, home)
    if found is not None:
        return found
    amounts = [money for money in find_amounts(text, home) if not _COUNTS.match(text[money.end :])]
    return _as_reading(text, Candidate(amounts[-1], None, 0.9, False), []) if amounts else None


def _is_range(text: str, lower: Money, upper: Money) -> bool:
    """Say whether two amounts are one range ("2-3k"); its upper end stands for the budget."""
    return bool(_RANGE.match(text[lower.end : upper.start])) and lower.amount < upper.amount


def _judge(text: str, money: Money, lower: Money | None, *, has_earlier: bool) -> Candidate | None:
    at = lower.start if lower else money.start
    before, after = text[max(0, at - 60) : at], text[money.end : money.end + 40]
    if _NOT_BUDGET_AFTER.match(after) or (_COUNTS.match(after) and money.currency is None):
        return None
    correction = has_earlier and bool(CORRECTION.search(before))
    cued = bool(_CUE.search(before)) or bool(_CUE_AFTER.match(after))
    if cued and not _names_a_price(before):
        return Candidate(money, lower, 0.95, correction)
    if correction:
        return Candidate(money, lower, 0.9, True)
    if _NOT_BUDGET_BEFORE.search(before) or (_RUN.match(after) and money.currency is None):
        return None
    if money.currency is not None:
        return Candidate(money, lower, 0.8, False)
    if money.scaled and _WITH.search(before):
        return Candidate(money, lower, 0.7, False)
    return None


def _names_a_price(before: str) -> bool:
    return bool(
        re.search(
            r"\b(?:cpa|cac|cpc|cpm|aov|cost per \w+|order value|price)\W+(?:\w+\W+){0,3}$", before, re.I
        )
    )


def _period(text: str, money: Money) -> tuple[str | None, int]:
    match = _PERIOD.match(text[money.end : money.end + 30])
    if match:
        unit = match["unit"] or _ADVERBS[match["adverb"].replace(".", "").lower()]
        return unit.lower(), money.end + match.end()
    match = _PERIOD_BEFORE.search(text[: money.start])
    if match:
        return _ADVERBS[match["adverb"].lower()], money.end
    return None, money.end


def _as_reading(text: str, chosen: Candidate, others: list[Candidate]) -> Reading:
    money = chosen.money
    currency = money.currency
    if currency is None:
        # "$5k, actually 4k": the corrected amount stands in the currency already named.
        stated = [c.money.currency for c in others if c.money.currency and c.money.start < money.start]
        currency = stated[-1] if stated else None
    value: dict[str, object] = {"amount": money.amount, "currency": currency}
    period, end = _period(text, money)
    if period is not None:
        value["period"] = period
        if period == "day":
            value["per_day"] = money.amount
    daily = [c.money.amount for c in others if c.money != money and _period(text, c.money)[0] == "day"]
    if daily:
        value["per_day"] = daily[-1]
    is_upper = _UPPER.search(text[: money.start]) or _UPPER_AFTER.match(text[money.end :])
    if is_upper or chosen.lower is not None:
        value["max"] = True
    return Reading("budget", value, money.start, end, chosen.confidence)
