"""Briefs, campaigns and proposals. A change of a campaign's state goes through the transition table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlmodel import Session, SQLModel, col, select

from policies.errors import ConflictError, NotFoundError
from store.bulk import table_of
from store.driver import Prepared
from store.tables import BriefRow, Campaign, Creative, Proposal, Readout, Turn
from store.tables.base import JsonObject

_campaigns, _proposals = table_of(Campaign), table_of(Proposal)
_MOVE_CAMPAIGN = Prepared(
    sa.update(_campaigns)
    .where(
        _campaigns.c.campaign_id == sa.bindparam("of_campaign"),
        _campaigns.c.state == sa.bindparam("expected"),
    )
    .values(state=sa.bindparam("new_state"), changed_at=sa.bindparam("new_time"))
)
_MOVE_PROPOSAL = Prepared(
    sa.update(_proposals)
    .where(
        _proposals.c.proposal_id == sa.bindparam("of_proposal"),
        _proposals.c.status == sa.bindparam("expected"),
    )
    .values(status=sa.bindparam("new_status"))
)


def get_campaign(session: Session, workspace_id: str, campaign_id: str | None) -> Campaign:
    """Return a campaign of this workspace; NotFoundError otherwise, and for a proposal that is about none."""
    if campaign_id is None:
        raise NotFoundError("this is about no campaign", value=campaign_id)
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.workspace_id != workspace_id:
        raise NotFoundError(f"there is no campaign {campaign_id}", value=campaign_id)
    return campaign


def list_campaigns(
    session: Session, workspace_id: str, *, before: str | None = None, limit: int = 100
) -> Sequence[Campaign]:
    """Return campaigns, the newest first, from before one on where its id is given."""
    query = select(Campaign).where(Campaign.workspace_id == workspace_id)
    if before is not None:
        query = query.where(col(Campaign.campaign_id) < before)
    return session.exec(query.order_by(col(Campaign.campaign_id).desc()).limit(limit)).all()


def campaigns_of_conversation(
    session: Session, workspace_id: str, conversation_id: str
) -> Sequence[Campaign]:
    """Return the campaigns of a conversation in the order they were begun."""
    # by the turn that began each: ids made in one instant of a replayed clock have no order of their own
    begun = (
        sa.select(sa.func.min(Turn.number))
        .where(
            col(Turn.conversation_id) == conversation_id, col(Turn.campaign_id) == col(Campaign.campaign_id)
        )
        .scalar_subquery()
    )
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id, Campaign.conversation_id == conversation_id
    )
    return session.exec(query.order_by(sa.func.coalesce(begun, 0), col(Campaign.campaign_id))).all()


def measured_campaigns(session: Session, workspace_id: str, *, limit: int = 100) -> Sequence[Campaign]:
    """Return the campaigns that have a readout, the newest first."""
    measured = select(Readout.campaign_id).where(Readout.workspace_id == workspace_id)
    query = select(Campaign).where(
        Campaign.workspace_id == workspace_id, col(Campaign.campaign_id).in_(measured)
    )
    return session.exec(query.order_by(col(Campaign.campaign_id).desc()).limit(limit)).all()


def campaign_of_thread(session: Session, thread_id: str) -> Campaign | None:
    """Return the campaign whose current thread this is."""
    return session.exec(select(Campaign).where(Campaign.thread_id == thread_id)).first()


def move_campaign(session: Session, campaign_id: str, *, expected: str, to: str, at: datetime) -> None:
    """Change a campaign's state by compare-and-set; ConflictError when it is no longer `expected`."""
    change = {"of_campaign": campaign_id, "expected": expected, "new_state": to, "new_time": at}
    if _MOVE_CAMPAIGN.run(session, **change) != 1:
        raise ConflictError(
            f"campaign {campaign_id} is no longer {expected}: somebody changed it first; read it again",
            value=expected,
        )
    note_change(session, Campaign, campaign_id, state=to, changed_at=at)


def point_campaign(session: Session, campaign: Campaign, *, thread_id: str, brief_id: str) -> None:
    """Give a campaign another thread and brief, by compare-and-set on the thread; ConflictError when it has one already."""
    session.flush()
    statement = (
        sa.update(Campaign)
        .where(
            col(Campaign.campaign_id) == campaign.campaign_id, col(Campaign.thread_id) == campaign.thread_id
        )
        .values(thread_id=thread_id, brief_id=brief_id)
        .execution_options(synchronize_session="fetch")
    )
    if session.connection().execute(statement).rowcount != 1:
        raise ConflictError(
            f"campaign {campaign.campaign_id} went on meanwhile; read it again", value=campaign.thread_id
        )
    session.refresh(campaign)


def add_brief(
    session: Session,
    *,
    brief_id: str,
    workspace_id: str,
    conversation_id: str | None,
    author_id: str,
    text: str,
    record: JsonObject,
    model: str,
    at: datetime,
    parent_brief_id: str | None = None,
    parent_thread_id: str | None = None,
) -> BriefRow:
    """Keep a marketer's words and what was read from them; a brief that changes another names it and its thread."""
    row = BriefRow(
        brief_id=brief_id,
        workspace_id=workspace_id,
        conversation_id=conversation_id,
        author_id=author_id,
        text=text,
        record=record,
        model=model,
        created_at=at,
        parent_brief_id=parent_brief_id,
        parent_thread_id=parent_thread_id,
    )
    session.add(row)
    session.flush()
    return row


def get_brief(session: Session, workspace_id: str, brief_id: str) -> BriefRow:
    """Return a brief of this workspace; NotFoundError otherwise."""
    row = session.get(BriefRow, brief_id)
    if row is None or row.workspace_id != workspace_id:
        raise NotFoundError(f"there is no brief {brief_id}", value=brief_id)
    return row


def get_proposal(session: Session, workspace_id: str, proposal_id: str) -> Proposal:
    """Return a proposal of this workspace; NotFoundError otherwise."""
    proposal = session.get(Proposal, proposal_id)
    if proposal is None or proposal.workspace_id != workspace_id:
        raise NotFoundError(f"there is no proposal {proposal_id}", value=proposal_id)
    return proposal


def move_proposal(session: Session, proposal_id: str, *, expected: str, to: str) -> None:
    """Change a proposal's status by compare-and-set; ConflictError when it is no longer `expected`."""
    if _MOVE_PROPOSAL.run(session, of_proposal=proposal_id, expected=expected, new_status=to) != 1:
        raise ConflictError(f"proposal {proposal_id} is no longer {expected}; read it again", value=expected)
    note_change(session, Proposal, proposal_id, status=to)


def note_change(session: Session, model: type[SQLModel], key: str, **values: object) -> None:
    """Let the session's own copy of a row, if it has one, say what a statement has just written."""
    cached = session.identity_map.get(identity_key(model, key))
    for name, value in values.items() if cached is not None else ():
        set_committed_value(cached, name, value)


def get_creative(session: Session, workspace_id: str, digest: str) -> Creative:
    """Return a creative by digest; NotFoundError when nothing was kept under it."""
    creative = session.get(Creative, (workspace_id, digest))
    if creative is None:
        raise NotFoundError(f"there is no creative with digest {digest[:12]}…", value=digest)
    return creative
