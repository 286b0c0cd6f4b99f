"""Conditions on the plan: discounts, holdout, pace, windows, variants, guardrails, limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Final

from agents.planner.parser.goods import goods_after
from agents.planner.parser.grammar import Found, Pattern
from agents.planner.parser.items import Sentence
from agents.planner.parser.lengths import Length
from agents.planner.parser.moments import Moment
from agents.planner.parser.money import Money
from agents.planner.parser.reading import Reading, Why, correction_before, overlaps

Convert = Callable[[Decimal], object | None]


def _fraction(value: Decimal) -> object | None:
    return value / 100 if 0 <= value <= 100 else None


def _percent(value: Decimal) -> object | None:
    return value if 0 <= value <= 100 else None


def _whole(value: Decimal) -> object | None:
    return int(value) if value == int(value) and value <= 10**6 else None


def _as_is(value: Decimal) -> object | None:
    return value


_MESSAGES: Final = "CHANNEL|SENDWORD|TIMES"
_NUMERIC: Final = tuple(
    (key, convert, Pattern(source))
    for key, convert, source in (
        ("guardrail_unsubscribe_rate_max", _fraction, "UNSUBRATE _4 n:PCT"),
        ("holdout", _fraction, "HOLDOUT _3 n:PCT"),
        ("holdout", _fraction, "n:PCT _4 HOLDOUT"),
        ("holdout", _fraction, "HOLD _2 n:PCT _4 BACKOUT"),
        ("max_discount_pct", _percent, "DISCOUNT|OFFER _2 MAX n:PCT"),
        ("max_discount_pct", _percent, "MAX ARTICLE? n:PCT _1 DISCOUNT|OFFER"),
        ("max_discount_pct", _percent, "MAX DISCOUNT _1 n:PCT"),
        ("max_discount_pct", _percent, "NO|WITHOUT|NOT|NOTHING _3 DISCOUNT|OFFER _1 MIN n:PCT"),
        ("max_discount_pct", _percent, "NO|NOT|NOTHING _2 MIN n:PCT DISCOUNT|OFFER"),
        ("max_discount_pct", _percent, "DISCOUNT|OFFER _1 NOT MIN n:PCT"),
        ("discount_pct", _percent, "n:PCT _2 DISCOUNT|VOUCHER|OFFER"),
        ("discount_pct", _percent, "DISCOUNT|VOUCHER|OFFER _3 n:PCT"),
        ("discount_pct", _percent, "LESS _2 PRICES _1 n:PCT"),
        ("max_cpa", _as_is, "CPA _3 n:MONEY|NUM"),
        ("max_cpa", _as_is, "n:MONEY CPA"),
        ("max_cac", _as_is, "CAC _3 n:MONEY|NUM"),
        ("max_cac", _as_is, "n:MONEY CAC"),
        ("min_roas", _as_is, "ROAS _3 n:NUM"),
        ("min_roas", _as_is, "n:NUM x? ROAS"),
        ("variants", _whole, "n:NUM _3 VARIANT"),
        ("max_messages_per_person_week", _whole, f"MAX|ONLY n:NUM|ONCE|TWICE {_MESSAGES}? _2 EVERY:week"),
        ("max_messages_per_person_week", _whole, f"n:NUM|ONCE|TWICE {_MESSAGES}? _2 EVERY:week MAX"),
        ("max_messages_per_person", _whole, f"MAX|ONLY n:NUM {_MESSAGES} PER"),
        ("max_messages_per_person", _whole, f"MAX n:NUM {_MESSAGES}"),
        ("max_messages_per_person", _whole, f"n:NUM {_MESSAGES} _2 PER PEOPLE !EVERY:week|EVERY:day"),
        ("max_messages_per_person", _whole, f"n:NUM {_MESSAGES} MAX"),
    )
)
_FLAGS: Final = tuple(
    (key, value, Pattern(source))
    for key, value, source in (
        ("weekdays_only", True, "WEEKDAYSONLY"),
        ("always_on", True, "ALWAYSON"),
        ("variants", 2, "ABTEST"),
        ("discount_pct", Decimal(0), "NO|WITHOUT|NOT _2 DISCOUNT"),
        ("discount_pct", Decimal(0), "DISCOUNT NOT"),
        ("optimise", "visits", "OPTIMISE _1 OPT:visits"),
        ("optimise", "revenue", "OPTIMISE _1 OPT:revenue"),
        ("optimise", "margin", "OPTIMISE _1 OPT:margin"),
        ("optimise", "clicks", "OPTIMISE _1 OPT:clicks"),
        ("optimise", "conversions", "OPTIMISE _1 OPT:conversions"),
    )
)
_WINDOWS: Final = tuple(
    Pattern(source)
    for source in (
        "BETWEEN|FROM THE? a:CLOCK|NUM TO|AND|DASH|UNTIL THE? b:CLOCK",
        "a:CLOCK|NUM DASH|TO|UNTIL THE? b:CLOCK",
    )
)
_REMINDER: Final = Pattern("REMINDER _4 t:DATE")
_DELAY: Final = Pattern("d:DUR LATER")
_SMS_AFTER: Final = (Pattern("CH:sms ~8 UNOPENED _4 d:DUR"), Pattern("UNOPENED _4 d:DUR ~6 CH:sms"))
_STOP: Final = Pattern("STOPIF")
_GUARD: Final = Pattern("GUARD _3")
_PRODUCT: Final = (
    Pattern("PRODUCTCUE|LAUNCH _1 THE NEW?"),
    Pattern("PROMO|LAUNCH|OBJ:product_launch|HINT:product_promotion OF|FOR|ON THE? NEW?"),
    Pattern("WITH OURS NEW?"),
    Pattern("PRODUCTCUE NEW?"),
)


def find_constraints(sentence: Sentence, today: date) -> list[Reading]:
    """Read every constraint, in order of the text; of two values of one key the last stated is kept by the caller."""
    found: list[Reading] = []
    read: set[int] = set()
    for key, convert, pattern in _NUMERIC:
        for match in pattern.find(sentence):
            at = match.named["n"]
            value = None if at in read or at in sentence.taken else _numeric(match, convert)
            if value is not None:
                read.add(at)
                sentence.take(at, at)
                found.append(Reading(f"constraints.{key}", value, *match.span))
    for key, value, pattern in _FLAGS:
        for match in pattern.find(sentence):
            if key == "discount_pct" and any(
                "PCT" in sentence.items[at].tags
                for at in range(match.first, match.last + 2)
                if at < len(sentence.items)
            ):
                continue
            if key == "discount_pct" and any(
                reading.field == "constraints.max_discount_pct" and overlaps(reading.span, match.span)
                for reading in found
            ):
                continue  # "No discount above 20 %" is a cap.
            if key == "variants" and any(reading.field == "constraints.variants" for reading in found):
                continue
            found.append(Reading(f"constraints.{key}", value, *match.span))
    found.extend(_timed(sentence, today))
    found.extend(_worded(sentence))
    return sorted(found, key=lambda reading: reading.start)


def discount_contradiction(sentence: Sentence, found: list[Reading]) -> Why | None:
    """Name two discounts that cannot both hold; a plain correction is no contradiction."""
    discounts = [reading for reading in found if reading.field == "constraints.discount_pct"]
    caps = [reading for reading in found if reading.field == "constraints.max_discount_pct"]
    values = {reading.value for reading in discounts}
    if len(values) > 1 and not any(_is_correction(sentence, reading) for reading in discounts):
        if Decimal(0) in values:
            return Why("discount_and_none")
        return None
    for cap in caps:
        for discount in discounts:
            above = (
                isinstance(cap.value, Decimal)
                and isinstance(discount.value, Decimal)
                and discount.value > cap.value
            )
            if above:
                return Why("discount_above", (f"{discount.value}", f"{cap.value}"))
    return None


def _is_correction(sentence: Sentence, reading: Reading) -> bool:
    index = next((at for at, item in enumerate(sentence.items) if item.start >= reading.start), 0)
    return correction_before(sentence, index)


def _numeric(match: Found, convert: Convert) -> object | None:
    item = match.item("n")
    if item.has("ONCE", "TWICE"):
        return 1 if item.has("ONCE") else 2
    value = item.value.amount if isinstance(item.value, Money) else item.value
    return convert(value) if isinstance(value, Decimal) else None


def _timed(sentence: Sentence, today: date) -> list[Reading]:
    found: list[Reading] = []
    windows: set[int] = set()
    for pattern in _WINDOWS:
        for match in pattern.find(sentence):
            opens, closes = match.item("a").value, match.item("b").value
            if isinstance(opens, Decimal) and opens == int(opens) and opens < 24:
                opens = time(int(opens))
            if isinstance(opens, time) and isinstance(closes, time) and match.named["b"] not in windows:
                windows.add(match.named["b"])
                for name in ("a", "b"):
                    sentence.take(match.named[name], match.named[name])
                found.append(
                    Reading(
                        "constraints.send_window_local", (f"{opens:%H:%M}", f"{closes:%H:%M}"), *match.span
                    )
                )
    for match in _REMINDER.find(sentence):
        moment = match.item("t").value
        day = _upcoming(moment, today) if isinstance(moment, Moment) else None
        if day is not None and any(
            item.has("ON", "FOR", "DATEWORD") for item in sentence.before(match.named["t"], 2)
        ):
            sentence.take(match.named["t"], match.named["t"])
            found.append(Reading("constraints.reminder_date", day, *match.span, 0.9))
    for pattern in _SMS_AFTER:
        for match in pattern.find(sentence):
            length = match.item("d").value
            if isinstance(length, Length) and sentence.is_free(match.named["d"], match.named["d"]):
                sentence.take(match.named["d"], match.named["d"])
                found.append(Reading("constraints.sms_after_unopened_h", length.hours, *match.span, 0.85))
    delays = [
        match for match in _DELAY.find(sentence) if sentence.is_free(match.named["d"], match.named["d"])
    ]
    hours = [value.hours for match in delays if isinstance(value := match.item("d").value, Length)]
    if hours:
        for match in delays:
            sentence.take(match.named["d"], match.named["d"])
        found.append(Reading("constraints.delays_h", hours, delays[0].span[0], delays[-1].span[1], 0.85))
    return found


def _upcoming(moment: Moment, today: date) -> date | None:
    if moment.year is not None:
        return moment.first(moment.year)
    return next(
        (day for of in (today.year, today.year + 1) if (day := moment.first(of)) and day >= today), None
    )


def _worded(sentence: Sentence) -> list[Reading]:
    found: list[Reading] = []
    stop = _STOP.first(sentence)
    if stop is not None:
        _, last = sentence.bounds(stop.last)
        last = last - 1 if sentence.items[last].stop == "S" else last
        if last > stop.last:
            span = sentence.span(stop.first, last)
            found.append(Reading("constraints.stop_rule", sentence.words(stop.last + 1, last), *span, 0.8))
    guard = _GUARD.first(sentence)
    if guard is not None:
        last = guard.first
        while (
            last + 1 < len(sentence.items) and sentence.items[last + 1].stop == "W" and last - guard.first < 6
        ):
            last += 1
        found.append(
            Reading(
                "constraints.other", sentence.words(guard.first, last), *sentence.span(guard.first, last), 0.8
            )
        )
    for match in (each for pattern in _PRODUCT for each in pattern.find(sentence)):
        goods = goods_after(sentence, match.last, 5, with_and=True)
        if goods is not None and not sentence.items[match.last + 1].has(
            "CAMPAIGN", "CHANNEL", "OFFER", "APPROVALWORD", "BUDGET", "APP"
        ):
            span = (match.span[0], sentence.items[goods[1]].end)
            found.append(Reading("constraints.product", goods[0], *span, 0.8))
            break
    return found
