"""Features: columns by definition, missing and unknown values, exact text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tools.bandits.errors import FeatureError
from tools.bandits.features import CUSTOMER_FEATURES, Column, FeatureDefinition


def customers(**changes: list[object]) -> dict[str, Column]:
    columns: dict[str, list[object]] = {
        "recency_months": [6.0, 12.0],
        "history": [0.0, math.e - 1],
        "mens": [1, 0],
        "womens": [1, 1],
        "newbie": [0, 1],
        "zip_code": ["Urban", "Mars"],
        "channel": ["Web", "Phone"],
    }
    return {name: np.array(values) for name, values in {**columns, **changes}.items()}


def column(name: str, **changes: list[object]) -> list[float]:
    return list(CUSTOMER_FEATURES.matrix(customers(**changes))[:, CUSTOMER_FEATURES.names.index(name)])


def test_columns_stand_under_their_names_modifiers_first() -> None:
    assert CUSTOMER_FEATURES.names[:4] == ("intercept", "mens", "womens", "mens*womens")
    assert CUSTOMER_FEATURES.matrix(customers()).shape == (2, len(CUSTOMER_FEATURES.names))
    assert column("intercept") == [1, 1]
    assert column("mens*womens") == [1, 0]
    assert column("recency_months") == [0, 6 / 3.5]
    assert column("history") == pytest.approx([-5, -4])


def test_an_unknown_level_is_zero_everywhere() -> None:
    assert [column(f"zip_code={z}")[1] for z in ("Rural", "Surburban", "Urban")] == [0, 0, 0]


def test_a_missing_number_counts_as_the_centre_and_a_missing_flag_as_no() -> None:
    assert column("recency_months", recency_months=[math.nan, 6.0]) == [0, 0]
    assert column("mens", mens=[math.nan, 1.0]) == [0, 1]


def test_definition_reads_back_with_its_digest_and_a_change_is_seen() -> None:
    again = FeatureDefinition.from_json(CUSTOMER_FEATURES.to_json())
    assert again == CUSTOMER_FEATURES and again.digest == CUSTOMER_FEATURES.digest
    assert FeatureDefinition("customer/1", flags=("mens",)).digest != CUSTOMER_FEATURES.digest


def test_prior_frees_intercept_and_modifiers_only() -> None:
    assert CUSTOMER_FEATURES.prior().free == 4
    assert FeatureDefinition("x", flags=("mens",)).prior().pooling == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mens": [2, 0]}, "mens has 2"),
        ({"history": [-1.0, 2.0]}, "history has -1"),
        ({"history": ["x", "y"]}, "history holds"),
        ({"recency_months": [math.inf, 1.0]}, "infinite"),
        ({"recency_months": [1.0]}, "equally long"),
    ],
)
def test_a_malformed_column_is_refused_by_name(changes: dict[str, list[object]], words: str) -> None:
    with pytest.raises(FeatureError, match=words):
        CUSTOMER_FEATURES.matrix(customers(**changes))


def test_an_absent_column_is_refused_by_name() -> None:
    columns = customers()
    del columns["channel"]
    with pytest.raises(FeatureError, match="channel"):
        CUSTOMER_FEATURES.matrix(columns)
