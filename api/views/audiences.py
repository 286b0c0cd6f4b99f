"""Everybody who may be reached, the audiences of campaigns with their segments, and whom two of them share."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from api.records.consents import ConsentCount, workspace_consents
from api.records.people import count_people
from api.views.numbers import View
from api.views.proposal import AudienceView, audience_view
from policies.proposal import Content, parse
from policies.workspace_rules import WorkspaceRules
from store.repositories.people import SnapshotMissingError, snapshot_people
from store.repositories.workspaces import get_workspace
from store.tables import Campaign, Proposal
from store.warehouse import Warehouse

MOST = 12
"""How many audiences are shown and compared, those of the newest campaigns."""


class CampaignAudienceView(View):
    """The audience that a campaign's proposal binds; `readable`: its people are still kept, so they can be compared."""

    campaign_id: str
    campaign: str
    state: str
    audience: AudienceView
    readable: bool


class SharedView(View):
    """People who are in two audiences."""

    one: str
    other: str
    people: int


class ChannelConsentView(View):
    """Everybody by what they last said about marketing on a channel; the parts add up to `people`."""

    channel: str
    people: int
    granted: int
    withdrawn: int
    unknown: int
    suppressed: int


class AudiencesView(View):
    """`shared` holds each pair of readable audiences once, by campaign id."""

    people: int
    consents: tuple[ChannelConsentView, ...]
    audiences: tuple[CampaignAudienceView, ...]
    shared: tuple[SharedView, ...]


def audiences_view(session: Session, warehouse: Warehouse, workspace_id: str) -> AudiencesView:
    """Return the people of a workspace, and the audiences of its newest campaigns."""
    rules = WorkspaceRules.model_validate(get_workspace(session, workspace_id).rules)
    query = (
        select(Campaign, Proposal.canonical_json)
        .join(Proposal, col(Proposal.proposal_id) == Campaign.proposal_id)
        .where(Campaign.workspace_id == workspace_id)
        .order_by(col(Campaign.campaign_id).desc())
        .limit(MOST)
    )
    bound = [(campaign, parse(text)) for campaign, text in session.exec(query)]
    people = {
        campaign.campaign_id: found
        for campaign, content in bound
        if (found := _people(session, warehouse, workspace_id, content)) is not None
    }
    return AudiencesView(
        people=count_people(session, workspace_id),
        consents=tuple(
            _consent(each) for each in workspace_consents(session, workspace_id, list(rules.channels))
        ),
        audiences=tuple(
            CampaignAudienceView(
                campaign_id=campaign.campaign_id,
                campaign=campaign.name,
                state=campaign.state,
                audience=audience_view(content, rules),
                readable=campaign.campaign_id in people,
            )
            for campaign, content in bound
        ),
        shared=tuple(
            SharedView(one=one, other=other, people=len(np.intersect1d(people[one], people[other])))
            for one, other in combinations(people, 2)
        ),
    )


def _people(
    session: Session, warehouse: Warehouse, workspace_id: str, content: Content
) -> NDArray[np.str_] | None:
    try:
        return snapshot_people(session, warehouse, workspace_id, content.audience.snapshot_sha256)
    except SnapshotMissingError:
        return None


def _consent(one: ConsentCount) -> ChannelConsentView:
    return ChannelConsentView(
        channel=one.channel,
        people=one.people,
        granted=one.granted,
        withdrawn=one.withdrawn,
        unknown=one.unknown,
        suppressed=one.suppressed,
    )
