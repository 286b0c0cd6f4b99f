"""A campaign: where it stands, what it waits for, what it has sent and what was measured."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import JsonValue
from sqlmodel import Session

from agents.models.prices import Prices
from api.records.measures import readouts_of, review_threads
from api.views.numbers import View
from api.views.trace import UsedView, campaign_used
from delivery.reconcile import count_people
from delivery.terms import read_terms
from policies.campaign import CampaignState, allowed_events
from store.repositories.approvals import approval_of_proposal
from store.repositories.campaigns import get_brief, get_campaign, list_campaigns
from store.repositories.launches import batches_of, launch_of_campaign
from store.repositories.sends import sent_any
from store.repositories.threads import threads_of_campaign
from store.repositories.workspaces import get_workspace
from store.tables import Campaign, Launch, User
from store.warehouse import Warehouse


class CampaignLine(View):
    """A campaign in a list."""

    campaign_id: str
    name: str
    state: str
    author: str
    changed_at: datetime


class BatchView(View):
    number: int
    people: int
    state: str
    slot_at: datetime
    failure: str | None


class LaunchView(View):
    """A launch and where everybody of its audience is now; the counts add up to `net` exactly."""

    launch_id: str
    state: str
    digest: str
    intended_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    people: dict[str, Any]  # counts by name, and dropped counts by reason
    batches: tuple[BatchView, ...]
    failure: str | None


class CampaignView(CampaignLine):
    """A campaign whole: the words it was asked for with and the record that is read from them.

    `waits_for` holds questions and the interrupt they are answered by, when it asks any.
    """

    objective: str
    record: dict[str, JsonValue]
    thread_id: str | None
    conversation_id: str | None
    proposal_id: str | None
    approval_id: str | None
    approval_status: str | None
    may: tuple[str, ...]
    waits_for: dict[str, JsonValue]
    launch: LaunchView | None
    readout_id: str | None
    verdict: str | None
    used: UsedView


def campaign_lines(
    session: Session, workspace_id: str, *, before: str | None = None, limit: int = 100
) -> list[CampaignLine]:
    """Return a page of the campaigns of a workspace, the newest first, from before one on where its id is given."""
    return [
        CampaignLine(
            campaign_id=row.campaign_id,
            name=row.name,
            state=row.state,
            author=author_name(session, row.author_id),
            changed_at=row.changed_at,
        )
        for row in list_campaigns(session, workspace_id, before=before, limit=limit)
    ]


def campaign_view(
    session: Session,
    warehouse: Warehouse,
    workspace_id: str,
    campaign_id: str,
    *,
    now: datetime,
    waits_for: dict[str, JsonValue],
    prices: Prices,
) -> CampaignView:
    """Return a campaign, with what the agents used for it in all its proposals and reviews; NotFoundError for an unknown one."""
    row = get_campaign(session, workspace_id, campaign_id)
    launch = launch_of_campaign(session, campaign_id)
    approval = approval_of_proposal(session, row.proposal_id) if row.proposal_id else None
    currency = get_workspace(session, workspace_id).currency
    reviewing = review_threads(session, workspace_id, launch.launch_id) if launch else []
    brief = get_brief(session, workspace_id, row.brief_id) if row.brief_id else None
    measured = next(iter(readouts_of(session, workspace_id, campaign_id)), None)
    return CampaignView(
        campaign_id=row.campaign_id,
        name=row.name,
        state=row.state,
        author=author_name(session, row.author_id),
        changed_at=row.changed_at,
        objective=brief.text if brief else "",
        record=brief.record if brief else {},
        thread_id=row.thread_id,
        conversation_id=row.conversation_id,
        proposal_id=row.proposal_id,
        approval_id=approval.approval_id if approval else None,
        approval_status=approval.status if approval else None,
        may=_may(session, row, launch),
        waits_for=waits_for,
        launch=None if launch is None else _launch(session, warehouse, launch, now),
        readout_id=measured.readout_id if measured else None,
        verdict=measured.verdict if measured else None,
        used=campaign_used(
            session, [*threads_of_campaign(session, campaign_id), *reviewing], prices, currency
        ),
    )


def author_name(session: Session, user_id: str) -> str:
    """Return a user's name, or the id of one that is gone."""
    user = session.get(User, user_id)
    return user.name if user is not None else user_id


def _may(session: Session, row: Campaign, launch: Launch | None) -> tuple[str, ...]:
    sent = launch is not None and sent_any(session, [launch.launch_id])
    return tuple(sorted(allowed_events(CampaignState(row.state), sent_any=sent)))


def _launch(session: Session, warehouse: Warehouse, launch: Launch, now: datetime) -> LaunchView:
    counted = count_people(session, warehouse, read_terms(session, launch.launch_id, now))
    return LaunchView(
        launch_id=launch.launch_id,
        state=launch.state,
        digest=launch.digest,
        intended_at=launch.intended_at,
        started_at=launch.started_at,
        finished_at=launch.finished_at,
        people=counted.as_detail(),
        batches=tuple(
            BatchView(
                number=batch.number,
                people=batch.people,
                state=batch.state,
                slot_at=batch.slot_at,
                failure=batch.failure,
            )
            for batch in batches_of(session, launch.launch_id)
        ),
        failure=launch.failure,
    )
