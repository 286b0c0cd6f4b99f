"""Merge one turn of a conversation into the record: the last value of a field wins, and nothing unmentioned is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from agents.comments.asks import Reading as ReadBy
from agents.conversation.operations import operations
from agents.conversation.questioning import asked_after, is_about, is_answered
from agents.conversation.vocabulary import Token, tokens_of, vocabulary
from agents.planner.brief import CHANNELS, AnswerNotUnderstoodError, Brief, Slot, SlotSource
from agents.planner.parser import merge_answer
from agents.planner.parser.extract import Extract, extract
from policies.refusals import Refusal, RefusalCode

WORDS: Final = "words"
"""The name under which an answer in plain words is given to all open questions at once."""
_VALUES: Final = ("objective", "kpi", "start", "end")
_ABOUT_PEOPLE: Final[frozenset[RefusalCode]] = frozenset(
    {"consent_violation", "sensitive_attribute_targeting", "minors_targeting", "pii_disclosure"}
)
_MENDED: Final[Mapping[str, RefusalCode]] = {
    "constraints.discount_pct": "discount_ceiling",
    "constraints.max_messages_per_person_week": "frequency_cap_violation",
}
_SHORT: Final = 6
_DIGIT: Final = re.compile(r"\d")
_BESIDE_AMOUNT: Final = ("fillers", "change", "instead", "requests")


class Merged(NamedTuple):
    """The record after a turn, what the turn asks for that is forbidden, and the fields that it states.

    Spans of `refusals` and of `taken` (fields that were taken away) are characters of the turn.
    """

    record: Brief
    refusals: tuple[Refusal, ...]
    stated: frozenset[str]
    taken: Mapping[str, tuple[int, int]]


class _Edit:
    """A record under change: values by dotted field, with the slot of each."""

    def __init__(self, record: Brief, offset: int, source: SlotSource) -> None:
        # Any: a dumped record on its way back into validation.
        self.document: dict[str, Any] = record.model_dump()
        self.slots = dict(record.slots)
        self.stated: set[str] = set()
        self.taken: dict[str, tuple[int, int]] = {}
        self.offset, self._source = offset, source

    def put(self, field: str, value: object, span: tuple[int, int], confidence: float = 0.95) -> None:
        """State a field, or with None take it away."""
        *path, key = field.split(".")
        place = self.document
        for part in path:
            if place.get(part) is None:
                place[part] = {}
            place = place[part]
        place[key] = value
        self.stated.add(field)
        if value is None:
            self.slots.pop(field, None)
            self.taken[field] = span
        else:
            start, end = span[0] + self.offset, span[1] + self.offset
            self.slots[field] = Slot(source=self._source, span=(start, end), confidence=confidence)


def merge_turn(
    record: Brief,
    text: str,
    by: ReadBy,
    *,
    offset: int = 0,
    source: SlotSource = "rule",
    answering: bool = False,
) -> Merged:
    """Decide the record after a turn; the record passed in is unchanged.

    `offset` is where the turn begins in the text that spans count from. With `answering` the record's questions are
    answered, where less need be said: an amount alone is the budget, and "yes" takes what was suggested. A forbidden ask
    enters the record only beside something lawful that the turn states.
    """
    found = extract(text, by.today, by.currency, by.policy)
    tokens = tokens_of(text)
    edit = _Edit(record, offset, source)
    _put_values(edit, record, found)
    _put_channels(edit, record, found, tokens)
    _put_audience(edit, found, tokens)
    _put_constraints(edit, record, found)
    for field, value, span in operations(record, tokens, found):
        edit.put(field, value, span)
    if answering or (not edit.stated and _is_amount(tokens)):
        _put_answers(edit, record, text, tokens, by, answering=answering)
    return _finished(edit, record, found, by)


def merge_answers(record: Brief, text: str, by: ReadBy) -> Brief:
    """Return the record after an answer in plain words to all of its questions; AnswerNotUnderstoodError for none of them."""
    merged = merge_turn(record, text, by, source="person", answering=True)
    if not merged.stated:
        asked = " ".join(question.question for question in record.questions)
        raise AnswerNotUnderstoodError(
            f"The answer {text[:80]!r} says nothing about what is asked. {asked}".strip(), value=text[:80]
        )
    return merged.record


def _put_values(edit: _Edit, record: Brief, found: Extract) -> None:
    for name in _VALUES:
        if name in found.readings:
            reading = found.readings[name]
            edit.put(name, reading.value, reading.span, reading.confidence)
    budget = found.readings.get("budget")
    if budget is not None and isinstance(budget.value, dict):
        currency = budget.value.get("currency") or (record.budget.currency if record.budget else None)
        edit.put("budget", {**budget.value, "currency": currency}, budget.span, budget.confidence)


def _put_channels(edit: _Edit, record: Brief, found: Extract, tokens: list[Token]) -> None:
    """Add to the channels where the turn adds, else replace them; those excluded go."""
    named, excluded = found.readings.get("channels"), found.readings.get("constraints.excluded_channels")
    wanted: set[str] = set(named.value) if named is not None and isinstance(named.value, list) else set()
    barred: set[str] = (
        set(excluded.value) if excluded is not None and isinstance(excluded.value, list) else set()
    )
    if wanted:
        before: set[str] = set(record.channels or ()) if vocabulary().anywhere("add", tokens) else set()
        _keep_channels(edit, (before | wanted) - barred, named.span if named else (0, 0))
    elif barred and record.channels is not None and barred & set(record.channels):
        left = {str(channel) for channel in record.channels} - barred
        _keep_channels(edit, left, excluded.span if excluded else (0, 0))
    before_barred: set[str] = set(record.constraints.excluded_channels or ())
    after_barred = (before_barred | barred) - wanted
    if after_barred != before_barred:
        read = excluded if excluded is not None else named
        span = read.span if read is not None else (0, 0)
        edit.put("constraints.excluded_channels", _ordered(after_barred) or None, span)


def _keep_channels(edit: _Edit, channels: set[str], span: tuple[int, int]) -> None:
    edit.put("channels", _ordered(channels) or None, span)


def _ordered(channels: Iterable[str]) -> list[str]:
    return [channel for channel in CHANNELS if channel in set(channels)]


def _put_audience(edit: _Edit, found: Extract, tokens: list[Token]) -> None:
    """Narrow the audience by what is said; "instead" and "all" put it in the place of what was there."""
    if not found.audience or any(refusal.code in _ABOUT_PEOPLE for refusal in found.refusals):
        return
    spans = {reading.field: reading.span for reading in found.audience_readings}
    said = {key: value for key, value in found.audience.items() if key != "exclude"}
    first = next(iter(spans.values()), (0, 0))
    old = edit.document["audience"] or {}
    replaces = bool(said) and (bool(said.get("all")) or vocabulary().anywhere("instead", tokens) is not None)
    for key, value in old.items():
        dropped = (replaces and key != "exclude") or (key == "all" and bool(said))
        if dropped and value is not None and key not in said:
            edit.put(f"audience.{key}", None, first)
    for key, value in said.items():
        edit.put(f"audience.{key}", value, spans.get(f"audience.{key}", first))
    excluded = found.audience.get("exclude")
    for key, value in (excluded if isinstance(excluded, dict) else {}).items():
        edit.put(f"audience.exclude.{key}", value, spans.get(f"audience.exclude.{key}", first))


def _put_constraints(edit: _Edit, record: Brief, found: Extract) -> None:
    for key, value in found.constraints().items():
        if key == "excluded_channels":
            continue
        reading = found.readings[f"constraints.{key}"]
        if isinstance(value, list):
            before = getattr(record.constraints, key) or []
            value = [*before, *(item for item in value if item not in before)]
        edit.put(f"constraints.{key}", value, reading.span, reading.confidence)


def _put_answers(
    edit: _Edit, record: Brief, text: str, tokens: list[Token], by: ReadBy, *, answering: bool
) -> None:
    """Read what the parser takes only as an answer, field by field, for what is still open."""
    fields = [question.field for question in record.questions] if answering else ["budget"]
    agrees = bool(tokens) and all(
        vocabulary().at("yes", tokens, at) or vocabulary().at("fillers", tokens, at)
        for at in range(len(tokens))
    )
    for field in fields:
        if is_answered(field, edit.stated):
            continue
        try:
            merged = merge_answer(
                record,
                field,
                "yes" if agrees else text,
                today=by.today,
                home_currency=by.currency,
                policy=by.policy,
            )
        except AnswerNotUnderstoodError:
            continue
        for name, slot in merged.slots.items():
            if slot != record.slots.get(name) and name not in edit.stated and is_about(field, name):
                value = _value(merged, name)
                span = (0, len(text)) if agrees else slot.span
                edit.put(name, value, span, slot.confidence)


def _is_amount(tokens: list[Token]) -> bool:
    """Whether a turn is a number and nothing else but words such as "make it" and "instead"."""
    at, numbers = 0, 0
    while at < len(tokens):
        known = (vocabulary().at(category, tokens, at) for category in _BESIDE_AMOUNT)
        found = next((each for each in known if each is not None), None)
        if found is None and not _DIGIT.search(tokens[at].word) and tokens[at].word != "?":
            return False
        numbers += found is None
        at = found.last if found is not None else at + 1
    return 0 < numbers <= _SHORT


def _value(record: Brief, slot: str) -> object:
    value: object = record.model_dump()
    for part in slot.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _finished(edit: _Edit, record: Brief, found: Extract, by: ReadBy) -> Merged:
    stated = frozenset(edit.stated)
    kept = [refusal for refusal in record.refusals if refusal.code not in _mended(stated, found)]
    codes = {refusal.code for refusal in kept}
    new = [refusal for refusal in found.refusals if refusal.code not in codes] if stated else []
    moved = [
        refusal.model_copy(update={"span": (refusal.span[0] + edit.offset, refusal.span[1] + edit.offset)})
        for refusal in new
    ]
    document = {
        **edit.document,
        "slots": edit.slots,
        "refusals": [*kept, *moved],
        "questions": [],
        "action": "plan",
    }
    if not any(_said(value) for value in (document["audience"] or {}).values()):
        document["audience"] = None
    merged = Brief.model_validate(document)
    doubts = [doubt for doubt in found.doubts if stated or doubt.field.startswith("unsupported_channel:")]
    lawful = record.action != "refuse" or found.is_lawful()
    asked, action = asked_after(record, merged, doubts, stated, lawful=lawful, by=by)
    done = merged.model_copy(update={"questions": asked, "action": action})
    return Merged(done, tuple(found.refusals), stated, edit.taken)


def _mended(stated: Iterable[str], found: Extract) -> set[RefusalCode]:
    again = {refusal.code for refusal in found.refusals}
    return {_MENDED[field] for field in stated if field in _MENDED} - again


def _said(value: object) -> bool:
    if isinstance(value, dict):
        return any(_said(inner) for inner in value.values())
    return value is not None
