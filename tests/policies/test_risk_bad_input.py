from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from policies.authority import RiskFacts, RiskThresholds, assess_risk
from policies.authority.escalation import escalation_instant
from policies.authority.risk import RiskFactError
from policies.errors import InvalidInputError

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        (RiskFacts(reach=-1), "the reach is -1"),
        (RiskFacts(spend_minor=-5), "the spend is -5"),
        (RiskFacts(discount_percent=Decimal("-0.1")), "from 0 to 100"),
        (RiskFacts(discount_percent=Decimal("100.5")), "from 0 to 100"),
        (RiskFacts(discount_percent=Decimal("NaN")), "from 0 to 100"),
        (RiskFacts(new_creatives=-2), "the new creatives are -2"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_with_its_bound(facts: RiskFacts, named: str) -> None:
    with pytest.raises(RiskFactError, match=named):
        assess_risk(facts, RiskThresholds())


@pytest.mark.parametrize(
    "wrong",
    [
        {"medium_people": 0},
        {"medium_people": 200_000},
        {"high_spend_minor": 10},
        {"high_discount_percent": 101},
        {"unheard_of": 1},
    ],
)
def test_thresholds_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        RiskThresholds.model_validate(wrong)


@pytest.mark.parametrize("share", ["0", "-0.5", "1.01", "NaN", "Infinity"])
def test_a_share_of_time_outside_its_bounds_is_refused(share: str) -> None:
    with pytest.raises(InvalidInputError, match="above 0 and at most 1"):
        escalation_instant(AT, AT + timedelta(days=7), Decimal(share))
