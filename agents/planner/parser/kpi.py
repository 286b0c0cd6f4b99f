"""What success is counted in: the indicator, from where, to where, by how much."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from agents.planner.parser.numbers import DIGITS, WORDS, read_number
from agents.planner.parser.reading import Reading

_NAMES: tuple[tuple[str, str], ...] = (
    ("trial_conversion_rate", r"trial(?:[- ]to[- ]paid)? conversions?(?: rate)?"),
    ("repeat_purchase_rate", r"(?:repeat|second)[- ](?:purchase|order|buy)(?:ing)?(?: rate)?s?|repurchase rate"),
    ("conversion_rate", r"conversions?(?: rates?)?"),
    ("churn_rate", r"(?:monthly )?churn(?: rate)?|cancell?ations?(?: rate)?"),
    ("aov", r"(?:average )?(?:order|basket) (?:value|size)|aov"),
    ("units_sold", r"units(?: sold)?|pieces sold"),
    ("email_opt_ins", r"(?:e-?mail |newsletter )(?:opt-?ins?|sign-?ups|subscribers)|opt-?ins"),
    ("app_installs", r"app (?:installs?|downloads?)|installs"),
    ("registrations", r"(?:event |webinar )?(?:registrations?|sign-?ups|rsvps)"),
    ("reviews", r"(?:product |new |5-star |five-star )?reviews"),
    ("renewals", r"renewals?(?: rate)?"),
    ("clv", r"(?:customer )?lifetime value|clv|ltv"),
    ("margin", r"(?:gross )?(?:margin|profit)s?"),
    ("visits", r"(?:site |store |web(?:site)? |shop )?visits|(?:site |web |store |website )?traffic|footfall"),
    ("clicks", r"clicks?(?:[- ]through)?(?: rates?)?|ctr"),
    ("opens", r"opens?(?: rates?)?"),
    ("revenue", r"revenue|turnover|sales"),
    ("purchases", r"purchases|orders|bookings"),
)  # fmt: skip
_VERB = (
    r"(?:more|increase|grow|boost|lift|raise|improve|drive|maximi[sz]e|higher|reduce|cut|lower|decrease|bring down|get|reach|hit|generate"
    r"|double|triple|kpi(?: is|:)?|goal(?: is|:)?|target(?: is|:)?|measured? (?:by|on|in)|success(?: is|:| means| metric is)?|optimi[sz]e for"
    r"|judge (?:it )?by|metric(?: is|:)?|aim for|deliver|collect|win|push up)"
)
_FILL = r"(?:\s(?:our|the|their|its|overall|number of|total|of|in|more|at least|new|monthly|online|store|for|by|product|a|higher|from|email|e-mail)){0,6}"
_AMOUNT = rf"(?:[$€£]\s?)?(?:{DIGITS}|{WORDS})(?:\s?(?:%|percent\b|per cent\b|k\b))?"
_LIFT = re.compile(
    rf"^[^.;\n]{{0,40}}?\bby\s(?:at least |about |around |up to )?(?P<n>{DIGITS}|{WORDS})\s?(?:%|percent\b|per cent\b)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    rf"^[^.;\n]{{0,30}}?\bfrom\s(?P<base>{_AMOUNT})\s?(?:up |down )?to\s(?P<target>{_AMOUNT})", re.IGNORECASE
)
_TO = re.compile(
    rf"^[^.;\n]{{0,15}}?\b(?:to|of|above|over|below|under)\s(?P<target>{_AMOUNT})(?!\s?(?:days|weeks|months|[a-z]+ember|dec|nov))",
    re.IGNORECASE,
)
_GUARD = re.compile(r"\b(?:without|not|don['’]?t|never|no)\s(?:\w+\s){0,2}$", re.IGNORECASE)
_PATTERNS: Final = tuple(
    (
        name,
        re.compile(
            rf"\b(?P<verb>{_VERB}){_FILL}\s(?P<name>{words})\b(?!\s(?:customers|history|team|list))",
            re.IGNORECASE,
        ),
        re.compile(
            rf"\b(?P<count>{DIGITS})\s(?:new |more |product |additional ){{0,6}}(?P<name>{words})\b(?!\s(?:ago|or more|rate))",
            re.IGNORECASE,
        ),
    )
    for name, words in _NAMES
)


def find_kpi(text: str) -> Reading | None:
    """Read the indicator the brief wants moved; None unless the text names one as a goal or counts it.

    The value is the mapping of the record's `kpi`: percentages become fractions, "by 10 %" a relative lift of
    0.10, "from 2 % to 3 %" baseline and target, "500 registrations" a target.
    """
    found = [reading for name, verb, count in _PATTERNS for reading in _read(text, name, verb, count)]
    if not found:
        return None
    measured = [reading for reading in found if isinstance(reading.value, dict) and len(reading.value) > 1]
    return min(measured or found, key=lambda reading: (reading.start, -reading.end))


def _read(text: str, name: str, verb: re.Pattern[str], count: re.Pattern[str]) -> list[Reading]:
    readings = []
    for match in verb.finditer(text):
        if _GUARD.search(text[max(0, match.start() - 25) : match.start()]):
            continue
        figures, end = _figures(text, match.end())
        readings.append(Reading("kpi", {"name": name, **figures}, match.start(), end, 0.9))
    for match in count.finditer(text):
        number = read_number(match["count"])
        if number is not None and not re.search(
            r"(?:than|least|with|have|has|over|their|most|last)\s$", text[: match.start()]
        ):
            readings.append(Reading("kpi", {"name": name, "target": number}, *match.span(), 0.85))
    return readings


def _figures(text: str, at: int) -> tuple[dict[str, Decimal], int]:
    rest = text[at : at + 100]
    lift = _LIFT.match(rest)
    if lift:
        number = read_number(lift["n"])
        return ({"relative_lift": number / 100} if number is not None else {}), at + lift.end()
    for pattern, names in ((_FROM_TO, ("base", "target")), (_TO, ("target",))):
        match = pattern.match(rest)
        values = [_value(match[name]) for name in names] if match else []
        if match and all(value is not None for value in values):
            keys = ("baseline", "target") if len(names) == 2 else ("target",)
            return {
                key: value for key, value in zip(keys, values, strict=True) if value is not None
            }, at + match.end()
    return {}, at


def _value(text: str) -> Decimal | None:
    percent = re.search(r"%|percent|per cent", text, re.IGNORECASE)
    thousand = re.search(r"[0-9]\s?k$", text, re.IGNORECASE)
    number = read_number(re.sub(r"[$€£%]|percent|per cent|k$", "", text, flags=re.IGNORECASE))
    if number is None:
        return None
    return number / 100 if percent else number * (1000 if thousand else 1)
