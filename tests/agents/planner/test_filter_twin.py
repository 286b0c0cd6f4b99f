"""An audience and its filter say the same."""

from __future__ import annotations

from typing import Any

import pytest

from agents.planner.brief import Audience
from agents.planner.filter_twin import audience_filter
from tools.audience.syntax import read_filter


@pytest.mark.parametrize(
    ("audience", "definition"),
    [
        ({"days_since_purchase_min": 180}, "days_since_purchase >= 180"),
        (
            {"days_since_purchase_min": 180, "days_since_purchase_max": 360},
            "days_since_purchase >= 180 and days_since_purchase <= 360",
        ),
        ({"all": True}, "all"),
        ({}, "all"),
        ({"order_count": {"min": 2}}, "order_count >= 2"),
        ({"order_count": 0, "newsletter": True}, "order_count = 0 and newsletter = true"),
        ({"tier": ["gold", "vip"], "countries": ["DE"]}, "tier in ['gold', 'vip'] and country = 'DE'"),
        ({"city": "L'Aquila"}, "city = 'L\\'Aquila'"),
        ({"churn_score_gt": "0.7", "clv_percentile_min": 80}, "churn_score > 0.7 and clv_percentile >= 80"),
        ({"bought_category": "men's"}, "bought_mens = true"),
        (
            {"all": True, "exclude": {"tier": "vip", "days_since_purchase_max": 30}},
            "not (days_since_purchase <= 30 and tier = 'vip')",
        ),
    ],
)
def test_twin(audience: dict[str, Any], definition: str) -> None:
    twin = audience_filter(Audience.model_validate(audience))
    assert twin == (definition, ())
    assert read_filter(definition) is not None


def test_keys_without_a_twin_are_named_and_never_widen_to_everyone() -> None:
    assert audience_filter(Audience(segment="lapsed")) == (None, ("segment",))
    twin = audience_filter(Audience(tier="vip", wishlisted=True, exclude=Audience(other=["employees"])))
    assert twin == ("tier = 'vip'", ("wishlisted", "exclude.other"))
