"""A policy change as its author proposes it and as an approver reads it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import JsonValue
from sqlmodel import Session, col, select

from api.records.approvals import names_of
from api.views.approval import SignatureView, signature_views
from api.views.numbers import View
from policies.authority.risk import RiskClass, RiskFinding
from policies.policy_change import SetRules, in_words, read_change
from store.repositories.approvals import missing_of
from store.repositories.campaigns import get_proposal
from store.repositories.policy_changes import Proposed
from store.repositories.proposal_authors import contributors
from store.repositories.signing import risk_of
from store.tables import Approval, AuditEntry, Proposal


class FieldView(View):
    """One rule of the workspace, as it was when this was proposed and as it would be."""

    field: str
    before: JsonValue
    after: JsonValue


class PolicyProposalView(View):
    proposal_id: str
    status: str
    kind: str
    parent_proposal_id: str | None
    contributors: tuple[str, ...]
    created_at: datetime


class ProposedView(View):
    """A policy change that waits for somebody else. `key_half` is the author's half of a key, shown once."""

    proposal_id: str
    approval_id: str
    digest: str
    words: str
    missing: tuple[tuple[str, ...], ...]
    expires_at: datetime
    key_half: str | None = None


class PolicyApprovalView(View):
    """Everything an approver reads before signing a change of the rules.

    `effect` is "waiting", "applied", "refused" (with the reason) or "none" where it was not approved.
    """

    approval_id: str
    status: str
    kind: Literal["policy_change"]
    digest: str
    campaign_id: None = None
    author: str
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    risk: RiskClass | None
    findings: tuple[RiskFinding, ...]
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    signatures: tuple[SignatureView, ...]
    proposal: PolicyProposalView
    words: str
    reason: str
    change: dict[str, JsonValue]
    fields: tuple[FieldView, ...]
    effect: Literal["waiting", "applied", "refused", "none"]
    refused_because: str | None


def proposed_view(session: Session, made: Proposed, key_half: str | None = None) -> ProposedView:
    """Return what an author is told of a change that was just proposed."""
    return ProposedView(
        proposal_id=made.proposal.proposal_id,
        approval_id=made.approval.approval_id,
        digest=made.proposal.digest,
        words=in_words(read_change(made.proposal.canonical_json).change),
        missing=missing_of(session, made.approval),
        expires_at=made.approval.expires_at,
        key_half=key_half,
    )


def policy_proposal_view(session: Session, proposal: Proposal) -> PolicyProposalView:
    """Return the head of a proposal that is about no campaign."""
    return PolicyProposalView(
        proposal_id=proposal.proposal_id,
        status=proposal.status,
        kind=proposal.kind,
        parent_proposal_id=proposal.parent_proposal_id,
        contributors=tuple(sorted(names_of(session, contributors(session, proposal)).values())),
        created_at=proposal.created_at,
    )


def policy_approval_view(session: Session, approval: Approval) -> PolicyApprovalView:
    """Return the approval of a policy change whole; PolicyChangeUnreadableError for one that cannot be read."""
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    content = read_change(proposal.canonical_json)
    change, risk = content.change, risk_of(approval)
    refused = _refused(session, approval)
    waits = approval.status in ("pending", "approved")
    return PolicyApprovalView(
        approval_id=approval.approval_id,
        status=approval.status,
        kind="policy_change",
        digest=approval.digest,
        author=names_of(session, [approval.author_id])[approval.author_id],
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
        risk=None if risk is None else risk.risk,
        findings=() if risk is None else risk.findings,
        required=tuple(tuple(names) for names in approval.required),
        missing=missing_of(session, approval),
        signatures=signature_views(session, approval.approval_id),
        proposal=policy_proposal_view(session, proposal),
        words=in_words(change),
        reason=content.reason,
        change=change.model_dump(mode="json"),
        fields=_fields(change) if isinstance(change, SetRules) else (),
        effect="applied"
        if proposal.status == "launched"
        else "refused"
        if refused is not None
        else "waiting"
        if waits
        else "none",
        refused_because=refused,
    )


def _fields(change: SetRules) -> tuple[FieldView, ...]:
    return tuple(FieldView(**each.model_dump()) for each in change.changes)


def _refused(session: Session, approval: Approval) -> str | None:
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == approval.workspace_id,
        AuditEntry.subject == approval.proposal_id,
        col(AuditEntry.action) == "policy_change.refused",
    )
    entry = session.exec(query).first()
    return None if entry is None else str(entry.detail["reason"])
