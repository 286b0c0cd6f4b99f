"""Each campaign rule passes the good campaign and stops, or warns about, the bad one; evidence cites figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policies.campaign_rules import RULES, RuleInputs, RuleResult, check_campaign
from policies.figures import unsourced_numbers
from policies.proposal import Arm
from policies.workspace_rules import WorkspaceRules
from tests.policies.proposal_example import audience, content, figures, ref


def judged(*, values: dict[str, int | str] | None = None, **changes: Any) -> dict[str, RuleResult]:
    known = figures()
    for name, value in (values or {}).items():
        known[name] = known[name].model_copy(update={"value": value})
    inputs = RuleInputs(
        content=changes.pop("content", content(figures=known)),
        rules=WorkspaceRules(),
        today=date(2026, 11, 21),
        asked_channels=("email",),
        discount_percents=(),
        creative_problems=(),
        refused_codes=(),
    )
    return {result.rule_id: result for result in check_campaign(inputs._replace(**changes))}


def test_a_good_campaign_passes_every_rule() -> None:
    results = judged()
    assert [rule_id for rule_id, _, _ in RULES] == list(results)
    assert {result.status for result in results.values()} == {"pass"}


@pytest.mark.parametrize(
    ("rule_id", "status", "arguments"),
    [
        ("audience.not_empty", "block", {"values": {"audience.net": 0}}),
        ("consent.only_consented", "block", {"content": content(audience=audience(removed=()))}),
        ("budget.positive", "block", {"values": {"plan.budget": 0}}),
        ("budget.holds", "block", {"values": {"forecast.cost.high": 200001}}),
        ("budget.holds", "block", {"content": content(forecast=())}),
        ("dates.hold", "block", {"values": {"plan.starts": "2026-11-20"}}),
        ("dates.hold", "block", {"values": {"plan.ends": "2026-11-30"}}),
        ("dates.batches_fit", "block", {"values": {"design.batches": 29}}),
        ("channel.allowed", "block", {"asked_channels": ("sms",)}),
        ("discount.ceiling", "block", {"discount_percents": (Decimal(41),)}),
        ("experiment.holdout", "warn", {"values": {"plan.holdout_share": "0"}}),
        ("experiment.detectable", "warn", {"values": {"forecast.lift": "0.03"}}),
        ("bandit.exploration", "block", {"values": {"rule.exploration_share": "0"}}),
        ("creative.renders", "block", {"creative_problems": ("mens: the footer has no unsubscribe link",)}),
        ("brief.refusals", "warn", {"refused_codes": ("discount_ceiling",)}),
    ],
)
def test_a_rule_finds_what_breaks_it(rule_id: str, status: str, arguments: dict[str, Any]) -> None:
    assert judged(**arguments)[rule_id].status == status


def test_an_arm_that_sends_without_a_message_is_blocked() -> None:
    bare = Arm(
        id="mens",
        action_id="mens",
        channel="email",
        creative_digest=None,
        message_cost=ref("action.mens.message_cost"),
    )
    result = judged(content=content(arms=(bare,)))["creative.bound"]
    assert (result.status, result.node) == ("block", "write")


def test_evidence_holds_no_number_but_figures() -> None:
    for values in ({}, {"plan.budget": 0}, {"forecast.cost.high": 200001}, {"design.batches": 29}):
        for result in judged(values=values).values():
            assert unsourced_numbers(result.evidence, figures()) == [], result
