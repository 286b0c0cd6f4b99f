"""Escalation of approvals: when half of the time has passed unanswered, the next role may sign as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from policies.authority import SYSTEM, RiskClass
from policies.authority.escalation import escalated
from store.audit import AuditLog
from store.repositories.signing import requirements_of, risk_of
from store.tables import Approval


def due_escalations(session: Session, now: datetime) -> Sequence[Approval]:
    """Return the pending approvals that have waited long enough and have not expired, of every workspace."""
    query = select(Approval).where(
        Approval.status == "pending",
        col(Approval.escalates_at) <= now,
        col(Approval.escalated_at).is_(None),
        col(Approval.expires_at) > now,
    )
    return session.exec(query.order_by(col(Approval.approval_id))).all()


def escalate(session: Session, audit: AuditLog, approval: Approval, at: datetime) -> None:
    """Let the next role sign an approval as well; what is said about it stands in the audit log."""
    before = requirements_of(approval)
    risk = risk_of(approval)
    after = escalated(before, RiskClass.HIGH if risk is None else risk.risk)
    approval.required = [sorted(need.any_of) for need in after]
    approval.escalated_at = at
    session.add(approval)
    session.flush()
    added = {role for old, new in zip(before, after, strict=True) for role in new.any_of - old.any_of}
    audit.append(
        session,
        workspace_id=approval.workspace_id,
        at=at,
        actor=SYSTEM,
        action="approval.escalated",
        subject=approval.approval_id,
        detail={"digest": approval.digest, "roles": ",".join(sorted(added))},
        rows=(approval,),
    )
