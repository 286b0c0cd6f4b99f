from __future__ import annotations

import math
from datetime import date
from typing import Any

import ibis
from numpy.typing import NDArray

from tools.audience.features import rfm_scores, with_recency

AS_OF = date(2026, 12, 1)


def test_scores_are_fifths_of_the_known_values_and_ties_share_one(
    table: ibis.Table, columns: dict[str, NDArray[Any]]
) -> None:
    rows = rfm_scores(table).order_by("person_id").to_pyarrow()
    for score, name in (("frequency_score", "order_count"), ("money_score", "past_year_spend")):
        values = [None if math.isnan(v) else v for v in columns[name].tolist()]
        known = [v for v in values if v is not None]
        by_hand = [
            None if v is None else math.ceil(5 * sum(other <= v for other in known) / len(known))
            for v in values
        ]
        assert rows[score].to_pylist() == by_hand
    assert rows["recency_score"].to_pylist()[0] is None
    assert rows["recency_score"].to_pylist()[-1] == 5


def test_a_customer_base_without_orders_has_no_frequency_score(table: ibis.Table) -> None:
    assert "frequency_score" not in rfm_scores(table.drop("order_count")).columns


def test_recency_counts_days_and_calendar_months(columns: dict[str, NDArray[Any]]) -> None:
    found = with_recency(columns, AS_OF)
    assert found["months_since_purchase"].tolist()[1:] == [float(12 - month) for month in range(1, 12)]
    assert found["days_since_purchase"].tolist()[6] == 183
    assert math.isnan(found["days_since_purchase"][0])
