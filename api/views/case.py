"""A made-up proposal before the rules: which risk it would have, who would have to sign, and by which rules."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import get_args

from pydantic import BaseModel, ConfigDict, Field

from api.views.numbers import View
from policies.authority import (
    Person,
    Resource,
    RiskFacts,
    Role,
    SignatureFacts,
    assess_risk,
    authorise,
    required_signatures,
)
from policies.authority.decide import Context
from policies.authority.escalation import escalated
from policies.authority.risk import RiskClass, RiskFinding
from policies.proposal import ProposalKind
from policies.workspace_rules import WorkspaceRules

KINDS: tuple[str, ...] = get_args(ProposalKind)
_AUTHOR = "the author"


class CaseIn(BaseModel):
    """What is known of the case: people, minor units of money, per cent; `waited` is longer than escalation allows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ProposalKind = "campaign"
    reach: int = Field(default=0, ge=0, le=10**12)
    spend_minor: int = Field(default=0, ge=0, le=10**15)
    discount_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)
    new_creatives: int = Field(default=0, ge=0, le=10_000)
    new_claim: bool = False
    sensitive: bool = False
    waited: bool = False


class RoleView(View):
    """Whether a role may sign here, by which rules, in words, and who holds it."""

    role: str
    allowed: bool
    rules: tuple[str, ...]
    words: tuple[str, ...]
    held_by: tuple[str, ...]


class CaseSeatView(View):
    """One signature that is needed, by any of these roles."""

    roles: tuple[RoleView, ...]


class CaseView(View):
    """What the rules say of the case. Its author fills no seat, and one person fills one at most."""

    asked: CaseIn
    risk: RiskClass
    legal_required: bool
    findings: tuple[RiskFinding, ...]
    seats: tuple[CaseSeatView, ...]
    others: tuple[RoleView, ...]


def case_view(
    asked: CaseIn, rules: WorkspaceRules, holders: Sequence[tuple[str, frozenset[Role]]]
) -> CaseView:
    """Judge a made-up case by the rules in force; `holders` are the users who may sign in, with their roles."""
    facts = RiskFacts(
        reach=asked.reach,
        spend_minor=asked.spend_minor,
        discount_percent=asked.discount_percent,
        new_creatives=asked.new_creatives,
        new_claims=("a claim without an approved one",) if asked.new_claim else (),
        sensitive=("a sensitive topic",) if asked.sensitive else (),
    )
    risk = assess_risk(facts, rules.risk)
    needed = required_signatures(asked.kind, SignatureFacts(risk.legal_required, risk.risk))
    if asked.waited:
        needed = escalated(needed, risk.risk)
    context: dict[str, bool | int | str] = {
        "legal_required": any(need.any_of == {Role.LEGAL} for need in needed),
        "sensitive": asked.sensitive,
        "escalated": asked.waited,
        "delegated": False,
        "risk": risk.risk.value,
        "amount_minor": asked.spend_minor,
        "discount_percent": int(asked.discount_percent.to_integral_value(ROUND_CEILING)),
        "audience": asked.reach,
    }
    named = {role for need in needed for role in need.any_of}
    roles = {role: _role(asked.kind, role, context, holders) for role in Role}
    return CaseView(
        asked=asked,
        risk=risk.risk,
        legal_required=risk.legal_required,
        findings=risk.findings,
        seats=tuple(
            CaseSeatView(roles=tuple(roles[role] for role in Role if role in need.any_of)) for need in needed
        ),
        others=tuple(roles[role] for role in Role if role not in named),
    )


def _role(
    kind: str, role: Role, context: Context, holders: Sequence[tuple[str, frozenset[Role]]]
) -> RoleView:
    """Ask the Cedar rules about somebody who holds this role alone and had no part in the case."""
    decision = authorise(
        Person("somebody else", frozenset({role})), "resolve_approval", Resource(kind, _AUTHOR), context
    )
    return RoleView(
        role=role.value,
        allowed=decision.allowed,
        rules=decision.rule_ids,
        words=decision.reasons,
        held_by=tuple(name for name, held in holders if role in held),
    )
