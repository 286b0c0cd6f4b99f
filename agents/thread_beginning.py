"""How a thread of the propose graph begins: a marketer's words, a campaign and its thread, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from agents.keeping import Keeper
from agents.propose.earlier import COMMENTS, ApproverComment, ApproverComments
from agents.propose.facts import answered_in
from agents.state import ProposeState
from agents.thread_lease import LEASE
from agents.workbench import Workbench
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.errors import ConflictError, NotFoundError
from store.repositories.agent_work import add_turn, start_conversation
from store.repositories.approval_endings import supersede
from store.repositories.approvals import approval_of_proposal, signatures_of
from store.repositories.campaigns import add_brief, get_brief, get_campaign, get_proposal, move_campaign
from store.repositories.leases import take_thread
from store.repositories.threads import add_thread, end_waiting, take_reserved
from store.tables import BriefRow, Campaign, ProposeThread

MAXIMUM_BRIEF = 8_000
"""Characters of a brief, the turns that changed it included."""


class LaunchedError(ConflictError):
    """The campaign runs, or is about to, so it cannot be proposed anew."""

    code = "campaign_launched"


def begin(
    bench: Workbench,
    *,
    workspace_id: str,
    author_id: str,
    text: str,
    conversation_id: str | None = None,
    campaign_id: str | None = None,
    reserved: str | None = None,
) -> ProposeState:
    """Keep the words, the campaign (a new one where none is named) and its thread; return what the graph starts with.

    Raises ConflictError for a campaign past review, and for a reserved thread that was begun already.
    """
    at = bench.clock.now()
    with bench.database.write(durable=True) as session:
        before = None if campaign_id is None else get_campaign(session, workspace_id, campaign_id)
        present_id = campaign_id or bench.ids.new()
        brief = _said(bench, session, at, workspace_id, author_id, text, conversation_id, present_id, before)
        parent: str | None = None
        thread_id = reserved or bench.ids.new()
        if before is None:
            campaign = Campaign(
                campaign_id=present_id,
                workspace_id=workspace_id,
                name="New campaign",
                author_id=author_id,
                conversation_id=brief.conversation_id,
                created_at=at,
                changed_at=at,
            )
            session.add(campaign)
        else:
            campaign = before
            parent = take_back(bench, session, campaign, author_id)
            if campaign.thread_id is not None:
                end_waiting(session, campaign.thread_id, at)
        campaign.brief_id, campaign.thread_id = brief.brief_id, thread_id
        session.flush()
        keep_thread(session, campaign, author_id, at, reserved is not None)
        if parent is not None:
            carry_comments(bench, session, workspace_id, thread_id, parent)
        return ProposeState(
            workspace_id=workspace_id,
            author_id=author_id,
            campaign_id=campaign.campaign_id,
            thread_id=thread_id,
            brief_id=brief.brief_id,
            parent_proposal_id=parent,
            status="sensing",
        )


class Left(NamedTuple):
    """A thread that was left: what it began with, the interrupts answered in it, whether it is its campaign's thread."""

    state: ProposeState
    answered: frozenset[str]
    current: bool


def thread_left(bench: Workbench, thread_id: str) -> Left:
    """Return what the store knows of a thread that was begun; NotFoundError when there is none."""
    with bench.database.read() as session:
        kept = session.get(ProposeThread, thread_id)
        if kept is None or kept.campaign_id is None:
            raise NotFoundError(f"there is no thread {thread_id} that was begun", value=thread_id)
        campaign = get_campaign(session, kept.workspace_id, kept.campaign_id)
        author_id = kept.author_id
        if campaign.brief_id is not None:
            # an edit begins its thread for the brief's author, whoever edits
            author_id = get_brief(session, kept.workspace_id, campaign.brief_id).author_id
        state = ProposeState(
            workspace_id=kept.workspace_id,
            author_id=author_id,
            campaign_id=campaign.campaign_id,
            thread_id=thread_id,
            brief_id=campaign.brief_id or "",
            parent_proposal_id=campaign.proposal_id,
            status="sensing",
        )
        return Left(state, answered_in(session, thread_id), campaign.thread_id == thread_id)


def keep_thread(session: Session, campaign: Campaign, author_id: str, at: datetime, reserved: bool) -> None:
    """Keep the campaign's present thread as running, or take the one that was reserved for it; its first run holds it."""
    assert campaign.thread_id is not None
    if reserved:
        take_reserved(
            session,
            campaign.workspace_id,
            campaign.thread_id,
            author_id=author_id,
            campaign_id=campaign.campaign_id,
            at=at,
        )
    else:
        add_thread(
            session,
            thread_id=campaign.thread_id,
            workspace_id=campaign.workspace_id,
            author_id=author_id,
            campaign_id=campaign.campaign_id,
            status="running",
            at=at,
        )
    take_thread(session, campaign.thread_id, now=at, until=at + LEASE)


def carry_comments(
    bench: Workbench, session: Session, workspace_id: str, thread_id: str, parent: str
) -> None:
    """Give a thread the words of those who asked for changes of the proposal before it, as data."""
    approval = approval_of_proposal(session, parent)
    if approval is None or approval.status != "changes_requested":
        return
    comments = tuple(
        ApproverComment(by=given.user_id, comment=given.comment, signed_at=given.signed_at)
        for given in signatures_of(session, approval.approval_id)
        if given.answer == "request_changes"
    )
    carried = ApproverComments(proposal_id=parent, comments=comments)
    Keeper(bench, session, workspace_id, thread_id).draft(COMMENTS, carried)


def _said(
    bench: Workbench,
    session: Session,
    at: datetime,
    workspace_id: str,
    author_id: str,
    text: str,
    conversation_id: str | None,
    campaign_id: str,
    before: Campaign | None,
) -> BriefRow:
    """Keep a marketer's words as a turn of the conversation, a new one if there is none, and as a brief."""
    if conversation_id is None:
        conversation_id = bench.ids.new()
        start_conversation(
            session,
            conversation_id=conversation_id,
            workspace_id=workspace_id,
            user_id=author_id,
            at=at,
        )
    add_turn(
        session,
        turn_id=bench.ids.new(),
        workspace_id=workspace_id,
        conversation_id=conversation_id,
        speaker="person",
        text=text,
        at=at,
        heard="brief",
        campaign_id=campaign_id,
    )
    return add_brief(
        session,
        brief_id=bench.ids.new(),
        workspace_id=workspace_id,
        conversation_id=conversation_id,
        author_id=author_id,
        text=text,
        record={},
        model=bench.models.model_id,
        at=at,
        parent_brief_id=before.brief_id if before is not None else None,
        parent_thread_id=before.thread_id if before is not None else None,
    )


def take_back(bench: Workbench, session: Session, campaign: Campaign, by: str) -> str | None:
    """Take a campaign back to draft for a new proposal; an open one is superseded and its approval closed.

    LaunchedError for one that was launched: its messages are due, so the approval itself has to be taken back first.
    """
    at = bench.clock.now()
    state = CampaignState(campaign.state)
    following = next_state(state, CampaignEvent.EDIT, sent_any=False)
    if campaign.proposal_id is not None:
        proposal = get_proposal(session, campaign.workspace_id, campaign.proposal_id)
        if proposal.status == "launched":
            raise LaunchedError(
                f"campaign {campaign.campaign_id} was launched; take its approval back while nothing has been sent, "
                "or stop it and begin another campaign",
                value=campaign.campaign_id,
            )
        if proposal.status in ("open", "approved"):
            supersede(session, bench.audit, proposal, at=at, actor=by)
    if following.changed:
        move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=at)
    return campaign.proposal_id
