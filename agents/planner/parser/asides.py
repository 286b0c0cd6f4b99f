"""Which words of a text state nothing of this campaign: the past, other people's campaigns, what if, examples, quotations."""

from __future__ import annotations

from typing import Final

from agents.planner.parser.items import Item, Sentence

# A past time is the frame of its clause where the clause begins with it; "bought last year" is about people.
_FRAMES: Final = ("PASTFRAME", "COMPETITOR", "IFFRAME")
_ENDS: Final = ("BUT", "NOWFRAME")
_OPENING: Final = {'"': '"', "“": "”", "„": "“”", "«": "»", "”": "”"}
_UNITS: Final = ("year", "quarter", "month", "week")
_LONGEST_QUOTE: Final = 25
_COMPARES: Final = ("COMPARED", "THAN")
_LEADS_IN: Final = (
    "FILL",
    "THE",
    "AND",
    "IN",
    "ON",
    "OUR",
    "OURS",
    "BUT",
    "FOR",
    "DURING",
    "CORRECT",
    "AT",
    "ARTICLE",
    "IS",
    "DASH",
)


def asides(sentence: Sentence) -> set[int]:
    """The places of the items that tell of another time, another shop or a mere example: they state nothing of this campaign."""
    found: set[int] = set()
    for index, item in enumerate(sentence.items):
        if index in found:
            continue
        told = item.has("OLD")
        frames = item.has(*_FRAMES) or _is_past_time(sentence, index)
        if not (told or item.has("EXAMPLE") or (frames and _opens_a_clause(sentence, index))):
            continue
        if not any(each.has(*_COMPARES) for each in sentence.before(index, 2)):
            found.update(range(_first(sentence, index) if told else index, _last(sentence, index) + 1))
    return found


def _is_past_time(sentence: Sentence, index: int) -> bool:
    """ "Last year", "letztes Jahr", "le mois dernier"."""
    pair = sentence.items[index : index + 2]
    if len(pair) < 2:
        return False
    if pair[0].has("LAST") and pair[1].has("HOLIDAY", "SEASON") and not pair[0].has("NEXT"):
        return True  # "Last Christmas we did flyers."
    one, other = pair if pair[0].has("LAST") else reversed(pair)
    whole = any(f"U:{unit}" in other.tags or f"IN:{unit}" in other.tags for unit in _UNITS)
    return one.has("LAST") and whole and " " not in other.form


def _opens_a_clause(sentence: Sentence, index: int) -> bool:
    """Say whether nothing but small words stands before an item in its clause."""
    return all(item.has(*_LEADS_IN) or item.form == "s" for item in sentence.before(index, 6, clause=True))


def _first(sentence: Sentence, index: int) -> int:
    while (
        index > 0
        and sentence.items[index - 1].stop == "W"
        and not sentence.items[index - 1].has(*_ENDS, "AND")
    ):
        index -= 1
    return index


def _last(sentence: Sentence, index: int) -> int:
    """The last item of what a frame covers: its clause, and the next one where the frame is all of its own."""
    last, said = index, False
    while last + 1 < len(sentence.items):
        item = sentence.items[last + 1]
        beyond = sentence.items[last + 2] if last + 2 < len(sentence.items) else None
        if (
            item.stop == "S"
            or item.form == ":"
            or item.has(*_ENDS)
            or (item.has("AND") and _turns_to_now(sentence, last + 1))
        ):
            break
        if item.stop == "C" and (said or beyond is None or beyond.has(*_ENDS)):
            break
        said = said or (item.stop == "W" and not item.has(*_LEADS_IN))
        last += 1
    return last


def _turns_to_now(sentence: Sentence, index: int) -> bool:
    """ "We spent 5k last year and have 4k now": what comes after the "and" is of this time."""
    return any(
        item.has("NOWFRAME", "BUDGET", "BUDGETCUE", "WANT") for item in sentence.items[index + 1 : index + 4]
    )


def quoted(sentence: Sentence) -> list[int]:
    """The places of the items between two marks of quotation: words of a message or a name, so no amount, day or channel of the plan."""
    found: list[int] = []
    at = 0
    items = sentence.items
    while at < len(items):
        closing = _OPENING.get(items[at].form)
        end = None if closing is None else _closing(items, at, closing)
        if end is None:
            at += 1
            continue
        found.extend(range(at + 1, end))
        at = end + 1
    return found


def _closing(items: list[Item], at: int, marks: str) -> int | None:
    return next(
        (end for end in range(at + 1, min(len(items), at + _LONGEST_QUOTE)) if items[end].form in marks), None
    )
