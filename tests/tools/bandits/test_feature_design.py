"""Features made by rule from whatever a customers table holds, and what a choice is rewarded for."""

from __future__ import annotations

import numpy as np
import pytest

from policies.errors import InvalidInputError
from tools.bandits.feature_design import design_features
from tools.bandits.rewards import REWARDS, Outcomes, reward_for_kpi, reward_named

COLUMNS = {
    "person_id": np.array(["a", "b", "c", "d"]),
    "last_purchase_on": np.array(["2026-01-01"] * 4, dtype="datetime64[D]"),
    "months_since_purchase": np.array([1.0, 5.0, 9.0, np.nan]),
    "days_since_purchase": np.array([30.0, 150.0, 270.0, np.nan]),
    "past_year_spend": np.array([10.0, 20.0, 30.0, 5000.0]),
    "bought_mens": np.array([True, False, True, False]),
    "bought_womens": np.array([True, True, False, False]),
    "new_customer": np.array([True, False, False, False]),
    "half": np.array(["history"] * 4, dtype=object),
    "area": np.array(["urban", "rural", None, "urban"], dtype=object),
}


def test_columns_become_features_by_kind() -> None:
    made = design_features(COLUMNS, "test/1")
    assert made.names == (
        "intercept",
        "bought_mens",
        "bought_womens",
        "bought_mens*bought_womens",
        "months_since_purchase",
        "past_year_spend",
        "new_customer",
        "area=urban",
    )
    assert made.matrix(COLUMNS).shape == (4, 8)
    assert np.isfinite(made.matrix(COLUMNS)).all()


def test_the_order_of_columns_does_not_change_the_definition() -> None:
    turned = dict(reversed(list(COLUMNS.items())))
    assert design_features(turned, "test/1").digest == design_features(COLUMNS, "test/1").digest


SEEN = Outcomes(*(np.array(values, dtype=float) for values in ([1, 0], [1, 0], [3000, 0], [20, 20])))


@pytest.mark.parametrize(
    ("reward_id", "values"),
    [("visit", [1, 0]), ("conversion", [1, 0]), ("revenue", [3000, 0]), ("contribution", [1480, -20])],
)
def test_a_reward_follows_from_what_was_seen(reward_id: str, values: list[float]) -> None:
    assert reward_named(reward_id).of(SEEN, 0.5).tolist() == values


def test_a_kpi_without_a_reward_of_its_own_means_contribution() -> None:
    assert reward_for_kpi("visits") == "visit"
    assert reward_for_kpi(None) == reward_for_kpi("happiness") == "contribution"
    assert set(REWARDS) == {"visit", "conversion", "revenue", "contribution"}


def test_an_unknown_reward_names_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="choose one of visit"):
        reward_named("joy")
