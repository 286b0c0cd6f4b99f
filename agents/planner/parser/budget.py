"""Which amount of a text is the budget, its period, and what supersedes what."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from agents.planner.parser.budget_cues import (
    cue_before,
    is_alone,
    is_count,
    is_cued_after,
    is_earned,
    is_price_after,
    is_said_of_a_thing,
    period_of,
    stands_alone,
)
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.money import Money
from agents.planner.parser.reading import Reading, Why, correction_before

CODES: Final = frozenset([
    "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "NZD", "SGD", "HKD", "SEK", "NOK", "DKK", "ISK",
    "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "ILS", "AED", "SAR", "QAR", "KWD", "ZAR", "NGN", "KES", "EGP", "MAD",
    "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "KRW", "TWD", "THB", "IDR", "MYR", "PHP", "VND", "PKR", "BDT", "LKR",
    "UAH", "RUB",
])  # fmt: skip
_DOLLARS: Final = frozenset(["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP"])
# What a symbol shared by several currencies may mean; the home's own currency decides, else the first.
_SHARED: Final = {
    "$": ("USD", _DOLLARS),
    "¥": ("JPY", frozenset({"JPY", "CNY"})),
    "kr": (None, frozenset({"SEK", "NOK", "DKK", "ISK"})),
}
# Further on a bare number is about something else.
_FARTHEST_CORRECTION: Final = 12
# An amount that another is more than this many times of is a price.
_LEAST_SHARE: Final = 10
# A smaller number that stands alone may be anything.
_LEAST_BARE: Final = 50
# Not even a number beside the word "budget" is one when it has no currency and is so small.
_LEAST_CUED: Final = 10


class Candidate(NamedTuple):
    """An amount that may be the budget; cued ones outrank amounts that merely stand there."""

    at: int
    amount: Decimal
    currency: str | None
    lower: int | None
    confidence: float
    correction: bool


class BudgetReading(NamedTuple):
    """The budget, and why it cannot be taken over where the text contradicts itself."""

    budget: Reading | None
    doubt: Why | None = None


def currency_of(mark: str | None, home: str | None) -> str | None:
    """The ISO code a symbol or code stands for; a bare $ is USD unless the home has another dollar."""
    if mark in _SHARED:
        default, family = _SHARED[mark]
        return home if home in family else default
    return mark if mark in CODES else None


def find_budget(sentence: Sentence, home: str | None) -> BudgetReading:
    """Read the budget: the last cued amount, else the last amount in a currency that is not a price.

    The value is the mapping of the record's `budget`; a correction without a currency keeps the earlier one.
    Two cued totals that no correction joins contradict each other.
    """
    candidates = _candidates(sentence, home)
    if not candidates:
        return BudgetReading(_bare(sentence))
    best = max(candidate.confidence for candidate in candidates)
    strong = [each for each in candidates if each.correction or each.confidence >= min(best, 0.9)]
    totals = [each for each in strong if period_of(sentence, each.at)[0] != "day"]
    parts = any("OFWHICH" in item.tags for item in sentence.items)
    # Parts stand without a word for the budget beside a total that has one.
    whole = _sum_of_others([each for each in candidates if period_of(sentence, each.at)[0] != "day"])
    chosen = whole or (totals[0] if parts and totals else _foremost(sentence, totals or strong))
    reading = _as_reading(sentence, chosen, candidates)
    doubt = None if whole else _contradiction(sentence, candidates)
    if doubt is not None and doubt.code == "currency_two" and isinstance(reading.value, dict):
        return BudgetReading(reading._replace(value={**reading.value, "currency": None}), doubt)
    return BudgetReading(None if doubt else reading, doubt)


def _foremost(sentence: Sentence, amounts: list[Candidate]) -> Candidate:
    """The last of amounts that are called the budget or put another right; of those that are not, the first that stands alone, else the first.

    Prices, fees and what others spend come behind what the campaign may cost, or are far below it.
    """
    if any(each.correction or each.confidence >= 0.95 for each in amounts):
        return amounts[-1]
    opening, *others = [
        each for each in amounts if each.amount * _LEAST_SHARE >= max(a.amount for a in amounts)
    ]
    for each in others:
        between = sentence.items[opening.at + 1 : each.at]
        if any(item.has("CORRECT", "NAY") for item in between) and not any(
            item.stop == "S" for item in between
        ):
            return each
    return next((each for each in (opening, *others) if stands_alone(sentence, each.at)), opening)


def _bare(sentence: Sentence) -> Reading | None:
    """A number that stands between full stops or commas with nothing beside it: "Upsell. 500. E-mail."."""
    for index, item in enumerate(sentence.items):
        before = sentence.items[index - 1] if index else None
        following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
        alone = (before is None or before.stop != "W") and (following is None or following.stop != "W")
        if not alone or "NUM" not in item.tags or item.has("ORDINAL", "WORDED") or index in sentence.taken:
            continue
        value = item.value
        if (
            isinstance(value, Decimal)
            and value >= _LEAST_BARE
            and not (len(item.form) == 4 and 2020 <= value <= 2035)
        ):
            amount = value.quantize(Decimal("0.01"))
            return _as_reading(sentence, Candidate(index, amount, None, None, 0.6, False), [])
    return None


def find_answered_budget(sentence: Sentence, home: str | None) -> Reading | None:
    """Read a budget from an answer to "what is the budget?", where a bare number is one."""
    found = find_budget(sentence, home).budget
    if found is not None:
        return found
    for index in reversed(range(len(sentence.items))):
        item = sentence.items[index]
        if item.has("NUM", "MONEY") and not is_count(sentence, index):
            amount, currency = _amount(item, home)
            return _as_reading(sentence, Candidate(index, amount, currency, None, 0.9, False), [])
    return None


def find_currency(sentence: Sentence, home: str | None) -> Reading | None:
    """The last currency named in the text, as an answer to "which currency?"."""
    found = None
    for item in sentence.items:
        mark = next((tag[4:] for tag in item.tags if tag.startswith("CUR:")), None)
        if isinstance(item.value, Money):
            mark = item.value.mark
        code = currency_of(mark, home) if mark else None
        if code is not None:
            found = Reading("currency", code, *item.span)
    return found


def _amount(item: Item, home: str | None) -> tuple[Decimal, str | None]:
    if isinstance(item.value, Money):
        return item.value.amount, currency_of(item.value.mark, home)
    assert isinstance(item.value, Decimal)
    return item.value.quantize(Decimal("0.01")), None


def _candidates(sentence: Sentence, home: str | None) -> list[Candidate]:
    places = [
        at for at, item in enumerate(sentence.items) if item.has("MONEY", "NUM") and at not in sentence.taken
    ]
    found: list[Candidate] = []
    for order, index in enumerate(places):
        if order + 1 < len(places) and _is_range(sentence, index, places[order + 1], home):
            continue
        lower = places[order - 1] if order and _is_range(sentence, places[order - 1], index, home) else None
        near = bool(found) and index - found[-1].at <= _FARTHEST_CORRECTION
        candidate = _judge(sentence, index, lower, home, has_earlier=near)
        if candidate is not None:
            found.append(candidate)
    return found


def _is_range(sentence: Sentence, one: int, other: int, home: str | None) -> bool:
    """Say whether two amounts are one range ("2-3k"); its upper end stands for the budget."""
    between = sentence.items[one + 1 : other]
    if len(between) != 1 or not between[0].has("DASH", "TO", "AND", "OR"):
        return False
    return _amount(sentence.items[one], home)[0] < _amount(sentence.items[other], home)[0]


def _judge(
    sentence: Sentence, index: int, lower: int | None, home: str | None, *, has_earlier: bool
) -> Candidate | None:
    item = sentence.items[index]
    at = index if lower is None else lower
    amount, currency = _amount(item, home)
    following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
    if is_price_after(sentence, index) or (currency is None and is_count(sentence, index)):
        return None
    if (
        "ORDINAL" in item.tags
        or any(each.has("FEW") for each in sentence.before(at, 1))
        or amount > Decimal(10) ** 12
    ):
        return None
    if amount < _LEAST_CUED and not isinstance(item.value, Money) and "SCALED" not in item.tags:
        return None
    correction = has_earlier and correction_before(sentence, at)
    cue = cue_before(sentence, at)
    cued = cue == "budget" or (
        following is not None and following.stop == "W" and is_cued_after(sentence, index)
    )
    if cue == "price":
        return None
    if cued:
        return Candidate(index, amount, currency, lower, 0.95, correction)
    if correction:
        return Candidate(index, amount, currency, lower, 0.9, True)
    marked = isinstance(item.value, Money)
    if is_said_of_a_thing(sentence, at) or is_earned(sentence, at):
        return None
    if cue == "max" and (marked or "SCALED" in item.tags):
        return Candidate(index, amount, currency, lower, 0.9, False)
    if marked:
        return Candidate(index, amount, currency, lower, 0.8, False)
    if "SCALED" in item.tags and "WORDED" not in item.tags and is_alone(sentence, at):
        return Candidate(index, amount, currency, lower, 0.7, False)
    return None


def _as_reading(sentence: Sentence, chosen: Candidate, others: list[Candidate]) -> Reading:
    currency = chosen.currency
    if currency is None:
        # "$5k, actually 4k": the corrected amount stands in the currency already named.
        stated = [each.currency for each in others if each.currency and each.at < chosen.at]
        currency = stated[-1] if stated else None
    value: dict[str, object] = {"amount": chosen.amount, "currency": currency}
    period, last = period_of(sentence, chosen.at)
    if period is not None:
        value["period"] = period
        if period == "day":
            value["per_day"] = chosen.amount
    daily = [
        each.amount for each in others if each.at != chosen.at and period_of(sentence, each.at)[0] == "day"
    ]
    if daily:
        value["per_day"] = daily[-1]
    following = sentence.items[chosen.at + 1] if chosen.at + 1 < len(sentence.items) else None
    is_upper = any(item.has("MAX") for item in sentence.before(chosen.at, 2, clause=True))
    if (
        is_upper
        or chosen.lower is not None
        or (following is not None and following.has("MAX") and following.stop == "W")
    ):
        value["max"] = True
    return Reading(
        "budget", value, sentence.items[chosen.at].start, sentence.items[last].end, chosen.confidence
    )


def _sum_of_others(totals: list[Candidate]) -> Candidate | None:
    """The total beside its parts: "25k, 15k of it for e-mail and 10k for push"."""
    for each in totals:
        parts = [other.amount for other in totals if other is not each]
        if len(parts) >= 2 and sum(parts) == each.amount:
            return each
    return None


def _contradiction(sentence: Sentence, candidates: list[Candidate]) -> Why | None:
    """Two amounts that are each called the budget and neither corrects the other, or one in two currencies."""
    totals = [each for each in candidates if period_of(sentence, each.at)[0] is None]
    while any(each.correction for each in totals[1:]):
        totals = totals[next(at for at, each in enumerate(totals) if at and each.correction) :]
        totals[0] = totals[0]._replace(correction=False)
    words = [sentence.text[slice(*sentence.items[each.at].span)] for each in totals]
    currencies = {each.currency for each in totals if each.currency}
    if len(totals) == 2 and totals[0].amount == totals[1].amount and len(currencies) == 2:
        return Why("currency_two", (words[0], words[-1]))
    if len(totals) > 2 and any("OFWHICH" in item.tags for item in sentence.items):
        if sum(each.amount for each in totals[1:]) > totals[0].amount:
            return Why("budget_parts", (words[0], ", ".join(words[1:])))
        return None
    cued = [each for each in totals if each.confidence >= 0.95] or [
        each for each in totals if stands_alone(sentence, each.at)
    ]
    if len({each.amount for each in cued}) < 2:
        return None
    return Why("budget_two", (words[0], words[-1]))
