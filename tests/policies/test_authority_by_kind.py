"""Who may resolve and revoke each kind of proposal: every rule of the Cedar files, allowed and denied."""

from __future__ import annotations

from itertools import product

import pytest

from policies.authority import Action, Person, Resource, RiskClass, Role, authorise
from policies.authority.decide import rules_text
from policies.authority.signatures import SIGNATURES

MARKETING = frozenset(SIGNATURES) - {"policy_change"}
DECIDERS = {Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER}
SIGNERS = DECIDERS | {Role.LEGAL}


def allowed(kind: str, action: str, **facts: bool | str) -> set[Role]:
    """The roles that a rule lets do it."""
    return {
        role
        for role in Role
        if authorise(Person("other", frozenset({role})), action, Resource(kind, "author"), facts).allowed
    }


def expected(kind: str, *, risk: str, legal: bool, escalated: bool, delegated: bool) -> set[Role]:
    """Who may resolve, written down a second time."""
    if kind == "policy_change":
        return set() if delegated else SIGNERS | {Role.ADMIN}
    roles = set(DECIDERS)
    if kind == "budget_change" and risk == "high":
        roles.discard(Role.CAMPAIGN_MANAGER)
    if legal:
        roles.add(Role.LEGAL)
    if escalated and risk != "high":
        roles.add(Role.ADMIN)
    return roles


@pytest.mark.promise
@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_who_may_resolve_a_kind_equals_the_table(kind: str) -> None:
    for risk, legal, escalated, delegated in product(RiskClass, *[(False, True)] * 3):
        found = allowed(
            kind,
            "resolve_approval",
            risk=risk.value,
            legal_required=legal,
            escalated=escalated,
            delegated=delegated,
        )
        wanted = expected(kind, risk=risk.value, legal=legal, escalated=escalated, delegated=delegated)
        assert found == wanted, (risk, legal, escalated, delegated)


@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_who_may_revoke_a_kind_equals_the_table(kind: str) -> None:
    wanted = SIGNERS | ({Role.ADMIN} if kind == "policy_change" else set())
    assert allowed(kind, "revoke_approval") == wanted


@pytest.mark.promise
@pytest.mark.parametrize("kind", sorted(SIGNATURES))
def test_the_author_resolves_no_kind(kind: str) -> None:
    author = Person("author", frozenset(Role))
    facts = {"legal_required": True, "escalated": True, "risk": "low"}
    decision = authorise(author, "resolve_approval", Resource(kind, "author"), facts)
    assert not decision.allowed
    assert "authority.four_eyes" in decision.rule_ids


@pytest.mark.promise
@pytest.mark.parametrize("kind", ["", "launch", "CAMPAIGN", "policy change", "creative_concept"])
def test_an_unknown_kind_is_denied_to_everybody_whatever_is_known(kind: str) -> None:
    everyone = Person("other", frozenset(Role))
    for risk, flag in product(("low", "high"), (False, True)):
        facts = {"risk": risk, "legal_required": flag, "escalated": flag, "delegated": flag}
        for action in (Action.RESOLVE_APPROVAL, Action.REVOKE_APPROVAL):
            decision = authorise(everyone, action, Resource(kind, "author"), facts)
            assert (decision.allowed, decision.rule_ids) == (False, ("authority.default_deny",))


def test_every_resolve_rule_was_asked_about() -> None:
    named = {line.split('"')[1] for line in rules_text().splitlines() if line.startswith("@id(")}
    decided: set[str] = set()
    for kind, role, legal, escalated, delegated in product(SIGNATURES, Role, *[(False, True)] * 3):
        facts = {"risk": "low", "legal_required": legal, "escalated": escalated, "delegated": delegated}
        person = Person("other", frozenset({role}))
        for action in (Action.RESOLVE_APPROVAL, Action.REVOKE_APPROVAL):
            decided |= set(authorise(person, action, Resource(kind, "author"), facts).rule_ids)
    wanted = {name for name in named if ".resolve_" in name or ".revoke_approval" in name}
    assert wanted | {"authority.policy_change.not_on_behalf"} <= decided


def test_who_lent_a_role_may_take_it_back_and_others_may_not() -> None:
    own = Resource("delegation", "other")
    for role in Role:
        person = Person("other", frozenset({role}))
        assert authorise(person, "revoke_delegation", own).allowed
        assert authorise(person, "revoke_delegation", Resource("delegation", "somebody")).allowed == (
            role is Role.ADMIN
        )
