"""What waits for one user: approvals that their signature would move on, and answers to what they proposed."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from api.views.numbers import View
from policies.authority import Person
from store.repositories.approvals import signatures_of
from store.repositories.campaigns import get_proposal
from store.repositories.signing import who_may_sign
from store.tables import Approval, Campaign

MOST = 50
ANSWERED_FOR = timedelta(days=7)
_ANSWERS = ("approved", "rejected", "changes_requested", "expired", "revoked")


class WaitingApprovalView(View):
    """An approval by what it is about; `at` is its deadline while it waits, else when it was answered."""

    approval_id: str
    about: str
    status: str
    at: datetime


class WaitingView(View):
    """`to_sign`: the user's signature would fill a seat. `answered`: the user's own, answered within seven days."""

    to_sign: tuple[WaitingApprovalView, ...]
    answered: tuple[WaitingApprovalView, ...]


def waiting_view(session: Session, person: Person, now: datetime) -> WaitingView:
    """Return what waits for a user now, of the MOST newest of each kind."""
    own = Approval.workspace_id == person.workspace_id
    newest = col(Approval.approval_id).desc()
    pending = session.exec(
        select(Approval).where(own, Approval.status == "pending").order_by(newest).limit(MOST)
    ).all()
    answered = session.exec(
        select(Approval)
        .where(
            own,
            Approval.author_id == person.user_id,
            col(Approval.status).in_(_ANSWERS),
            col(Approval.resolved_at) >= now - ANSWERED_FOR,
        )
        .order_by(newest)
        .limit(MOST)
    ).all()
    return WaitingView(
        to_sign=tuple(
            _shown(session, approval, approval.expires_at)
            for approval in pending
            if _is_mine(session, approval, person, now)
        ),
        answered=tuple(_shown(session, each, each.resolved_at or each.expires_at) for each in answered),
    )


def _is_mine(session: Session, approval: Approval, person: Person, now: datetime) -> bool:
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    earlier = signatures_of(session, approval.approval_id)
    standing = who_may_sign(session, approval, proposal, earlier, now)
    return any(each.person.user_id == person.user_id for each in standing)


def _shown(session: Session, approval: Approval, at: datetime) -> WaitingApprovalView:
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    campaign = session.get(Campaign, proposal.campaign_id) if proposal.campaign_id else None
    return WaitingApprovalView(
        approval_id=approval.approval_id,
        about=proposal.kind.replace("_", " ") if campaign is None else campaign.name,
        status=approval.status,
        at=at,
    )
