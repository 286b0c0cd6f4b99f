"""What an approval must be before anything is done on its strength, and as long as what was begun goes on."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from policies.campaign import ProposalStatus
from policies.errors import ConflictError
from policies.proposal import digest_of
from store.audit import AuditLog
from store.repositories.approvals import lowest_limits, missing_of, signatures_of
from store.repositories.countersignatures import unproven
from store.tables import Approval, Proposal


def require_countersigned(
    session: Session,
    audit: AuditLog,
    approval: Approval,
    proposal: Proposal,
    now: datetime,
    *,
    refused: type[ConflictError],
) -> None:
    """Raise `refused` unless an approved proposal may take effect now, on the strength of its approval.

    It must be approved, not have expired, be for the content as it is stored, and be proven by the signed audit log.
    """
    if approval.status != "approved":
        raise refused(
            f"approval {approval.approval_id} is {approval.status}, not approved; nothing is done on its strength",
            value=approval.status,
        )
    if now >= approval.expires_at:
        raise refused(
            f"the approval expired at {approval.expires_at.isoformat()}; propose it again",
            value=approval.expires_at.isoformat(),
        )
    actual = digest_of(proposal.canonical_json)
    if not actual == proposal.digest == approval.digest:
        raise refused(
            f"the proposal is not the one that was approved: its content has digest {actual[:12]}…, "
            f"the approval is for {approval.digest[:12]}…; propose it again",
            value=actual,
        )
    doubt = unproven(session, audit, approval, proposal)
    if doubt is not None:
        raise refused(
            f"the approval cannot be proven, {doubt}: another, authorised person has to sign exactly this content",
            value=approval.approval_id,
        )


def still_countersigned(session: Session, approval: Approval, proposal: Proposal, started_as: str) -> bool:
    """Whether what runs since its start under the digest `started_as` may go on: every link to its signatures holds."""
    return (
        approval.status == "approved"
        and proposal.status == ProposalStatus.LAUNCHED
        and digest_of(proposal.canonical_json) == proposal.digest == approval.digest == started_as
        and not missing_of(session, approval)
        and all(s.digest == started_as for s in signatures_of(session, approval.approval_id))
        and (approval.limits or {}) == lowest_limits(session, approval)
    )
