"""Discounts, paces and hours that are asked for, judged by the numbers of the policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Final

from agents.planner.brief import BriefPolicy
from agents.planner.parser.forbidden_negation import is_negated, is_rejected
from agents.planner.parser.grammar import Found, Pattern
from agents.planner.parser.items import Item, Sentence
from agents.planner.parser.lengths import UNIT_DAYS, Length
from agents.planner.parser.moments import Moment
from agents.planner.parser.reading import Reading, overlaps
from policies.refusals import (
    Refusal,
    judge_discount,
    judge_frequency,
    judge_send_time,
    judge_send_window,
)

PACES: Final = tuple(
    Pattern(source)
    for source in (
        "n:NUM|ONCE|TWICE|ARTICLE _1 SENDWORD|TIMES|CHANNEL ~4 u:PERUNIT",
        "n:NUM|ONCE|TWICE u:PERUNIT",
        "n:NUM u:PERUNIT _2 SENDWORD|CHANNEL",
        "u:PERUNIT n:NUM SENDWORD|CHANNEL|TIMES",
        "u:PERUNIT _2 SENDWORD|CHANNEL",
        "SENDWORD|CHANNEL _3 u:PERUNIT",
    )
)


# "Pays only 30 % of the price" is a discount of 70 %.
_PAYS_SHARE: Final = Pattern("PAYS _3 p:PCT _3 PRICEWORD|PRICES")


EVERY: Final = Pattern("SENDWORD|CHANNEL|SEND _4 EACH d:DUR")


_WITHIN: Final = Pattern("n:NUM SENDWORD|CHANNEL _1 t:DATE")
BURST: Final = Pattern("n:NUM _2 SENDWORD|CHANNEL _3 IN|WITHIN|DURING _2 d:DUR")


CLOCKS: Final = (
    Pattern("SEND|LAUNCH|CHANNEL|START|OUT ~9 AT|AFTER|BY|AROUND|ON|BEFORE c:CLOCK"),
    Pattern("BUZZV ~9 AT c:CLOCK"),
    Pattern("AT c:CLOCK _4 SEND|CHANNEL|LAUNCH"),
    Pattern("SCHEDULEV _6 FOR|TO|ON c:CLOCK"),
    Pattern("c:CLOCK _1 IS ~5 SENDWORD|CHANNEL|SEND"),
    Pattern("SEND|BUZZV|CHANNEL _5 c:MIDNIGHT"),
)


NOT_SENDING: Final = ("END", "UNTIL", "EXPIRE", "BEFORE", "VALID")


PERS: Final = {
    "hour": 1 / 24,
    "day": 1.0,
    "morning": 0.5,
    "week": 7.0,
    "month": 30.0,
    "quarter": 90.0,
    "year": 365.0,
}


def discounts_judged(
    sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]
) -> list[Refusal]:
    ceiling = policy.discount_ceiling_pct
    asked: list[tuple[float, tuple[int, int]]] = []
    for reading in constraints:
        if reading.field in ("constraints.discount_pct", "constraints.max_discount_pct") and isinstance(
            reading.value, Decimal
        ):
            at = index_at(sentence, reading.start)
            if not declines(sentence, at):
                asked.append((float(reading.value), reading.span))
    for index, item in enumerate(sentence.items):
        if item.has("HALFPRICE", "GIVEAWAY") and not declines(sentence, index):
            asked.append((50.0 if item.has("HALFPRICE") else 100.0, item.span))
        near = [*sentence.before(index, 5), *sentence.items[index : index + 4]]
        if (
            item.has("BIGCUT")
            and any(each.has("PRICES", "PRICEWORD", "DISCOUNT", "LESS") for each in near)
            and not declines(sentence, index)
        ):
            asked.append((66.0, item.span))
    for match in _PAYS_SHARE.find(sentence):
        share = match.item("p").value
        if isinstance(share, Decimal) and 0 < share < 100:
            asked.append((float(100 - share), match.span))
    judged = [judge_discount(percent, span, ceiling) for percent, span in asked]
    return [refusal for refusal in judged if refusal is not None]


def declines(sentence: Sentence, index: int) -> bool:
    near = sentence.before(index, 3)
    return any(item.has("NOT", "NO", "AVOID", "NEVERDO") for item in near) and not any(
        item.has("MAX") for item in near[:1] if not item.has("NOT")
    )


def index_at(sentence: Sentence, start: int) -> int:
    return next((at for at, item in enumerate(sentence.items) if item.start >= start), 0)


def per_days(item: Item) -> float | None:
    return next((PERS[tag[6:]] for tag in item.tags if tag.startswith("EVERY:") and tag[6:] in PERS), None)


def paces_judged(sentence: Sentence, policy: BriefPolicy) -> list[Refusal]:
    judged: list[Refusal | None] = []
    seen: set[int] = set()
    for pattern in PACES:
        for match in pattern.find(sentence):
            at = match.named["u"]
            if (
                at in seen
                or is_negated(sentence, match.first, match.last)
                or any(i.has("AFTER", "LATER") for i in sentence.items[match.last + 1 : match.last + 2])
                or any(i.has("BUDGET", "MONEY") for i in sentence.items[match.first : match.last + 1])
                or any(i.has("WEGET") for i in sentence.before(match.first, 4))
                or is_rejected(sentence, match.last)
            ):
                continue
            if "n" in match.named and "TIMES" not in sentence.vocabulary and not is_sending(sentence, match):
                continue
            days = per_days(sentence.items[at])
            count = count_of(match)
            seen.add(at)
            if days is not None and count is not None:
                judged.append(judge_frequency(count, days, match.span, policy.frequency_cap))
    for match in EVERY.find(sentence):
        length = match.item("d").value
        if isinstance(length, Length) and not is_negated(sentence, match.first, match.last):
            days = float(length.number) * UNIT_DAYS[length.unit]
            judged.append(judge_frequency(1.0, days, match.span, policy.frequency_cap) if days else None)
    for match in BURST.find(sentence):
        length, number = match.item("d").value, match.item("n").value
        if (
            isinstance(length, Length)
            and isinstance(number, Decimal)
            and not is_negated(sentence, match.first, match.last)
        ):
            judged.append(
                judge_frequency(
                    float(number), max(length.least, 1), match.span, policy.frequency_cap, repeats=False
                )
            )
    for match in _WITHIN.find(sentence):
        moment, number = match.item("t").value, match.item("n").value
        if isinstance(moment, Moment) and moment.is_period and moment.year and isinstance(number, Decimal):
            opens, closes = moment.first(moment.year), moment.last(moment.year)
            if opens and closes and not is_negated(sentence, match.first, match.last):
                days = (closes - opens).days + 1
                judged.append(
                    judge_frequency(float(number), days, match.span, policy.frequency_cap, repeats=False)
                )
    return [refusal for refusal in judged if refusal is not None]


def is_sending(sentence: Sentence, match: Found) -> bool:
    around = [*sentence.items[match.first : match.last + 1], *sentence.before(match.first, 5)]
    return any(item.has("SENDWORD", "CHANNEL", "SEND") for item in around)


def count_of(match: Found) -> float | None:
    item = match.get("n")
    if item is None or item.has("ONCE", "ARTICLE"):
        return 1.0
    if item.has("TWICE"):
        return 2.0
    return float(item.value) if isinstance(item.value, Decimal) and item.value < 10**6 else None


def _opens_an_event(sentence: Sentence, index: int) -> bool:
    """ "Doors open at midnight": what begins is no sending."""
    before = sentence.items[index - 1] if index else None
    return (
        before is not None
        and before.stop == "W"
        and (not before.tags or before.has("EVENT", "THING", "DELIVERED", "OWNDATE", "BUY"))
        and not sentence.items[index].has("SEND", "CHANNEL", "LAUNCH")
    )


def hours_judged(sentence: Sentence, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    judged: list[Refusal | None] = []
    windows = [reading for reading in constraints if reading.field == "constraints.send_window_local"]
    for reading in windows:
        near = sentence.before(index_at(sentence, reading.start), 3)
        if isinstance(reading.value, tuple) and not any(item.has("NOTHING", "NOT", "AVOID") for item in near):
            opens, closes = (time.fromisoformat(moment) for moment in reading.value)
            judged.append(judge_send_window((opens, closes), reading.span, policy.quiet_hours_local))
    for pattern in CLOCKS:
        for match in pattern.find(sentence):
            at = match.named["c"]
            item = sentence.items[at]
            if any(overlaps(item.span, reading.span) for reading in windows) or is_negated(
                sentence, match.first, match.last
            ):
                continue
            if any(each.has(*NOT_SENDING) and not each.has("SEND") for each in sentence.before(at, 6)):
                continue
            if _opens_an_event(sentence, match.first):
                continue
            if isinstance(item.value, time):
                judged.append(judge_send_time(item.value, match.span, policy.quiet_hours_local))
    return [refusal for refusal in judged if refusal is not None]
