"""How many signatures a proposal needs, whose, and which are missing."""

from __future__ import annotations

from itertools import product

import pytest

from policies.authority import (
    Person,
    Resource,
    RiskClass,
    Role,
    Signature,
    SignatureFacts,
    SignatureRequirement,
    authorise,
    missing_signatures,
    required_signatures,
)
from policies.authority.escalation import escalated
from policies.authority.signatures import SIGNATURES

MANAGER = Signature("m", frozenset({Role.CAMPAIGN_MANAGER}))
LAWYER = Signature("l", frozenset({Role.LEGAL}))
BOTH = Signature("b", frozenset({Role.CAMPAIGN_MANAGER, Role.LEGAL}))


def test_a_campaign_needs_one_manager_or_above() -> None:
    required = required_signatures("campaign", SignatureFacts())
    assert required == (SignatureRequirement(frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER})),)
    assert missing_signatures(required, [MANAGER], author_id="a") == ()
    assert missing_signatures(required, [LAWYER], author_id="a") == required


@pytest.mark.promise
def test_no_rule_asks_for_no_signature() -> None:
    assert all(needs for by_risk in SIGNATURES.values() for needs in by_risk)


@pytest.mark.promise
def test_the_signature_of_the_author_fills_nothing() -> None:
    required = required_signatures("campaign", SignatureFacts())
    assert missing_signatures(required, [MANAGER], author_id="m") == required


def test_one_person_with_two_roles_fills_one_requirement() -> None:
    required = required_signatures("campaign", SignatureFacts(legal_required=True))
    assert len(missing_signatures(required, [BOTH], author_id="a")) == 1
    assert len(missing_signatures(required, [BOTH, BOTH], author_id="a")) == 1


@pytest.mark.parametrize(
    "given", [[BOTH, LAWYER], [LAWYER, BOTH], [MANAGER, BOTH], [BOTH, MANAGER], [LAWYER, MANAGER]]
)
def test_signatures_come_in_any_order_and_are_assigned_best(given: list[Signature]) -> None:
    required = required_signatures("campaign", SignatureFacts(legal_required=True))
    assert missing_signatures(required, given, author_id="a") == ()


MANAGER_OR_ABOVE = {Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER}
LEADER = {Role.MARKETING_LEADER}
LEGAL = {Role.LEGAL}
KEEPER = {Role.ADMIN, Role.MARKETING_LEADER, Role.LEGAL, Role.CAMPAIGN_MANAGER}
USUAL = ([MANAGER_OR_ABOVE], [MANAGER_OR_ABOVE], [MANAGER_OR_ABOVE, LEADER])
# Who signs what by kind: at low, medium and high risk; written down a second time.
NEEDED = {
    "campaign": USUAL,
    "journey": USUAL,
    "creative": USUAL,
    "offer": USUAL,
    "eligibility": USUAL,
    "rollout": USUAL,
    "experiment_end": USUAL,
    "discount": ([MANAGER_OR_ABOVE], [MANAGER_OR_ABOVE, LEADER], [MANAGER_OR_ABOVE, LEADER]),
    "budget_change": ([MANAGER_OR_ABOVE], [MANAGER_OR_ABOVE], [LEADER]),
    "policy_change": ([KEEPER], [KEEPER], [KEEPER]),
}


@pytest.mark.promise
@pytest.mark.parametrize("kind", NEEDED)
def test_what_each_kind_needs_at_each_risk_equals_the_table(kind: str) -> None:
    assert NEEDED.keys() == SIGNATURES.keys()
    for risk, expected in zip(RiskClass, NEEDED[kind], strict=True):
        required = required_signatures(kind, SignatureFacts(risk=risk))
        assert [set(need.any_of) for need in required] == expected
        with_legal = required_signatures(kind, SignatureFacts(legal_required=True, risk=risk))
        added = [] if kind == "policy_change" else [LEGAL]
        assert [set(need.any_of) for need in with_legal] == expected + added


@pytest.mark.promise
def test_every_required_signature_can_be_given_under_the_rules() -> None:
    for kind, risk, legal in product(SIGNATURES, RiskClass, (False, True)):
        facts = {"legal_required": legal, "risk": risk.value}
        for need in required_signatures(kind, SignatureFacts(legal, risk)):
            allowed = {
                role
                for role in need.any_of
                if authorise(
                    Person("other", frozenset({role})), "resolve_approval", Resource(kind, "author"), facts
                ).allowed
            }
            assert allowed == need.any_of, (kind, risk, need)


@pytest.mark.promise
def test_somebody_and_who_signs_on_their_behalf_fill_one_requirement() -> None:
    required = required_signatures("campaign", SignatureFacts(legal_required=True))
    manager = Signature("m", frozenset({Role.CAMPAIGN_MANAGER}))
    for_manager = Signature("x", frozenset({Role.LEGAL}), on_behalf_of="m")
    for_somebody = Signature("x", frozenset({Role.LEGAL}), on_behalf_of="l")
    assert len(missing_signatures(required, [manager, for_manager], author_id="a")) == 1
    assert len(missing_signatures(required, [for_manager, manager], author_id="a")) == 1
    assert missing_signatures(required, [manager, for_somebody], author_id="a") == ()


@pytest.mark.promise
def test_nobody_fills_a_requirement_on_behalf_of_the_author() -> None:
    required = required_signatures("campaign", SignatureFacts())
    given = Signature("x", frozenset({Role.CAMPAIGN_MANAGER}), on_behalf_of="a")
    assert missing_signatures(required, [given], author_id="a") == required


def test_escalation_adds_the_next_role_and_never_replaces_legal() -> None:
    required = required_signatures("campaign", SignatureFacts(legal_required=True))
    manager, legal = escalated(required, RiskClass.LOW)
    assert manager.any_of == MANAGER_OR_ABOVE | {Role.ADMIN}
    assert legal.any_of == LEGAL
    only_manager = SignatureRequirement(frozenset({Role.CAMPAIGN_MANAGER}))
    assert escalated([only_manager], RiskClass.LOW)[0].any_of == MANAGER_OR_ABOVE


def test_a_high_risk_escalates_no_further_than_the_leader() -> None:
    required = required_signatures("campaign", SignatureFacts(risk=RiskClass.HIGH))
    assert escalated(required, RiskClass.HIGH) == required
