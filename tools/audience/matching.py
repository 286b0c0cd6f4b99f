"""A filter over columns in memory: the second reading of the filter language, for people already at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.audience.errors import UnknownFieldError
from tools.audience.fields import Field
from tools.audience.filters import Filter
from tools.audience.syntax import COMPARE, Both, Comparison, Everyone, Node, Value

BoolArray = NDArray[np.bool_]
Column = NDArray[Any]
"""One column of customers (n,): text as objects, dates as datetime64[D]; None, NaN and NaT are unknown."""


def matching(wanted: Filter, columns: Mapping[str, Column], as_of: date) -> BoolArray:
    """Decide who (n,) of the people in `columns` matches on the day `as_of`; an unknown value never matches.

    Agrees with `Filter.expression` on the same people. Raises UnknownFieldError for a column that is not given.
    """
    size = len(next(iter(columns.values()))) if columns else 0
    return _matching(wanted.node, wanted, columns, as_of, size)


def known(column: Column) -> BoolArray:
    """Where (n,) a column holds a value."""
    if column.dtype.kind == "f":
        return ~np.isnan(column)
    if column.dtype.kind == "M":
        return ~np.isnat(column)
    if column.dtype.kind == "O":
        return np.fromiter((value is not None for value in column), dtype=np.bool_, count=column.size)
    return np.ones(column.size, dtype=np.bool_)


def _matching(node: Node, wanted: Filter, columns: Mapping[str, Column], as_of: date, size: int) -> BoolArray:
    if isinstance(node, Everyone):
        return np.ones(size, dtype=np.bool_)
    if isinstance(node, Comparison):
        return _compared(node, wanted.schema.field(node.field), columns, as_of)
    parts = [_matching(part, wanted, columns, as_of, size) for part in node.parts]
    combine = np.logical_and if isinstance(node, Both) else np.logical_or
    return np.asarray(combine.reduce(parts), dtype=np.bool_)


def _compared(node: Comparison, field: Field, columns: Mapping[str, Column], as_of: date) -> BoolArray:
    if field.column not in columns:
        raise UnknownFieldError(
            f"The column {field.column!r} of these people was not read.", value=field.column
        )
    column = columns[field.column]
    there = known(column)
    if not node.values:
        return there if node.operator == "is known" else ~there
    found = np.zeros(column.size, dtype=np.bool_)
    values = column[there]
    if field.kind == "days_since":
        values = (np.datetime64(as_of, "D") - values.astype("datetime64[D]")).astype(np.int64)
    found[there] = _holds(node, values)
    return found


def _holds(node: Comparison, values: Column) -> BoolArray:
    literals = [_literal(value) for value in node.values]
    if node.operator in ("in", "not in"):
        listed: BoolArray = np.isin(values, np.asarray(literals))
        return listed if node.operator == "in" else ~listed
    return np.asarray(COMPARE[node.operator](values, literals[0]), dtype=np.bool_)


def _literal(value: Value) -> float | int | str | bool | np.datetime64:
    if isinstance(value, Decimal):
        return float(value)
    return np.datetime64(value, "D") if isinstance(value, date) else value


def days_since(column: Column, as_of: date) -> NDArray[np.float64]:
    """Whole days (n,) from each date to `as_of`; NaN where the date is unknown.

    >>> days_since(np.array(["2026-06-01", "NaT"], dtype="datetime64[D]"), date(2026, 12, 1)).tolist()
    [183.0, nan]
    """
    there = known(column)
    found = np.full(column.size, np.nan)
    found[there] = (np.datetime64(as_of, "D") - column[there].astype("datetime64[D]")).astype(np.int64)
    return found
