"""Conditions on the plan: discounts, holdout, pace, windows, variants, guardrails, limits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

from agents.planner.parser.clock import read_time, time_of_day
from agents.planner.parser.moments import find_moments
from agents.planner.parser.numbers import DIGITS, WORDS, duration, read_duration, read_number
from agents.planner.parser.reading import CORRECTION, Reading, Span, overlaps

_N = rf"(?:{DIGITS}|{WORDS})"
_PCT = r"\s?(?:%|percent\b|per cent\b)"
_MONEY = rf"(?:(?:[$€£]|usd|eur|gbp|chf)\s?)?(?P<n>{DIGITS})(?:\s?(?:[$€£]|usd|eur|gbp|chf)(?![a-z]))?"
_GROUP = (
    r"(?:hold-?out|control(?: group)?|untreated|no[- ](?:message|contact|e-?mail) group|comparison group)"
)
Convert = Callable[[Decimal], object | None]


def _fraction(value: Decimal) -> object | None:
    return value / 100 if 0 <= value <= 100 else None


def _percent(value: Decimal) -> object | None:
    return value if 0 <= value <= 100 else None


def _whole(value: Decimal) -> object | None:
    return int(value) if value == int(value) and value <= 10**6 else None


def _as_is(value: Decimal) -> object | None:
    return value


_NUMERIC: tuple[tuple[str, Convert, str], ...] = (
    ("holdout", _fraction, rf"\b(?:hold|keep|leave|set|put)(?:ing)?[- ]?(?:out|back|aside|away)\s(?:a |about |the )?(?P<n>{_N}){_PCT}"),
    ("holdout", _fraction, rf"\b(?:hold|keep|leave|set|put)(?:ing)?\s(?:a |about )?(?P<n>{_N}){_PCT}\s?(?:of \w+ (?:\w+ )?)?(?:back|out|aside|away|as (?:a )?{_GROUP}|for (?:a )?{_GROUP}|untouched|in {_GROUP})"),
    ("holdout", _fraction, rf"\b(?P<n>{_N}){_PCT}\s?(?:random )?(?:{_GROUP}|held out|held back)\b"),
    ("holdout", _fraction, rf"\b{_GROUP}(?:\s(?:of|is|at|size|should be)){{0,6}}[\s:=]*(?P<n>{_N}){_PCT}"),
    ("max_discount_pct", _percent, rf"\b(?:discounts?|offers?)\s(?:of |is |are |stays? )?(?:up to|at most|no more than|not (?:more than|above|over)|max(?:imum)?(?: of)?|below|under|capped at)\s(?P<n>{_N}){_PCT}"),
    ("max_discount_pct", _percent, rf"\b(?:up to|at most|no more than|never more than|max(?:imum)?(?: of)?|not above)\s(?:a )?(?P<n>{_N}){_PCT}\s?(?:off\b|discount)"),
    ("max_discount_pct", _percent, rf"\b(?:max(?:imum)?|highest) discount(?: is| of|:)?\s(?P<n>{_N}){_PCT}"),
    ("discount_pct", _percent, rf"\b(?P<n>{_N})(?:{_PCT}|-percent)[\s-]?(?:off\b|discount|reduction|voucher|coupon|rebate|price cut)"),
    ("discount_pct", _percent, rf"\b(?:discount|voucher|coupon|price cut|reduction|rebate)s?\s(?:code )?(?:of|at|is|for|worth|:)?\s?(?P<n>{_N}){_PCT}"),
    ("discount_pct", _percent, rf"\b(?:reduce|cut|lower|drop|slash)\s(?:all |our |the )?prices by\s(?P<n>{_N}){_PCT}"),
    ("guardrail_unsubscribe_rate_max", _fraction, rf"\bunsubscribe(?:s|d)?(?: rates?)?\s(?:\w+\s){{0,3}}?(?:below|under|at most|max(?:imum)?|less than|no more than|exceeds?|above|over|goes (?:above|over)|<|>)\s?(?P<n>{DIGITS}){_PCT}"),
    ("max_cpa", _as_is, rf"\b(?:max(?:imum)?\s)?(?:cpa|cost per (?:acquisition|order|purchase|conversion))\s?(?:\w+\s){{0,2}}?(?:of|at|under|below|is|max(?:imum)?|at most|no more than|<|:)?\s?{_MONEY}"),
    ("max_cac", _as_is, rf"\b(?:max(?:imum)?\s)?(?:cac|customer acquisition costs?)\s?(?:\w+\s){{0,2}}?(?:of|at|under|below|is|max(?:imum)?|at most|no more than|<|:)?\s?{_MONEY}"),
    ("min_roas", _as_is, rf"\broas\s?(?:\w+\s){{0,2}}?(?:of|at|above|over|is|min(?:imum)?|at least|>=?|:)?\s?(?P<n>{DIGITS})(?:x\b)?|\b(?P<n2>{DIGITS})x roas\b"),
    ("variants", _whole, rf"\b(?P<n>{_N})\s(?:different |creative |copy |message |subject[- ]line |e-?mail ){{0,6}}(?:variants?|versions|variations|subject lines)\b"),
    ("max_messages_per_person_week", _whole, rf"\b(?:at most|max(?:imum)?(?: of)?|no more than|never more than|up to|limit(?:ed)? (?:of|to))\s(?P<n>{_N}|once|twice)(?:\s(?:messages?|e-?mails?|sms|touches|contacts|sends|texts))?\s(?:per|a|each|every)\s(?:(?:person|customer|head)\s(?:per|a|each)\s)?week\b"),
    ("max_messages_per_person", _whole, rf"\b(?:at most|max(?:imum)?(?: of)?|no more than|never more than|up to|limit(?:ed)? (?:of|to)|only)\s(?P<n>{_N})\s(?:messages?|e-?mails?|sms|touches|contacts|sends|texts)(?:\s(?:per|for each|to each|to any)\s(?:person|customer|recipient|head|subscriber|one))?(?!\s(?:per|a|each|every)\s(?:day|week|month))"),
)  # fmt: skip
_FLAGS: tuple[tuple[str, object, str], ...] = (
    ("weekdays_only", True, r"\b(?:(?:only )?(?:on )?week ?days only|only (?:on )?week ?days|working days only|only (?:on )?working days|(?:no|not on|never on|except|avoid|skip) (?:the )?weekends?|monday (?:to|-|through) friday(?: only)?)\b"),
    ("always_on", True, r"\b(?:always[- ]on|evergreen|ongoing (?:campaign|programme|program|flow)|runs? continuously|without an? end date|open[- ]ended)\b"),
    ("variants", 2, r"\b(?:a/b|ab|split)[- ]test\w*\b"),
    ("discount_pct", Decimal(0), r"\b(?:no|without(?: any| a)?|don['’]?t (?:use|offer|give)(?: any)?|do not (?:use|offer|give)(?: any)?|zero)\s(?:price )?(?:discounts?(?:ing)?|price cuts|vouchers|coupons)\b"),
    ("optimise", "visits", r"\boptimi[sz]e (?:for|on|towards) (?:\w+ )?visits\b"),
    ("optimise", "revenue", r"\boptimi[sz]e (?:for|on|towards) (?:\w+ )?(?:revenue|sales)\b"),
    ("optimise", "margin", r"\boptimi[sz]e (?:for|on|towards) (?:\w+ )?(?:margin|profit)\b"),
    ("optimise", "clicks", r"\boptimi[sz]e (?:for|on|towards) (?:\w+ )?clicks\b"),
    ("optimise", "conversions", r"\boptimi[sz]e (?:for|on|towards) (?:\w+ )?(?:conversions?|purchases|orders)\b"),
)  # fmt: skip
_WORDS: tuple[tuple[str, str], ...] = (
    ("stop_rule", r"\b(?:stop|pause|halt)(?:\s(?:it|the campaign|sending|everything))?\s(?:if|when|as soon as|once)\s(?P<t>[^.;\n]{3,120})"),
    ("other", r"\b(?:without|not|never|don['’]?t)\s(?P<t>(?:hurt(?:ing)?|harm(?:ing)?|damag(?:e|ing)|reduc(?:e|ing)|cannibali[sz](?:e|ing)|lower(?:ing)?|los(?:e|ing)|annoy(?:ing)?|spamming)\s[^.,;\n]{2,60})"),
    ("product", r"\b(?:with|promot(?:e|ing)|push|feature|featuring|showcase|advertise|highlight|sell more(?: of)?|launch(?:ing)? of|launch(?:ing)?|introduc(?:e|ing)|announc(?:e|ing))\s(?:our|the)\s(?:brand[- ]new |new )?(?P<t>(?!campaign|e-?mail|approval|sale\b|offer|team|budget|app\b)[A-Za-z][\w'’&-]*(?:\s(?!(?:by|via|to|for|from|with|on|in|at|until|before|during|between|using|e-?mails?|sms|push|campaign|this|next|through|among|who|that|which|across|only|over)\b)[\w'’&-]+){0,5})"),
)  # fmt: skip
_NUMERIC_RULES: Final = tuple((key, convert, re.compile(p, re.IGNORECASE)) for key, convert, p in _NUMERIC)
_FLAG_RULES: Final = tuple((key, value, re.compile(p, re.IGNORECASE)) for key, value, p in _FLAGS)
_WORD_RULES: Final = tuple((key, re.compile(p, re.IGNORECASE)) for key, p in _WORDS)
_WINDOW: Final = re.compile(
    rf"\b(?:between|from)\s{time_of_day('a')}\s?(?:and|to|-|–|until)\s?{time_of_day('b')}|(?<![\w.]){time_of_day('c')}\s?(?:-|–|to)\s?{time_of_day('d')}",
    re.IGNORECASE,
)
_REMINDER: Final = re.compile(
    r"\breminder\b[^.;\n]{0,25}?\b(?:on|for)\s(?P<when>[^.;\n]{4,30})", re.IGNORECASE
)
_DELAY: Final = re.compile(
    rf"\b{duration('n')}\s(?:later|after (?:the )?(?:abandon\w*|first|checkout|cart|signing up|sign-?up|that|order|delivery))",
    re.IGNORECASE,
)
_SMS_AFTER: Final = re.compile(
    rf"\b(?:sms|text)\b[^.;\n]{{0,50}}?\b(?:not|n['’]t|un)\s?opened?\b[^.;\n]{{0,30}}?\b(?:in|within|after|for)\s{duration('n')}|\b(?:not|n['’]t|un)\s?opened?\b[^.;\n]{{0,40}}?\b(?:in|within|after|for)\s{duration('m')}[^.;\n]{{0,30}}?\b(?:sms|text)\b",
    re.IGNORECASE,
)


def find_constraints(text: str, today: date) -> list[Reading]:
    """Read every constraint, in order of the text; of two values of one key the last stated is kept by the caller."""
    found: list[Reading] = []
    for key, convert, pattern in _NUMERIC_RULES:
        for match in pattern.finditer(text):
            if not _is_taken(match.span(), found):
                found.extend(_numeric(key, convert, match))
    for key, value, pattern in _FLAG_RULES:
        found.extend(Reading(f"constraints.{key}", value, *match.span()) for match in pattern.finditer(text))
    found.extend(_timed(text, today))
    for key, pattern in _WORD_RULES:
        for match in pattern.finditer(text):
            words = match["t"].rstrip(" ,")
            value = match.group().rstrip(" ,") if key == "other" else words
            found.append(
                Reading(f"constraints.{key}", value, match.start(), match.start("t") + len(words), 0.8)
            )
    return sorted(found, key=lambda reading: reading.start)


def discount_contradiction(text: str, found: list[Reading]) -> str | None:
    """Name two discounts that cannot both hold; a plain correction is no contradiction."""
    discounts = [reading for reading in found if reading.field == "constraints.discount_pct"]
    caps = [reading for reading in found if reading.field == "constraints.max_discount_pct"]
    values = {reading.value for reading in discounts}
    if len(values) > 1 and not any(CORRECTION.search(text[: reading.start]) for reading in discounts):
        if Decimal(0) in values:
            return "The brief both offers a discount and rules discounts out."
        return None
    for cap in caps:
        for discount in discounts:
            if (
                isinstance(cap.value, Decimal)
                and isinstance(discount.value, Decimal)
                and discount.value > cap.value
            ):
                return f"The brief asks for {discount.value} % off and for at most {cap.value} %."
    return None


def _is_taken(span: Span, found: list[Reading]) -> bool:
    return any(overlaps(span, reading.span) for reading in found)


def _numeric(key: str, convert: Convert, match: re.Match[str]) -> list[Reading]:
    text = next(
        group for name, group in match.groupdict().items() if group is not None and name in ("n", "n2")
    )
    number = {"once": Decimal(1), "twice": Decimal(2)}.get(text.lower(), read_number(text))
    value = None if number is None else convert(number)
    return [] if value is None else [Reading(f"constraints.{key}", value, *match.span())]


def _timed(text: str, today: date) -> list[Reading]:
    found = []
    for match in _WINDOW.finditer(text):
        names = ("a", "b") if match["ah"] else ("c", "d")
        opens, closes = (read_time(match, name) for name in names)
        if (
            opens is not None
            and closes is not None
            and (match[f"{names[0]}p"] or match[f"{names[1]}p"] or match[f"{names[1]}m"])
        ):
            found.append(
                Reading("constraints.send_window_local", (f"{opens:%H:%M}", f"{closes:%H:%M}"), *match.span())
            )
    for match in _REMINDER.finditer(text):
        moments = find_moments(match["when"], today).found
        if moments:
            day = _upcoming(moments[0].first, moments[0].year, today)
            end = match.start("when") + moments[0].end
            if day is not None:
                found.append(Reading("constraints.reminder_date", day, match.start(), end, 0.9))
    for match in _SMS_AFTER.finditer(text):
        days = read_duration(match, "n" if match["nunit"] else "m")
        if days is not None:
            unit = match["nunit"] or match["munit"]
            hours = _hours(match["nn"] or match["mn"] or "1", unit, days.least)
            found.append(Reading("constraints.sms_after_unopened_h", hours, *match.span(), 0.85))
    delays = list(_DELAY.finditer(text))
    hours_later = [
        _hours(m["nn"] or "1", m["nunit"], d.least) for m in delays if (d := read_duration(m, "n"))
    ]
    if hours_later:
        found.append(Reading("constraints.delays_h", hours_later, delays[0].start(), delays[-1].end(), 0.85))
    return found


def _hours(number: str, unit: str, days: int) -> int:
    count = read_number(number)
    return int(count) if unit.lower().startswith(("hour", "hr")) and count is not None else days * 24


def _upcoming(rule: Callable[[int], date | None], year: int | None, today: date) -> date | None:
    if year is not None:
        return rule(year)
    return next((day for of in (today.year, today.year + 1) if (day := rule(of)) and day >= today), None)
