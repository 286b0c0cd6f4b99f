"""Recency, frequency and money: what past purchases say about each customer, as values and as scores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.audience.matching import Column, days_since, known

if TYPE_CHECKING:
    from ibis.expr.types import Table

SCORES = 5


def rfm_scores(customers: Table) -> Table:
    """Score each customer 1 to 5 on recency, frequency and money, 5 best, as a lazy table keyed by person_id.

    A score is the fifth of the customers that the value falls into, ceil(5 x cumulative distribution): equal values
    score equally, unknown ones are null. Columns that the customers lack (order_count, past_year_spend) give no score.
    """
    import ibis

    sources = {
        "recency_score": "last_purchase_on",
        "frequency_score": "order_count",
        "money_score": "past_year_spend",
    }
    scores: dict[str, Any] = {}  # Any: Ibis column expressions
    for score, name in sources.items():
        if name not in customers.columns:
            continue
        value = customers[name]
        place = ibis.cume_dist().over(group_by=value.notnull(), order_by=value)
        scores[score] = value.notnull().ifelse((place * SCORES).ceil().cast("int64"), ibis.null("int64"))
    return customers.select("person_id", **scores)


def with_recency(columns: Mapping[str, Column], as_of: date) -> dict[str, Column]:
    """The columns (n,) with `days_since_purchase` and `months_since_purchase` added, NaN where the day is unknown.

    Months are whole calendar months from the month of the last purchase to that of `as_of`.
    """
    last = columns["last_purchase_on"]
    return {
        **columns,
        "days_since_purchase": days_since(last, as_of),
        "months_since_purchase": _months_since(last, as_of),
    }


def _months_since(column: Column, as_of: date) -> NDArray[np.float64]:
    there = known(column)
    found = np.full(column.size, np.nan)
    months = column[there].astype("datetime64[M]").astype(np.int64)
    found[there] = np.datetime64(as_of, "M").astype(np.int64) - months
    return found
