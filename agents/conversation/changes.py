"""What a turn changed in the record: field by field, before and after, with the words that say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from agents.planner.brief import Brief

_WHOLE = ("objective", "kpi", "budget", "start", "end", "channels")
_PARTS = ("audience", "constraints")


class FieldChange(BaseModel):
    """One field of the record before and after a turn; None where it was, or is now, not stated.

    `span` are [start, end) characters of the turn's text that the new value was read from, and `words` is that text; both
    are None where nothing was read, as when a turn is undone.
    """

    model_config = ConfigDict(frozen=True)

    field: str
    before: JsonValue
    after: JsonValue
    span: tuple[int, int] | None = None
    words: str | None = None


def changes_between(
    before: Brief,
    after: Brief,
    *,
    text: str = "",
    offset: int = 0,
    sources: Mapping[str, tuple[int, int]] = {},
) -> tuple[FieldChange, ...]:
    """Return what differs, in the order of the record.

    A slot of `after` whose span lies in the last `text` of the brief, which begins at `offset`, names the words; `sources`
    does it for what was taken away.
    """
    old, new = dict(_fields(before)), dict(_fields(after))
    found = []
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            span = sources.get(field) or _span(before, after, field, offset, len(text))
            words = text[slice(*span)] if span is not None else None
            found.append(
                FieldChange(field=field, before=old.get(field), after=new.get(field), span=span, words=words)
            )
    return tuple(found)


def _span(before: Brief, after: Brief, field: str, offset: int, length: int) -> tuple[int, int] | None:
    slot = after.slots.get(field)
    if slot is None or slot == before.slots.get(field) or not length:
        return None
    start, end = slot.span[0] - offset, slot.span[1] - offset
    return (start, end) if 0 <= start < end <= length else None


def _fields(record: Brief) -> Iterator[tuple[str, JsonValue]]:
    document = record.model_dump(mode="json")
    for field in _WHOLE:
        if document[field] is not None:
            yield field, document[field]
    for part in _PARTS:
        yield from _leaves(part, document[part] or {})


def _leaves(prefix: str, part: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for key, value in part.items():
        if isinstance(value, dict) and key == "exclude":
            yield from _leaves(f"{prefix}.{key}", value)
        elif value is not None:
            yield f"{prefix}.{key}", value
