"""Whom to reach: filters of the audience, and the people left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from agents.planner.parser.audience_places import find_places
from agents.planner.parser.audience_words import RULES, Found, Scope
from agents.planner.parser.reading import Reading, Span, mask, overlaps

_EXCLUDE = re.compile(
    r"(?:,\s*)?\b(?:except(?:ing)?(?: for)?|exclud(?:e|es|ing)|but not|leav(?:e|ing) out|apart from|other than|minus"
    r"|(?:everyone|everybody|all(?: customers)?) but|without (?=anyone|anybody|people|customers|those)"
    r"|(?:do not|don['’]?t|never) (?:target|contact|include|e-?mail|message|text|send (?:it |this )?to))\s+"
    r"(?:anyone |anybody |everyone |those |people |customers |the |our |any ){0,6}",
    re.IGNORECASE,
)
# Where an exception ends: a sentence, a semicolon, or a comma that opens another part of the brief.
_EXCLUDE_END = re.compile(
    r"[;\n!?]|\.(?=\s|$)|,\s*(?=(?:budget|e-?mail|sms|by|via|from|until|with|spend|starting|in|\$|€|£|[0-9])\b|[$€£0-9])"
    r"|,\s+and\s|\s(?=with a budget|by e-?mail|via e-?mail)",
    re.IGNORECASE,
)
_NOT_PEOPLE = re.compile(
    r"\b(?:e-?mails?|sms|texts?|push|in-?app|whatsapp|discounts?|products?|items?|sale|weekends?|sundays?|saturdays?|vat|tax(?:es)?"
    r"|shipping|subject|budget)\b|[0-9]",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:anyone|anybody|everyone|people|customers|them|it|us)(?: at all| please)?", re.IGNORECASE
)
_ALL = re.compile(
    r"\b(?:everyone|everybody|all (?:of )?(?:our )?(?:existing |active )?(?:customers|subscribers|users|members|contacts|people|shoppers|clients)"
    r"|(?:the |our )?(?:whole|entire|full) (?:customer )?(?:list|base|database|file))\b(?!\s+(?:will|wins|loves|is|has|should|knows))",
    re.IGNORECASE,
)


class AudienceReading(NamedTuple):
    """The filters read, their slots, the spans they stand on, and what is said but has no filter."""

    value: Mapping[str, object]
    slots: list[Reading]
    consumed: list[Span]


def find_audience(text: str, today: date) -> AudienceReading:
    """Read who is meant; `value` is empty when the text does not say.

    What stands in an exception ("except VIPs") is read by the same rules into `exclude`. The last stated value
    of a filter wins. "Everyone" holds only where no other filter narrows it.
    """
    regions = _exceptions(text)
    main = mask(text, regions)
    slots = _read(main, text, today)
    value = _merge(slots)
    everyone = _ALL.search(text)
    if everyone and not value:
        value["all"] = True
        slots.append(Reading("audience.all", True, *everyone.span(), 0.9))
    excluded, left_out = _excluded(text, regions, today)
    if excluded:
        value["exclude"] = excluded
        slots.extend(left_out)
    return AudienceReading(value, slots, [slot.span for slot in slots])


def _exceptions(text: str) -> list[Span]:
    regions = []
    for cue in _EXCLUDE.finditer(text):
        end = _EXCLUDE_END.search(text, cue.end())
        regions.append((cue.start(), end.start() if end else len(text)))
    return regions


def _excluded(text: str, regions: list[Span], today: date) -> tuple[dict[str, object], list[Reading]]:
    value: dict[str, object] = {}
    slots: list[Reading] = []
    for start, end in regions:
        window = mask(text, [(0, start), (end, len(text))])
        found = _read(window, text, today) or _unread(text, start, end)
        value.update(_merge(found))
        slots.extend(
            slot._replace(field=slot.field.replace("audience.", "audience.exclude.", 1)) for slot in found
        )
    return value, slots


def _unread(text: str, start: int, end: int) -> list[Reading]:
    """An exception no rule reads is kept in its own words: dropping it would reach the very people left out."""
    cue = _EXCLUDE.match(text, start)
    words = text[cue.end() : end].rstrip(" ,.") if cue else ""
    if not words or _NOBODY.fullmatch(words) or _NOT_PEOPLE.search(words):
        return []
    opens = cue.end() if cue else start
    return [Reading("audience.other", [words], opens, opens + len(words), 0.6)]


def _read(text: str, original: str, today: date) -> list[Reading]:
    scope = Scope(original, today)
    slots: list[Reading] = []
    taken: list[Span] = []
    for pattern, build in RULES:
        for match in pattern.finditer(text):
            if any(overlaps(match.span(), span) for span in taken):
                continue
            for found in build(match, scope):
                slots.append(_slot(found, match))
            if build(match, scope):
                taken.append(match.span())
    slots.extend(find_places(mask(text, taken)))
    return slots


def _slot(found: Found, match: re.Match[str]) -> Reading:
    return Reading(f"audience.{found.key}", found.value, *match.span(), found.confidence)


def _merge(slots: list[Reading]) -> dict[str, object]:
    value: dict[str, object] = {}
    for slot in sorted(slots, key=lambda slot: slot.start):
        key = slot.field.removeprefix("audience.")
        if key in ("tier", "countries", "states", "other", "bought_category", "city") and key in value:
            value[key] = _both(value[key], slot.value)
        else:
            value[key] = slot.value
    return value


def _both(one: object, other: object) -> list[object]:
    together: list[object] = []
    for part in (one, other):
        for item in part if isinstance(part, list) else [part]:
            if item not in together:
                together.append(item)
    return together
