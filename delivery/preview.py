"""Who a campaign reaches, to the last person: from everybody to the approved net, and from there to who is written to.

Nothing is chosen, written or counted by looking: rules are asked as they would be, with the facts of now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from delivery.facts import Asked, gate_rules, read_facts
from delivery.launch import launch_id_of
from delivery.order import HOLDOUT, order_people
from delivery.ports import Ports
from delivery.reconcile import Reconciliation, count_people
from delivery.schedule import bounds_of
from delivery.terms import Terms, read_terms
from policies.errors import NotFoundError
from policies.gate import judge
from policies.proposal import Content, parse
from policies.workspace_rules import WorkspaceRules
from store.repositories.campaigns import get_campaign, get_proposal
from store.repositories.launches import launch_of_campaign
from store.repositories.people import snapshot_people
from store.repositories.workspaces import get_workspace
from store.tables import Campaign, Launch, Proposal


@dataclass(frozen=True)
class Funnel:
    """As it was frozen: `net` is `gross` without those `removed` by reason, and holds the holdout."""

    gross: int
    removed: Mapping[str, int]
    net: int


@dataclass(frozen=True)
class Reach:
    """The approved net as of now, each person counted once: net = held out + dropped since, by rule + reachable.

    Somebody is dropped whom the gate would let none of the campaign's channels write to. Hours of the day and the budget
    decide later, when and for whom; caps count as they stand.
    """

    held_out: int
    dropped: Mapping[str, int]
    reachable: int

    @property
    def accounted(self) -> int:
        """Everybody counted anywhere."""
        return self.held_out + sum(self.dropped.values()) + self.reachable


@dataclass(frozen=True)
class Preview:
    """A campaign's audience as approved, and either who would be reached now or, once launched, where everybody is."""

    proposal_id: str
    funnel: Funnel
    now: Reach | None
    launched: Reconciliation | None


def preview(ports: Ports, workspace_id: str, campaign_id: str) -> Preview:
    """Return the arithmetic of a campaign's present proposal; NotFoundError without one, SnapshotMissingError."""
    with ports.database.read() as session:
        campaign = get_campaign(session, workspace_id, campaign_id)
        if campaign.proposal_id is None:
            raise NotFoundError("this campaign has no proposal yet; nobody is chosen", value=campaign_id)
        proposal = get_proposal(session, workspace_id, campaign.proposal_id)
        content = parse(proposal.canonical_json)
        launch = launch_of_campaign(session, campaign_id)
        if launch is not None and launch.proposal_id == proposal.proposal_id:
            terms = read_terms(session, launch.launch_id, ports.clock.now(session))
            counted = count_people(session, ports.warehouse, terms)
            return Preview(proposal.proposal_id, funnel_of(content), None, counted)
        reach = _reach(session, ports, _as_if_launched(session, campaign, proposal, content))
        return Preview(proposal.proposal_id, funnel_of(content), reach, None)


def funnel_of(content: Content) -> Funnel:
    """Return how a proposal's audience came about."""
    audience = content.audience
    return Funnel(
        gross=content.number(audience.gross),
        removed={one.reason_id: content.number(one.people) for one in audience.removed},
        net=content.number(audience.net),
    )


def _as_if_launched(session: Session, campaign: Campaign, proposal: Proposal, content: Content) -> Terms:
    """The terms a proposal would have once it is approved; the launch among them is never written."""
    workspace = get_workspace(session, campaign.workspace_id)
    imagined = Launch(
        launch_id=launch_id_of(proposal.digest, campaign.campaign_id),
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.campaign_id,
        proposal_id=proposal.proposal_id,
        approval_id="",
        digest=proposal.digest,
        intended_at=proposal.created_at,
    )
    return Terms(
        launch=imagined,
        campaign=campaign,
        workspace=workspace,
        content=content,
        rules=WorkspaceRules.model_validate(workspace.rules),
        bounds=bounds_of(content, None),
        approval_valid=True,
    )


def _reach(session: Session, ports: Ports, terms: Terms) -> Reach:
    content, now = terms.content, ports.clock.now(session)
    people = snapshot_people(
        session, ports.warehouse, terms.workspace.workspace_id, content.audience.snapshot_sha256
    )
    ordered = order_people(people, content)
    asked_about = ordered.person_ids[ordered.groups != HOLDOUT]
    n = len(asked_about)
    rules = gate_rules(terms.rules, terms.workspace.timezone, quiet=False)
    open_to = np.zeros(n, dtype=np.bool_)
    first = np.full(n, "", dtype="<U40")
    for channel in sorted({arm.channel for arm in content.arms if arm.channel is not None}):
        asked = Asked(
            asked_about.tolist(),
            channel,
            np.zeros(n, dtype=np.bool_),
            np.zeros(n, dtype=np.int64),
            None,
        )
        verdicts = judge(read_facts(session, terms, asked, now), rules, now)
        open_to |= verdicts.sends
        named = np.array([verdicts.rule_id(place) or "" for place in range(n)], dtype="<U40")
        first = np.where(first == "", named, first)
    dropped = Counter(first[~open_to].tolist())
    return Reach(len(people) - n, dict(sorted(dropped.items())), int(open_to.sum()))
