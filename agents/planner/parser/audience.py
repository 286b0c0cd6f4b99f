"""Whom to reach: filters of the audience, and the people left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from agents.planner.parser.audience_filters import Filter
from agents.planner.parser.audience_rules import RULES
from agents.planner.parser.items import Sentence
from agents.planner.parser.reading import Reading, Why

_LISTS: Final = ("tier", "countries", "states", "other", "bought_category", "city")
_PLACE_CUES: Final = ("IN", "FROM", "DURING", "ONLY", "AND", "OR", "TO", "FOR", "OF")
_NOT_PEOPLE: Final = (
    "CHANNEL",
    "DISCOUNT",
    "OFFER",
    "SALE",
    "DATE",
    "MONEY",
    "WEEKDAY",
    "NUM",
    "PCT",
    "BUDGET",
    "U:weekend",
    "UNSUPPORTED",
    "VARIANT",
)
_PEOPLE_WORDS: Final = ("PEOPLE", "TYPE", "TIER", "EVERYONE", "SEGMENT", "BUYERWORD", "ONETIME")
_NOBODY: Final = frozenset(
    ["anyone", "anybody", "everyone", "people", "customers", "them", "it", "us", "that", "this"]
)
_OPENS_ANOTHER: Final = ("CHANNEL", "MONEY", "BUDGET", "DATE", "UNTIL", "START", "VIA", "NUM", "WITH")


class AudienceReading(NamedTuple):
    """The filters read, and their slots."""

    value: Mapping[str, object]
    slots: list[Reading]


def find_audience(sentence: Sentence, today: date) -> AudienceReading:
    """Read who is meant; `value` is empty when the text does not say.

    What stands in an exception ("except VIPs") is read by the same rules into `exclude`. The last stated value
    of a filter wins. "Everyone" holds only where no other filter narrows it.
    """
    regions = _exceptions(sentence)
    slots: list[Reading] = []
    left_out: list[Reading] = []
    for found in _read(sentence, today):
        inside = any(first <= found.first and found.last <= last for first, last in regions)
        name = f"audience.exclude.{found.key}" if inside else f"audience.{found.key}"
        reading = Reading(name, found.value, *sentence.span(found.first, found.last), found.confidence)
        (left_out if inside else slots).append(reading)
    for first, last in regions:
        span = sentence.span(first, last)
        if not any(span[0] <= reading.start < span[1] for reading in left_out):
            left_out.extend(_unread(sentence, first, last))
    value = _merge(slots, "audience.")
    if not value:
        excepted = {at for first, last in regions for at in range(first, last + 1)}
        everyone = next(
            (
                item
                for at, item in enumerate(sentence.items)
                if "EVERYONE" in item.tags and at not in excepted
            ),
            None,
        )
        if everyone is not None:
            value["all"] = True
            slots.append(Reading("audience.all", True, *everyone.span, 0.9))
    for first, last in regions:
        nobody = next(
            (item for item in sentence.items[first + 1 : last + 1] if "EVERYONE" in item.tags), None
        )
        if nobody is not None and not left_out:
            left_out.append(Reading("audience.exclude.all", True, *nobody.span, 0.8))
    excluded = _merge(left_out, "audience.exclude.")
    if excluded:
        value["exclude"] = excluded
    return AudienceReading(value, [*slots, *left_out])


def _exceptions(sentence: Sentence) -> list[tuple[int, int]]:
    """Items from an exception's cue to where it ends: the sentence, or a comma that opens another part of the brief."""
    regions: list[tuple[int, int]] = []
    for index, item in enumerate(sentence.items):
        if not item.has("EXCEPT") or (regions and index <= regions[-1][1]):
            continue
        last = index
        for at in range(index + 1, len(sentence.items)):
            here = sentence.items[at]
            following = sentence.items[at + 1] if at + 1 < len(sentence.items) else None
            if here.stop == "S" or (
                here.stop == "C" and (following is None or following.has(*_OPENS_ANOTHER))
            ):
                break
            if here.has("VIA") and following is not None and following.has("CHANNEL"):
                break
            last = at
        if last > index:
            regions.append((index, last))
    return regions


def _unread(sentence: Sentence, first: int, last: int) -> list[Reading]:
    """An exception no rule reads is kept in its own words: dropping it would reach the very people left out."""
    start = first + 1
    while start <= last and (
        sentence.items[start].has("THE", "ARTICLE", "FILL", "TO", "FOR", "OF")
        or sentence.items[start].form == ":"
    ):
        start += 1
    if start > last or not any(
        item.has("PEOPLE", "WHO", "TYPE", "SEGMENT", "TIER") for item in sentence.items[start : last + 1]
    ):
        return []
    words = sentence.words(start, last).rstrip(" ,.")
    if words.lower() in _NOBODY or any(item.has(*_NOT_PEOPLE) for item in sentence.items[start : last + 1]):
        return []
    opens = sentence.items[start].start
    return [Reading("audience.exclude.other", [words], opens, opens + len(words), 0.6)]


def _read(sentence: Sentence, today: date) -> list[Filter]:
    found: list[Filter] = []
    seen: set[int] = set()
    for rule in RULES:
        for match in rule.pattern.find(sentence):
            places = set(range(match.first, match.last + 1))
            if seen & places or not sentence.is_free(match.first, match.last):
                continue
            filters = rule.build(match, today)
            if filters:
                seen |= places
                found.extend(filters)
                for index in places:
                    if sentence.items[index].has("DUR", "DATE", "NUM", "PCT", "MONEY", "BADDATE"):
                        sentence.take(index, index)
    found.extend(_places(sentence, seen))
    return sorted(found, key=lambda each: each.first)


def _places(sentence: Sentence, seen: set[int]) -> list[Filter]:
    """Countries, states and cities that people are limited to: after "in" or "from", in a list, or by demonym."""
    found: list[Filter] = []
    previous: int | None = None
    for index, item in enumerate(sentence.items):
        code = next(
            (
                tag.partition(":")
                for tag in sorted(item.tags)
                if tag.startswith(("COUNTRY:", "STATE:", "CITY:", "DEMONYM:"))
            ),
            None,
        )
        if code is None or index in seen:
            continue
        kind, _, value = code
        following = sentence.items[index + 1] if index + 1 < len(sentence.items) else None
        before = [each for each in sentence.before(index, 2) if not each.has("THE", "ARTICLE")]
        listed = previous is not None and index - previous <= 3
        if kind == "DEMONYM":
            near = sentence.items[index + 1 : index + 3]
            close = [*near, *sentence.before(index, 1)]
            if not any(each.has("PEOPLE") and each.stop == "W" for each in close):
                continue
            kind = "COUNTRY"
        elif not listed and not (
            (before and before[0].has(*_PLACE_CUES) and not _is_where_we_are(sentence, index, kind))
            or (following is not None and following.has("PEOPLE"))
        ):
            continue
        key = {"COUNTRY": "countries", "STATE": "states", "CITY": "city"}[kind]
        found.append(Filter(key, value if key == "city" else [value], index, index, 0.9))
        previous = index
    return found


def _is_where_we_are(sentence: Sentence, index: int, kind: str) -> bool:
    """ "Our shop is in Leeds", "I'm in Berlin", "greetings from Leeds": a place that is told of no people."""
    near = [each for each in sentence.before(index, 6, clause=True) if not each.has("THE", "ARTICLE")]
    subject = near[1] if len(near) > 1 else None
    if subject is None or any(each.has(*_PEOPLE_WORDS) for each in near):
        return False
    if near[0].has("FROM"):
        return not subject.tags
    ours = subject.form in ("'m", "'re") or any(each.has("FIRSTPERSON") for each in near)
    return near[0].has("IN") and (ours or (kind == "CITY" and subject.has("IS")))


def _merge(slots: list[Reading], prefix: str) -> dict[str, object]:
    value: dict[str, object] = {}
    for slot in sorted(slots, key=lambda slot: slot.start):
        key = slot.field.removeprefix(prefix)
        if key in _LISTS and key in value:
            value[key] = _both(value[key], slot.value)
        else:
            value[key] = slot.value
    return value


def _both(one: object, other: object) -> object:
    together: list[object] = []
    for part in (one, other):
        for item in part if isinstance(part, list) else [part]:
            if item not in together:
                together.append(item)
    return together if len(together) > 1 or isinstance(one, list) else together[0]


def audience_contradiction(slots: list[Reading]) -> Why | None:
    """Name filters that no person can pass together: the same people asked for and left out, unlike order counts."""
    wanted = {
        slot.field.removeprefix("audience."): slot
        for slot in slots
        if not slot.field.startswith("audience.exclude.")
    }
    for slot in slots:
        if slot.field.startswith("audience.exclude."):
            same = wanted.get(slot.field.removeprefix("audience.exclude."))
            if same is not None and same.value == slot.value:
                return Why("audience_both", (_plainly(slot.value),))
    counts = [_bounds(slot.value) for slot in slots if slot.field == "audience.order_count"]
    if counts and max(low for low, _ in counts) > min(high for _, high in counts):
        return Why("audience_orders")
    flags = [slot for slot in slots if slot.field.startswith("audience.") and isinstance(slot.value, bool)]
    for one in flags:
        if any(one.field == other.field and one.value != other.value for other in flags):
            return Why("audience_both", (one.field.removeprefix("audience.").replace("_", " "),))
    least, most = wanted.get("days_since_purchase_min"), wanted.get("days_since_purchase_max")
    if (
        least
        and most
        and isinstance(least.value, int)
        and isinstance(most.value, int)
        and least.value > most.value
    ):
        return Why("audience_days", (f"{least.value}", f"{most.value}"))
    return None


def _plainly(value: object) -> str:
    return "everyone" if value is True else f"{value}"


def _bounds(value: object) -> tuple[int, int]:
    if isinstance(value, dict):
        return int(value.get("min", 0)), int(value.get("max", 10**9))
    return (value, value) if isinstance(value, int) else (0, 10**9)
