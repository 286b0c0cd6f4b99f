"""How an approval ends without an approver's answer: taken back, before its answer or its launch, or closed by a newer proposal."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from policies.campaign import CampaignEvent, CampaignState, next_state
from store.audit import AuditLog
from store.repositories.approvals import ApprovalClosedError, approval_of_proposal
from store.repositories.campaigns import get_campaign, get_proposal, move_campaign, move_proposal
from store.tables import Approval, Proposal


def revoke(
    session: Session, audit: AuditLog, approval: Approval, *, at: datetime, actor: str, reason: str
) -> None:
    """Take back an approval that has not launched; its campaign goes back to draft. Nothing else is changed by it."""
    if approval.status != "approved":
        return
    approval.status = "revoked"
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    if proposal.status == "approved":
        move_proposal(session, proposal.proposal_id, expected="approved", to="revoked")
    if proposal.campaign_id is not None:
        campaign = get_campaign(session, approval.workspace_id, proposal.campaign_id)
        state = CampaignState(campaign.state)
        if campaign.proposal_id == proposal.proposal_id and state is CampaignState.APPROVED:
            following = next_state(state, CampaignEvent.REVOKE, sent_any=False)
            move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=at)
    _log_revoked(session, audit, approval, proposal, at=at, actor=actor, reason=reason)


def withdraw(session: Session, audit: AuditLog, approval: Approval, *, at: datetime, actor: str) -> None:
    """Take back a proposal that nobody has resolved yet; its campaign, where it is about one, goes back to draft.

    ApprovalClosedError when an answer was first.
    """
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    _take_back(session, approval, proposal, at)
    if proposal.campaign_id is not None:
        campaign = get_campaign(session, approval.workspace_id, proposal.campaign_id)
        state = CampaignState(campaign.state)
        following = next_state(state, CampaignEvent.EDIT, sent_any=False)
        if campaign.proposal_id == proposal.proposal_id and following.changed:
            move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=at)
    audit.append(
        session,
        workspace_id=approval.workspace_id,
        at=at,
        actor=actor,
        action="proposal.withdrawn",
        subject=proposal.proposal_id,
        detail={"digest": approval.digest},
        rows=(approval, proposal),
    )


def close_with_campaign(
    session: Session, audit: AuditLog, approval: Approval, *, at: datetime, actor: str, reason: str
) -> None:
    """Take back what waits for an answer, or was approved and has not launched, of a campaign that is ending for good."""
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    if proposal.status == "approved":
        revoke(session, audit, approval, at=at, actor=actor, reason=reason)
    if approval.status != "pending":
        return
    _take_back(session, approval, proposal, at)
    _log_revoked(session, audit, approval, proposal, at=at, actor=actor, reason=reason)


def _log_revoked(
    session: Session,
    audit: AuditLog,
    approval: Approval,
    proposal: Proposal,
    *,
    at: datetime,
    actor: str,
    reason: str,
) -> None:
    audit.append(
        session,
        workspace_id=approval.workspace_id,
        at=at,
        actor=actor,
        action="approval.revoked",
        subject=approval.approval_id,
        detail={"digest": approval.digest, "reason": reason},
        rows=(approval, proposal),
    )


def _take_back(session: Session, approval: Approval, proposal: Proposal, at: datetime) -> None:
    taken = session.connection().execute(
        sa.update(Approval)
        .where(col(Approval.approval_id) == approval.approval_id, col(Approval.status) == "pending")
        .values(status="revoked", resolved_at=at)
    )
    if taken.rowcount != 1:
        raise ApprovalClosedError(f"this approval is already {approval.status}", value=approval.status)
    session.refresh(approval)
    move_proposal(session, proposal.proposal_id, expected="open", to="revoked")


def supersede(session: Session, audit: AuditLog, proposal: Proposal, *, at: datetime, actor: str) -> None:
    """Let an open or approved proposal give way to another, with its approval; one resolved keeps its resolution time."""
    move_proposal(session, proposal.proposal_id, expected=proposal.status, to="superseded")
    approval = approval_of_proposal(session, proposal.proposal_id)
    closed = approval is not None and approval.status in ("pending", "approved")
    if approval is not None and closed:
        approval.status = "superseded"
        approval.resolved_at = approval.resolved_at or at
    audit.append(
        session,
        workspace_id=proposal.workspace_id,
        at=at,
        actor=actor,
        action="proposal.superseded",
        subject=proposal.proposal_id,
        detail={"digest": proposal.digest},
        rows=(proposal, approval) if approval is not None and closed else (proposal,),
    )
