"""What a proposal says and whom it picks, as facts that risk is computed from: unproven claims, sensitive topics."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_CLAIM: Final = re.compile(
    r"""\b(?:
    (?:clinically|scientifically|medically|independently)\s+(?:proven|tested|approved|verified)
    | (?:proven|guarantee[ds]?|certified|award[- ]winning|patented)
    | (?:doctor|dermatologist|expert)s?[- ](?:recommended|approved)
    | (?:cures?|heals?|prevents?|boosts?\s+(?:your\s+)?immun\w+)
    | (?:the\s+)?(?:world['’]?s|country['’]?s|market['’]?s)\s+\w+
    | (?:best|cheapest|safest|fastest|healthiest|lowest)[- ](?:ever|price[ds]?|prices|on\s+the\s+market|in\s+the\s+\w+)
    | risk[- ]free | free\s+of\s+charge | no\s+side[- ]effects?
    | carbon[- ]neutral | climate[- ]neutral | sustainab(?:le|ly) | biodegradable | eco[- ]friendly
    | better\s+than\s+\w+
    )\b | \bnumber\s+one\b | \#1\b""",
    re.IGNORECASE | re.VERBOSE,
)
_AGE: Final = re.compile(r"(?<![a-z])age(?![a-z])[^0-9]{0,20}([0-9]{1,3})")
_OF_AGE: Final = 16
_SPACES: Final = re.compile(r"[\W_]+")
_STEMS: Final[dict[str, tuple[str, ...]]] = {
    "health": ("health", "medical", "disease", "diagnos", "illness", "disab", "patient", "allerg"),
    "ethnicity": ("ethnic", "race", "racial", "skin colo", "nationality"),
    "religion": ("religio", "faith", "church", "mosque", "synagogue"),
    "sexual orientation": ("sexual", "sexuality", "orientation", "gay", "lesbian", "lgbt"),
    "political opinion": ("politic", "party member", "voter", "union member"),
    "pregnancy": ("pregnan", "maternity", "trimester"),
    "minors under 16": ("minor", "under 16", "child age", "school age"),
}


def unproven_claims(texts: Iterable[str], approved: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases in customer-facing texts that claim something no approved claim says, each once, sorted.

    A phrase is proven when an approved claim holds it word for word, whatever its case and punctuation.
    """
    proven = [f" {_plain(claim)} " for claim in approved]
    found = {_plain(match.group()) for text in texts for match in _CLAIM.finditer(text)}
    return tuple(sorted(phrase for phrase in found if not any(f" {phrase} " in claim for claim in proven)))


def sensitive_topics(definitions: Iterable[str], topics: Iterable[str]) -> tuple[str, ...]:
    """Return the sensitive topics that audience definitions name, in the order of `topics`.

    Words are compared as stems with field names and values alike, so it rather finds one too many. A topic without
    stems of its own is looked for in its own words.
    """
    said = [(f" {_plain(definition)}", definition) for definition in definitions]
    return tuple(topic for topic in topics if any(_names(plain, text, topic) for plain, text in said))


def _names(said: str, definition: str, topic: str) -> bool:
    stems = _STEMS.get(topic, (_plain(topic),))
    return any(f" {stem}" in said for stem in stems) or (
        topic.startswith("minors") and any(int(age) <= _OF_AGE for age in _AGE.findall(definition.casefold()))
    )


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip().casefold()
