"""The risk class: each rule by itself against hand-computed cases, and the class as the highest contribution."""

from __future__ import annotations

from decimal import Decimal

import pytest

from policies.authority import RiskClass, RiskFacts, RiskThresholds, assess_risk
from policies.authority.claims import sensitive_topics, unproven_claims
from policies.workspace_rules import SENSITIVE

LOW, MEDIUM, HIGH = RiskClass
THRESHOLDS = RiskThresholds()


@pytest.mark.parametrize(
    ("facts", "rule_id", "expected"),
    [
        (RiskFacts(reach=9_999), "risk.reach", LOW),
        (RiskFacts(reach=10_000), "risk.reach", MEDIUM),
        (RiskFacts(reach=99_999), "risk.reach", MEDIUM),
        (RiskFacts(reach=100_000), "risk.reach", HIGH),
        (RiskFacts(spend_minor=99_999), "risk.spend", LOW),
        (RiskFacts(spend_minor=100_000), "risk.spend", MEDIUM),
        (RiskFacts(spend_minor=999_999), "risk.spend", MEDIUM),
        (RiskFacts(spend_minor=1_000_000), "risk.spend", HIGH),
        (RiskFacts(discount_percent=Decimal("14.99")), "risk.discount", LOW),
        (RiskFacts(discount_percent=Decimal(15)), "risk.discount", MEDIUM),
        (RiskFacts(discount_percent=Decimal("29.99")), "risk.discount", MEDIUM),
        (RiskFacts(discount_percent=Decimal(30)), "risk.discount", HIGH),
        (RiskFacts(new_creatives=0), "risk.new_creatives", LOW),
        (RiskFacts(new_creatives=1), "risk.new_creatives", MEDIUM),
        (RiskFacts(new_claims=("risk free",)), "risk.new_claims", MEDIUM),
        (RiskFacts(sensitive=("health",)), "risk.sensitive_data", HIGH),
    ],
)
@pytest.mark.promise
def test_one_fact_alone_makes_the_class_of_the_proposal(
    facts: RiskFacts, rule_id: str, expected: RiskClass
) -> None:
    assessed = assess_risk(facts, THRESHOLDS)
    contributed = {finding.rule_id: finding.contributes for finding in assessed.findings}
    assert contributed.pop(rule_id) is expected
    assert set(contributed.values()) == {LOW}
    assert assessed.risk is expected


def test_the_highest_contribution_counts() -> None:
    facts = RiskFacts(reach=20_000, spend_minor=2_000_000, discount_percent=Decimal(5), new_creatives=2)
    assessed = assess_risk(facts, THRESHOLDS)
    assert [finding.contributes for finding in assessed.findings] == [MEDIUM, HIGH, LOW, MEDIUM, LOW, LOW]
    assert (assessed.risk, assessed.legal_required) == (HIGH, False)


def test_a_finding_shows_value_thresholds_and_words() -> None:
    finding = assess_risk(RiskFacts(reach=15_036), THRESHOLDS).findings[0]
    assert (finding.value, finding.medium_from, finding.high_from) == (15_036, 10_000, 100_000)
    assert finding.words == "15,036 people"


def test_legal_signs_for_unproven_claims_and_for_sensitive_data_and_for_nothing_else() -> None:
    assert assess_risk(RiskFacts(new_claims=("guaranteed",)), THRESHOLDS).legal_required
    assert assess_risk(RiskFacts(sensitive=("religion",)), THRESHOLDS).legal_required
    large = RiskFacts(10**9, 10**12, Decimal(100), new_creatives=9)
    assert not assess_risk(large, THRESHOLDS).legal_required


def test_a_workspace_may_set_its_own_thresholds() -> None:
    strict = RiskThresholds(medium_people=10, high_people=20)
    assert assess_risk(RiskFacts(reach=19), strict).risk is MEDIUM
    assert assess_risk(RiskFacts(reach=20), strict).risk is HIGH


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("Come back and look at our coats.", ()),
        ("Clinically proven, and risk-free!", ("clinically proven", "risk free")),
        ("RISK FREE and risk-free", ("risk free",)),
        ("We are number one.", ("number one",)),
        ("Our lowest prices ever are here: the lowest price.", ("lowest price", "lowest prices")),
    ],
)
def test_claims_are_found_in_words(text: str, phrases: tuple[str, ...]) -> None:
    assert unproven_claims([text], []) == phrases


def test_a_claim_that_was_approved_is_not_new() -> None:
    approved = ["Returns are risk-free for thirty days."]
    assert unproven_claims(["A risk free return"], approved) == ()
    assert unproven_claims(["Guaranteed and risk free"], approved) == ("guaranteed",)


@pytest.mark.parametrize(
    ("definition", "topics"),
    [
        ("days_since_purchase >= 180", ()),
        ("attr.health_condition = 'asthma'", ("health",)),
        ("attr.Religion = 'x' and attr.is_pregnant", ("religion", "pregnancy")),
        ("age < 16", ("minors under 16",)),
        ("age between 12 and 15", ("minors under 16",)),
        ("age >= 40 and order_count < 3", ()),
        ("attr.engagement_tier = 'agenda 9'", ()),
    ],
)
def test_sensitive_topics_are_found_in_definitions(definition: str, topics: tuple[str, ...]) -> None:
    assert sensitive_topics([definition], SENSITIVE) == topics


def test_a_topic_that_a_workspace_added_is_looked_for_in_its_own_words() -> None:
    assert sensitive_topics(["attr.credit_score < 500"], ("credit score",)) == ("credit score",)
