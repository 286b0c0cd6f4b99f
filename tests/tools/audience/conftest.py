"""Twelve customers with gaps, as columns, as a lazy table and as a schema."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tools.audience.fields import Schema, schema_of

AS_OF = date(2026, 12, 1)


@pytest.fixture
def data() -> pa.Table:
    days = [None, *(date(2026, month, 1) for month in range(1, 12))]
    return pa.table(
        {
            "person_id": [f"P{n:02}" for n in range(12)],
            "last_purchase_on": pa.array(days, pa.date32()),
            "order_count": pa.array([1, 2, 3, None, 5, 5, 7, 8, 9, 10, 11, 12], pa.int64()),
            "past_year_spend": pa.array(
                [10.5, None, 30.0, 30.0, 50.25, 60.0, 70.0, 80.0, 90.0, 99.99, 100.0, 120.0]
            ),
            "bought_mens": pa.array([True, False, None, True] * 3),
            "bought_womens": pa.array([True, True, False] * 4),
            "area": pa.array(["urban", "rural", None, "it's"] * 3),
        }
    )


@pytest.fixture
def columns(data: pa.Table) -> dict[str, NDArray[Any]]:
    return {name: data[name].to_numpy() for name in data.column_names}


@pytest.fixture
def table(data: pa.Table) -> ibis.Table:
    return ibis.memtable(data)


@pytest.fixture
def schema() -> Schema:
    return schema_of(
        {
            "person_id": "text",
            "last_purchase_on": "date",
            "order_count": "integer",
            "past_year_spend": "number",
            "bought_mens": "flag",
            "bought_womens": "flag",
            "area": "text",
        },
        {"area": ("it's", "rural", "urban")},
    )
