"""A filter: who an audience or a segment means, checked against the fields that these customers have.

One text in, four readings out: canonical text (equal filters have equal text), the numbers in it, a description in
words, and an Ibis expression that any warehouse can run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING

from tools.audience.errors import FilterTypeError, UnknownValueError
from tools.audience.fields import Field, Schema
from tools.audience.syntax import (
    COMPARE,
    Both,
    Comparison,
    Either,
    Everyone,
    Node,
    Operator,
    Value,
    read_filter,
)
from tools.audience.wording import WriteValue, describe_node, plain_value

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table

LONGEST_LIST = 200
LONGEST_TEXT = 200
MOST_DAYS = 36_500

_ORDERED: frozenset[Operator] = frozenset({"=", "!=", "<", "<=", ">", ">=", "in", "not in"})
_EQUALITY: frozenset[Operator] = frozenset({"=", "!=", "in", "not in"})
_FLAG: frozenset[Operator] = frozenset({"=", "!="})
_MIRRORED: dict[str, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Filter:
    """A checked filter; make one with `parse_filter`."""

    node: Node
    schema: Schema

    @property
    def canonical(self) -> str:
        """The one text of this filter: parts in order, no repeats, `not` carried into the comparisons.

        Numbers stay as they were written, so that each can still be traced to the words it came from.
        """
        return _text(self.node)

    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison, in canonical order."""
        return tuple(_comparisons(self.node))

    def numbers(self) -> tuple[int | Decimal, ...]:
        """The distinct numbers the filter compares with, ascending: each needs a source before a freeze."""
        found = {v for part in self.comparisons() for v in part.values if isinstance(v, int | Decimal)}
        return tuple(sorted(v for v in found if not isinstance(v, bool)))

    def describe(self, as_of: date, write: WriteValue = plain_value) -> str:
        """The filter in words, such as "last bought 180 or more days before 1 December 2026".

        `write` renders each value and the as-of date; give one that writes figure references where prose may
        hold no bare number.
        """
        return describe_node(self.node, self.schema, as_of, write)

    def expression(self, customers: Table, as_of: date) -> BooleanValue:
        """A true-or-false column over `customers`: who matches on the day `as_of`. An unknown value never matches.

        Only comparisons on stored columns, so it runs unchanged on DuckDB, PostgreSQL, Spark and others.
        """
        import ibis

        if isinstance(self.node, Everyone):
            return ibis.literal(True)
        return _expression(self.node, self.schema, customers, as_of).fill_null(False)

    def and_also(self, other: Filter) -> Filter:
        """Who matches both filters."""
        return Filter(_ordered(Both((self.node, other.node))), self.schema)


def parse_filter(text: str, schema: Schema) -> Filter:
    """Decide whom a filter text means.

    Raises FilterSyntaxError, UnknownFieldError, FilterTypeError or UnknownValueError, each naming the value, what
    is known and the closest to it.
    """
    return Filter(_ordered(_checked(read_filter(text), schema)), schema)


def _checked(node: Node, schema: Schema) -> Node:
    if isinstance(node, Both):
        return Both(tuple(_checked(part, schema) for part in node.parts))
    if isinstance(node, Either):
        return Either(tuple(_checked(part, schema) for part in node.parts))
    if isinstance(node, Everyone):
        return node
    return _checked_comparison(node, schema.field(node.field))


def _checked_comparison(node: Comparison, field: Field) -> Comparison:
    if node.operator in ("is known", "is unknown"):
        return node
    allowed = {"flag": _FLAG, "text": _EQUALITY}.get(field.kind, _ORDERED)
    if node.operator not in allowed:
        words = ", ".join(sorted(allowed))
        raise FilterTypeError(
            f"{field.name} ({field.meaning}) cannot be compared with {node.operator!r}; use one of {words}.",
            value=node.operator,
        )
    if len(node.values) > LONGEST_LIST:
        raise FilterTypeError(
            f"A list may hold {LONGEST_LIST} values; the one for {field.name} holds {len(node.values)}.",
            value=len(node.values),
        )
    values = tuple(_checked_value(value, field) for value in node.values)
    if field.kind == "flag":
        return Comparison(node.field, "=", (values[0] if node.operator == "=" else not values[0],))
    if node.operator in ("in", "not in"):
        values = tuple(sorted(set(values)))
        if len(values) == 1:
            return Comparison(node.field, "=" if node.operator == "in" else "!=", values)
    return Comparison(node.field, node.operator, values)


def _checked_value(value: Value, field: Field) -> Value:
    checked = _READ_VALUE[field.kind](value)
    if checked is None:
        expected = _EXPECTED[field.kind]
        raise FilterTypeError(
            f"{field.name} ({field.meaning}) is compared with {expected}, not with {_literal(value)}.",
            value=value,
        )
    if isinstance(checked, str):
        _check_text(checked, field)
    return checked


def _check_text(text: str, field: Field) -> None:
    if len(text) > LONGEST_TEXT:
        raise FilterTypeError(
            f"A text for {field.name} may have {LONGEST_TEXT} characters; this one has {len(text)}.",
            value=text[:40],
        )
    if field.values and text not in field.values:
        near = get_close_matches(text.lower(), field.values, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(repr(value) for value in field.values)
        raise UnknownValueError(
            f"No customer has {field.name} = {text!r}.{hint} Known values: {known}.", value=text
        )


def _as_integer(value: Value) -> Value | None:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _as_days(value: Value) -> Value | None:
    days = _as_integer(value)
    return days if isinstance(days, int) and abs(days) <= MOST_DAYS else None


def _as_number(value: Value) -> Value | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return int(value) if value == int(value) else value


def _as_date(value: Value) -> Value | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


_READ_VALUE: dict[str, Callable[[Value], Value | None]] = {
    "integer": _as_integer,
    "days_since": _as_days,
    "number": _as_number,
    "text": lambda value: value if isinstance(value, str) else None,
    "flag": lambda value: value if isinstance(value, bool) else None,
    "date": _as_date,
}
_EXPECTED = {
    "integer": "a whole number",
    "days_since": f"a whole number of days (at most {MOST_DAYS})",
    "number": "a number",
    "text": "a text in single quotes",
    "flag": "true or false",
    "date": "a date such as 2026-12-01",
}


def _ordered(node: Node) -> Node:
    if not isinstance(node, Both | Either):
        return node
    kind = type(node)
    flat: dict[str, Node] = {}
    for part in map(_ordered, node.parts):
        for inner in part.parts if isinstance(part, kind) else (part,):
            if not (isinstance(inner, Everyone) and kind is Both):
                flat[_text(inner)] = inner
    if not flat:
        return Everyone()
    parts = tuple(flat[text] for text in sorted(flat))
    return parts[0] if len(parts) == 1 else kind(parts)


def _text(node: Node) -> str:
    if isinstance(node, Everyone):
        return "all"
    if isinstance(node, Comparison):
        if not node.values:
            return f"{node.field} {node.operator}"
        if node.operator in ("in", "not in"):
            return f"{node.field} {node.operator} [{', '.join(map(_literal, node.values))}]"
        return f"{node.field} {node.operator} {_literal(node.values[0])}"
    word = " and " if isinstance(node, Both) else " or "
    return word.join(
        f"({_text(part)})" if isinstance(part, Both | Either) else _text(part) for part in node.parts
    )


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else str(value)


def _comparisons(node: Node) -> Iterator[Comparison]:
    if isinstance(node, Comparison):
        yield node
    elif isinstance(node, Both | Either):
        for part in node.parts:
            yield from _comparisons(part)


def _expression(node: Node, schema: Schema, customers: Table, as_of: date) -> BooleanValue:
    if isinstance(node, Comparison):
        return _compared(node, schema.field(node.field), customers, as_of)
    if isinstance(node, Everyone):
        import ibis

        return ibis.literal(True)
    found = _expression(node.parts[0], schema, customers, as_of)
    for part in node.parts[1:]:
        other = _expression(part, schema, customers, as_of)
        found = found & other if isinstance(node, Both) else found | other
    return found


def _compared(node: Comparison, field: Field, customers: Table, as_of: date) -> BooleanValue:
    column = customers[field.column]
    operator: Operator = node.operator
    if operator in ("is known", "is unknown"):
        return column.notnull() if operator == "is known" else column.isnull()
    values: list[int | float | str | bool | date] = [
        float(value) if isinstance(value, Decimal) else value for value in node.values
    ]
    if field.kind == "days_since":
        # d or more days before the as-of day is on or before that day minus d: no date difference in the warehouse
        values = [as_of - timedelta(days=value) for value in values if isinstance(value, int)]
        operator = _MIRRORED.get(operator, operator)
    if operator in ("in", "not in"):
        return column.isin(values) if operator == "in" else column.notin(values)
    return COMPARE[operator](column, values[0])
