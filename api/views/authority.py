"""Why a proposal needs the signatures it needs: facts, thresholds, class, seats, and who may fill them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from api.views.numbers import View
from policies.authority import Role
from policies.authority.decide import Context, Person, Resource, authorise
from policies.authority.escalation import escalated
from policies.authority.risk import RiskClass, RiskFinding
from policies.authority.signatures import Signature as GivenSignature
from policies.authority.signatures import SignatureRequirement, assign_signatures
from policies.errors import NotFoundError
from store.repositories.approvals import approval_of_proposal, signatures_of
from store.repositories.campaigns import get_proposal
from store.repositories.proposal_authors import contributors
from store.repositories.signing import (
    Standing,
    facts_of,
    given_signatures,
    requirements_of,
    risk_of,
    who_may_sign,
)
from store.tables import Approval, Delegation, Proposal, User


class SignerView(View):
    """Somebody who may sign, as what, and whose role it is where it was lent."""

    user: str
    role: str
    on_behalf_of: str | None = None


class SeatView(View):
    """One signature that is required: by any of these roles, by the rule named, given or missing."""

    roles: tuple[str, ...]
    rules: tuple[str, ...]
    given_by: SignerView | None
    may_be_given_by: tuple[SignerView, ...]


class AuthorityView(View):
    """The derivation of what a proposal needs. `findings` is empty for one frozen before risk was kept."""

    proposal_id: str
    approval_id: str
    kind: str
    status: str
    digest: str
    risk: RiskClass | None
    legal_required: bool
    findings: tuple[RiskFinding, ...]
    facts: dict[str, bool | int | str]
    signatures: tuple[SeatView, ...]
    missing: tuple[tuple[str, ...], ...]
    had_a_part: tuple[str, ...]
    opened_at: datetime
    escalates_at: datetime | None
    escalated_at: datetime | None
    escalates_to: tuple[str, ...]
    expires_at: datetime


class DelegationView(View):
    """A role lent by one user to another; `active` is whether it could be signed with now."""

    delegation_id: str
    lent_by: str
    lent_to: str
    role: str
    granted_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    active: bool


def authority_view(session: Session, workspace_id: str, proposal_id: str, now: datetime) -> AuthorityView:
    """Return the derivation for a proposal, or for the proposal of an approval by its id; NotFoundError for neither."""
    approval, proposal = _found(session, workspace_id, proposal_id)
    signatures = signatures_of(session, approval.approval_id)
    required, given = requirements_of(approval), given_signatures(signatures)
    filled = assign_signatures(required, given, author_id=approval.author_id)
    may = who_may_sign(session, approval, proposal, signatures, now) if approval.status == "pending" else ()
    risk = risk_of(approval)
    return AuthorityView(
        proposal_id=proposal.proposal_id,
        approval_id=approval.approval_id,
        kind=proposal.kind,
        status=approval.status,
        digest=approval.digest,
        risk=None if risk is None else risk.risk,
        legal_required=any(need.any_of == {Role.LEGAL} for need in required),
        findings=() if risk is None else risk.findings,
        facts=dict(facts_of(approval, delegated=False)),
        signatures=tuple(
            _seat(session, approval, proposal, need, by, may)
            for need, by in zip(required, filled, strict=True)
        ),
        missing=tuple(_names(need) for need, by in zip(required, filled, strict=True) if by is None),
        had_a_part=tuple(sorted(_name(session, user) for user in contributors(session, proposal))),
        opened_at=approval.opened_at,
        escalates_at=approval.escalates_at,
        escalated_at=approval.escalated_at,
        escalates_to=_above(required, RiskClass.HIGH if risk is None else risk.risk),
        expires_at=approval.expires_at,
    )


def delegation_view(session: Session, delegation: Delegation, now: datetime) -> DelegationView:
    """Return a delegation by the names of its people."""
    return DelegationView(
        delegation_id=delegation.delegation_id,
        lent_by=_name(session, delegation.delegator_id),
        lent_to=_name(session, delegation.delegate_id),
        role=delegation.role,
        granted_at=delegation.granted_at,
        ends_at=delegation.ends_at,
        revoked_at=delegation.revoked_at,
        active=delegation.revoked_at is None and delegation.ends_at > now,
    )


def _found(session: Session, workspace_id: str, given_id: str) -> tuple[Approval, Proposal]:
    asked = session.get(Approval, given_id)
    proposal = get_proposal(session, workspace_id, given_id if asked is None else asked.proposal_id)
    approval = approval_of_proposal(session, proposal.proposal_id)
    if approval is None:
        raise NotFoundError(f"proposal {proposal.proposal_id} was never put to approvers", value=given_id)
    return approval, proposal


def _seat(
    session: Session,
    approval: Approval,
    proposal: Proposal,
    need: SignatureRequirement,
    by: GivenSignature | None,
    may: tuple[Standing, ...],
) -> SeatView:
    signers = tuple(_signer(session, standing.given(), need) for standing in may if by is None)
    facts = facts_of(approval, delegated=False)
    return SeatView(
        roles=_names(need),
        rules=tuple(sorted(rule for role in need.any_of for rule in _rules(approval, proposal, role, facts))),
        given_by=None if by is None else _signer(session, by, need),
        may_be_given_by=tuple(signer for signer in signers if signer.role),
    )


def _rules(approval: Approval, proposal: Proposal, role: Role, facts: Context) -> tuple[str, ...]:
    """The Cedar rules that let a role resolve this, asked with a person who had no part in it."""
    nobody = Person("", frozenset({role}), approval.workspace_id)
    resource = Resource(proposal.kind, approval.author_id, approval.workspace_id, approval.approval_id)
    decision = authorise(nobody, "resolve_approval", resource, facts)
    return decision.rule_ids if decision.allowed else ()


def _signer(session: Session, signature: GivenSignature, need: SignatureRequirement) -> SignerView:
    behalf = signature.on_behalf_of
    return SignerView(
        user=_name(session, signature.user_id),
        role=", ".join(sorted(signature.roles & need.any_of)),
        on_behalf_of=None if behalf is None else _name(session, behalf),
    )


def _above(required: tuple[SignatureRequirement, ...], risk: RiskClass) -> tuple[str, ...]:
    above = escalated(required, risk)
    return tuple(
        sorted(
            {role.value for old, new in zip(required, above, strict=True) for role in new.any_of - old.any_of}
        )
    )


def _names(need: SignatureRequirement) -> tuple[str, ...]:
    return tuple(sorted(role.value for role in need.any_of))


def _name(session: Session, user_id: str) -> str:
    user = session.get(User, user_id)
    return user.name if user is not None else user_id
