"""How many people of a proposal's audience other campaigns reach at the same time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from api.views.numbers import View
from policies.campaign import CampaignState
from policies.proposal import Content, parse
from store.repositories.people import SnapshotMissingError, snapshot_people
from store.tables import Campaign, Proposal
from store.warehouse import Warehouse

People = NDArray[np.str_] | None
RUNNING = (
    CampaignState.APPROVED,
    CampaignState.SCHEDULED,
    CampaignState.CANARY,
    CampaignState.LIVE,
    CampaignState.PAUSED,
)


class OverlapView(View):
    """Another campaign that may send, and how many are in both audiences; None where a snapshot cannot be read."""

    campaign_id: str
    campaign: str
    state: str
    starts: str
    ends: str
    people: int | None
    snapshot_sha256: str
    note: str


def overlaps(
    session: Session, warehouse: Warehouse, workspace_id: str, campaign_id: str | None, content: Content
) -> tuple[OverlapView, ...]:
    """Count the people whom this audience shares with each other campaign that is approved, scheduled or running."""
    query = (
        select(Campaign, Proposal.canonical_json)
        .join(Proposal, col(Proposal.proposal_id) == Campaign.proposal_id)
        .where(
            Campaign.workspace_id == workspace_id,
            col(Campaign.state).in_([state.value for state in RUNNING]),
            col(Campaign.campaign_id) != (campaign_id or ""),
        )
        .order_by(col(Campaign.campaign_id))
    )
    others = session.exec(query).all()
    if not others:
        return ()
    mine = _people(session, warehouse, workspace_id, content)
    return tuple(
        _overlap(campaign, other, mine, _people(session, warehouse, workspace_id, other))
        for campaign, other in ((campaign, parse(text)) for campaign, text in others)
    )


def _overlap(campaign: Campaign, other: Content, mine: People, theirs: People) -> OverlapView:
    known = mine is not None and theirs is not None
    return OverlapView(
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        state=campaign.state,
        starts=other.text(other.envelope.starts),
        ends=other.text(other.envelope.ends),
        people=int(np.isin(mine, theirs).sum()) if known else None,  # type: ignore[arg-type]  # known says so
        snapshot_sha256=other.audience.snapshot_sha256,
        note="" if known else "a snapshot cannot be read any more; people may have been forgotten since",
    )


def _people(session: Session, warehouse: Warehouse, workspace_id: str, content: Content) -> People:
    try:
        return snapshot_people(session, warehouse, workspace_id, content.audience.snapshot_sha256)
    except SnapshotMissingError:
        return None
