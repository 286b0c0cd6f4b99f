"""A filter in words that a marketer reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from tools.audience.fields import Field, Schema
from tools.audience.syntax import Both, Comparison, Either, Everyone, Node, Value

WriteValue = Callable[[Value], str]
"""Renders one value of a filter, or the as-of date, as text."""

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

_DAYS_WORDS = {
    "=": "exactly {} days before {}",
    "!=": "not {} days before {}",
    ">=": "{} or more days before {}",
    ">": "more than {} days before {}",
    "<=": "{} or fewer days before {}",
    "<": "fewer than {} days before {}",
    "in": "{} days before {}",
    "not in": "not {} days before {}",
}
_VALUE_WORDS = {
    "=": "is {}",
    "!=": "is not {}",
    ">=": "is at least {}",
    ">": "is more than {}",
    "<=": "is at most {}",
    "<": "is less than {}",
    "in": "is {}",
    "not in": "is not {}",
}
_DATE_WORDS = {
    **_VALUE_WORDS,
    ">=": "is on or after {}",
    ">": "is after {}",
    "<=": "is on or before {}",
    "<": "is before {}",
}


def plain_value(value: Value) -> str:
    """Write a value as a person would: dates as 1 December 2026, numbers with thousands marks."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return value if isinstance(value, str) else f"{value:,}"


def describe_node(node: Node, schema: Schema, as_of: date, write: WriteValue) -> str:
    """Say in words whom a checked tree selects."""
    if isinstance(node, Everyone):
        return "every customer"
    if isinstance(node, Comparison):
        return _describe_comparison(node, schema.field(node.field), as_of, write)
    word = " and " if isinstance(node, Both) else " or "
    return word.join(
        f"({text})" if isinstance(part, Both | Either) else text
        for part in node.parts
        for text in (describe_node(part, schema, as_of, write),)
    )


def _describe_comparison(node: Comparison, field: Field, as_of: date, write: WriteValue) -> str:
    if not node.values:
        return f"{_subject(field)} {node.operator}"
    if field.kind == "flag":
        return field.words if node.values[0] else field.words_false
    values = _listed([write(value) for value in node.values])
    if field.kind == "days_since":
        return f"{field.words} {_DAYS_WORDS[node.operator].format(values, write(as_of))}"
    words = _DATE_WORDS if field.kind == "date" else _VALUE_WORDS
    return f"{field.words} {words[node.operator].format(values)}"


def _subject(field: Field) -> str:
    if field.kind == "days_since":
        return f"when the customer {field.words}"
    return f"whether the customer {field.words}" if field.kind == "flag" else field.words


def _listed(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
