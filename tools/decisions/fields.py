"""What an eligibility rule reads: the attributes, events and context of people, as typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from policies.errors import InvalidInputError
from tools.audience.fields import Field, Kind, Schema, schema_of
from tools.audience.filters import Filter, parse_filter
from tools.audience.matching import BoolArray, Column, matching

COUNT, LAST, CONTEXT = "count_", "last_", "context_"


class ContextError(InvalidInputError):
    """The context of a request is not what its collection declares."""

    code = "context_invalid"


class Known(NamedTuple):
    """What is known of one person: the served profile's features and zone, and the context of the request."""

    features: Mapping[str, Any]  # JSON: attributes, and events as [count, last day]
    timezone: str
    locale: str
    context: Mapping[str, Any]

    def value(self, name: str) -> object:
        """Return the value of a field, None where it is not known."""
        events = self.features.get("events", {})
        if name.startswith(CONTEXT):
            return self.context.get(name.removeprefix(CONTEXT))
        if name.startswith(COUNT):
            return events.get(name.removeprefix(COUNT), (0, None))[0]
        if name.startswith(LAST) and name.removeprefix(LAST) in events:
            return events[name.removeprefix(LAST)][1]
        if name in ("timezone", "locale"):
            return self.timezone if name == "timezone" else self.locale
        return self.features.get("attributes", {}).get(name)


@dataclass(frozen=True)
class Rule:
    """An eligibility rule, read: its id and version, the filter, and the fields it needs by kind."""

    rule_id: str
    version: int
    words: str
    wanted: Filter
    kinds: Mapping[str, Kind]

    def holds(self, people: Sequence[Known], as_of: date) -> BoolArray:
        """Whom (n,) the rule lets have the item on a day; what is unknown lets nobody."""
        columns = {
            name: _column([each.value(name) for each in people], kind) for name, kind in self.kinds.items()
        }
        return matching(self.wanted, columns, as_of)


def read_rule(rule_id: str, version: int, words: str, definition: str, kinds: Mapping[str, Kind]) -> Rule:
    """Read a rule over the fields it declares; AudienceError for a filter that does not fit them."""
    fields: dict[str, Field] = dict(schema_of(kinds).fields)
    for name, kind in kinds.items():
        derived = f"days_since_{name.removeprefix(LAST)}"
        if kind == "date" and name.startswith(LAST) and derived not in fields:
            event = name.removeprefix(LAST).replace("_", " ")
            fields[derived] = Field(derived, "days_since", f"whole days since {event}", name, f"last {event}")
    return Rule(rule_id, version, words, parse_filter(definition, Schema(fields)), dict(kinds))


def check_context(context: Mapping[str, object], declared: Mapping[str, Kind]) -> None:
    """Refuse context that is not declared, or of another kind: ContextError names it and what is known."""
    for name, value in context.items():
        kind = declared.get(name)
        if kind is None:
            known = ", ".join(sorted(declared)) or "nothing"
            raise ContextError(f"context.{name} is not declared; this collection takes {known}", value=name)
        if _typed(value, kind) is None and value is not None:
            raise ContextError(f"context.{name} is {value!r}; it must be of kind {kind}", value=value)


def _column(values: list[object], kind: Kind) -> Column:
    typed = [_typed(value, kind) for value in values]
    if kind in ("integer", "number"):
        return np.array([np.nan if value is None else value for value in typed], dtype=np.float64)
    if kind == "date":
        return np.array(typed, dtype="datetime64[D]")
    column = np.empty(len(typed), dtype=object)
    column[:] = typed
    return column


def _typed(value: object, kind: Kind) -> Any:
    """The value as its kind has it, None where it is not of the kind."""
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if kind == "integer":
        return value if isinstance(value, int) and abs(value) < 2**53 else None
    if kind == "number":
        return value if isinstance(value, int | float) and abs(value) < 2**53 else None
    if not isinstance(value, str):
        return None
    if kind == "date":
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value
