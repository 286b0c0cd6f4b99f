"""Which asks of a text are refused: phrases by grammar, discounts, pace and hours by the policy's numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Final

from agents.planner.brief import BriefPolicy
from agents.planner.parser.clock import read_time, time_of_day
from agents.planner.parser.forbidden_words import CHOSEN, NEGATED, PHRASES, SENSITIVE
from agents.planner.parser.numbers import DIGITS, WORDS, duration, read_duration, read_number
from agents.planner.parser.reading import Reading, Span, overlaps, sentence_span
from policies.refusals import (
    Refusal,
    judge_discount,
    judge_frequency,
    judge_send_time,
    judge_send_window,
    refuse,
)

_MESSAGES: Final = r"(?:messages?|e-?mails?|sms(?:es)?|texts?|push(?:es| notifications?)?|notifications?|reminders?|mailings?|newsletters?|touches)"
_UNIT_DAYS = {
    "hour": 1 / 24,
    "day": 1,
    "morning": 1,
    "evening": 1,
    "week": 7,
    "month": 30,
    "hourly": 1 / 24,
    "daily": 1,
}
_PACE: Final = re.compile(
    rf"\b(?P<n>{DIGITS}|{WORDS}|an?|once|twice)\s(?:different |more |separate |marketing |times? ){{0,6}}(?:{_MESSAGES}\s)?(?:to \w+ )?(?:per|a|an|each|every)\s"
    rf"(?:(?:person|customer|head|subscriber)\s(?:per|a|each|every)\s)?(?P<unit>hour|day|morning|evening|week|month)\b"
    rf"|\b(?P<adverb>hourly|daily)\s{_MESSAGES}\b|\b{_MESSAGES}\s(?:\w+\s){{0,3}}?(?:every|each)\s(?P<single>hour|day|morning|evening)\b"
    rf"|\b{_MESSAGES}\s(?:\w+\s){{0,3}}?every\s{duration('e')}",
    re.IGNORECASE,
)
_BURST: Final = re.compile(
    rf"\b(?P<n>{DIGITS}|{WORDS})\s(?:different |marketing ){{0,6}}{_MESSAGES}\s(?:to (?:\w+ ){{1,3}})?(?:in|within|over)\s(?:the (?:next )?|one |a single )?{duration('d')}",
    re.IGNORECASE,
)
_IS_SENDING = re.compile(rf"\b(?:send|sends|sending|{_MESSAGES}|blast|contact|mail|times)\b", re.IGNORECASE)
_LIMITS = re.compile(
    r"\b(?:at most|max(?:imum)?(?: of)?|no more than|never more than|up to|limit(?:ed)? to|not exceed|fewer than|less than|under)\s$",
    re.IGNORECASE,
)
_AT: Final = re.compile(
    rf"\b(?:send\w*|launch\w*|deliver\w*|blast\w*|push\w*|schedule\w*|text\w*|e-?mail\w*|sms|messages?|go(?:es)? out|out)\b[^.;!?\n]{{0,60}}?\b(?:at|by|around|from|after)\s"
    rf"(?:(?P<name>midnight)\b|{time_of_day('t')})",
    re.IGNORECASE,
)
_NOT_SENDING: Final = re.compile(
    r"\b(?:ends?|ending|until|expires?|expiring|valid|closes?|closing|deadline|before|opens?|starts? the sale|lasts?)\b[^.;\n]{0,20}$",
    re.IGNORECASE,
)
_PRICE_OFF: Final = re.compile(
    r"\bhalf[- ]price\b|\b(?:100\s?% off|give (?:it|them|everything) away(?: for free)?)\b", re.IGNORECASE
)


def find_refusals(text: str, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    """Find the forbidden asks, at most one a code, in the order of the text; a wish to avoid one is not an ask."""
    found = [*_phrases(text), *_sensitive(text, policy)]
    found.extend(_discounts(text, policy, constraints))
    found.extend(_paces(text, policy))
    found.extend(_hours(text, policy, constraints))
    first: dict[str, Refusal] = {}
    for refusal in sorted(found, key=lambda refusal: refusal.span):
        first.setdefault(refusal.code, refusal)
    return list(first.values())


def _phrases(text: str) -> list[Refusal]:
    found = []
    for phrase in PHRASES:
        for match in phrase.pattern.finditer(text):
            if phrase.negatable and is_negated(text, match.start()):
                continue
            if phrase.code == "consent_violation" and _asks_to_opt_in(text, match.span()):
                continue
            found.append(refuse(phrase.code, match.span()))
    return found


def is_negated(text: str, at: int) -> bool:
    """Say whether the words just before `at`, in the same sentence, turn an ask into its opposite."""
    start, _ = sentence_span(text, at)
    return bool(NEGATED.search(text[max(start, at - 60) : at]))


def _asks_to_opt_in(text: str, span: Span) -> bool:
    """Inviting people of one channel to opt in to another is how consent is won, not broken."""
    start, end = sentence_span(text, span[0])
    invited = re.search(
        r"\b(?:ask|invite|encourage|get|persuade|grow|on (?:the|our) (?:site|website|checkout)|at checkout)\b",
        text[start:end],
        re.IGNORECASE,
    )
    other = re.search(
        r"^[^.;]{0,12}\b(?:to|for)\s(?:our )?(?:sms|texts?|push|newsletter|app)\b",
        text[span[1] : end],
        re.IGNORECASE,
    )
    return bool(invited and other)


def _sensitive(text: str, policy: BriefPolicy) -> list[Refusal]:
    found = []
    for name, pattern in SENSITIVE.items():
        if name not in policy.sensitive:
            continue
        for match in pattern.finditer(text):
            _, end = sentence_span(text, match.start())
            if not is_negated(text, match.start()) and not CHOSEN.search(text[match.start() : end]):
                found.append(refuse("sensitive_attribute_targeting", match.span()))
    return found


def _discounts(text: str, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    ceiling = policy.discount_ceiling_pct
    asked = [
        (float(reading.value), reading.span)
        for reading in constraints
        if reading.field in ("constraints.discount_pct", "constraints.max_discount_pct")
        and isinstance(reading.value, Decimal)
        and not is_negated(text, reading.start)
    ]
    for match in _PRICE_OFF.finditer(text):
        asked.append((50.0 if match.group().lower().startswith("half") else 100.0, match.span()))
    judged = [judge_discount(percent, span, ceiling) for percent, span in asked]
    return [refusal for refusal in judged if refusal is not None]


def _paces(text: str, policy: BriefPolicy) -> list[Refusal]:
    judged = []
    for match in _PACE.finditer(text):
        start, _ = sentence_span(text, match.start())
        before = text[max(start, match.start() - 40) : match.start()]
        if is_negated(text, match.start()) or (
            _LIMITS.search(before) and not _IS_SENDING.search(match.group())
        ):
            continue
        if not _IS_SENDING.search(match.group()) and not re.search(
            r"\b(?:send|e-?mail|text|message|contact|mail|ping)\b(?:\s\w+){0,4}\s$", before, re.IGNORECASE
        ):
            continue
        pace = _pace(match)
        if pace is not None:
            judged.append(judge_frequency(*pace, match.span(), policy.frequency_cap))
    for match in _BURST.finditer(text):
        count, days = read_number(match["n"]), read_duration(match, "d")
        if count is not None and days is not None and not is_negated(text, match.start()):
            judged.append(
                judge_frequency(float(count), days.least, match.span(), policy.frequency_cap, repeats=False)
            )
    return [refusal for refusal in judged if refusal is not None]


def _pace(match: re.Match[str]) -> tuple[float, float] | None:
    """Messages and the days they fall into."""
    if match["adverb"] or match["single"]:
        return 1.0, _UNIT_DAYS[(match["adverb"] or match["single"]).lower()]
    if match["eunit"]:
        days = read_duration(match, "e")
        hours = match["eunit"].lower().startswith(("hour", "hr"))
        count = read_number(match["en"] or "1") if hours else None
        if hours:
            return 1.0, float(count or 1) / 24
        return (1.0, float(days.least)) if days and days.least else None
    word = match["n"].lower()
    number = {"once": Decimal(1), "twice": Decimal(2), "a": Decimal(1), "an": Decimal(1)}.get(
        word, read_number(word)
    )
    return None if number is None else (float(number), _UNIT_DAYS[match["unit"].lower()])


def _hours(text: str, policy: BriefPolicy, constraints: Sequence[Reading]) -> list[Refusal]:
    judged = []
    windows = [reading for reading in constraints if reading.field == "constraints.send_window_local"]
    for reading in windows:
        if isinstance(reading.value, tuple):
            opens, closes = (time.fromisoformat(moment) for moment in reading.value)
            judged.append(judge_send_window((opens, closes), reading.span, policy.quiet_hours_local))
    for match in _AT.finditer(text):
        span = (match.start("name") if match["name"] else match.start("th"), match.end())
        if any(overlaps(span, reading.span) for reading in windows) or is_negated(text, match.start()):
            continue
        if _NOT_SENDING.search(text[match.start() : span[0]]):
            continue
        moment = time(0) if match["name"] else read_time(match, "t")
        is_clock = match["name"] or match["tp"] or match["tm"]
        if moment is not None and is_clock:
            judged.append(judge_send_time(moment, match.span(), policy.quiet_hours_local))
    return [refusal for refusal in judged if refusal is not None]
