"""The launch: the one step that turns a countersigned proposal into work, at most once.

Everything the approval rests on is read again from the database and the intent row is written in the same durable
transaction, so forged states, repeated calls and crashes can neither launch something else nor launch twice.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from delivery.countersigned import require_countersigned
from delivery.errors import LaunchRefusedError
from delivery.ports import Ports
from delivery.schedule import Bounds, Slot, bounds_of, plan_slots
from delivery.terms import SYSTEM
from policies.campaign import CampaignEvent, CampaignState, ProposalStatus, move_proposal, next_state
from policies.errors import NotFoundError
from policies.proposal import Content, parse
from policies.rule_digests import rule_digests
from policies.workspace_rules import WorkspaceRules
from store.repositories import campaigns as campaign_rows
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories.offers import changed_offers
from store.repositories.workspaces import get_workspace
from store.tables import Approval, Batch, Campaign, Launch, Proposal, Reservation, Snapshot, Workspace


class LaunchOutcome(NamedTuple):
    """A launch and whether this call made it; `starts_at` is its first slot."""

    launch_id: str
    changed: bool
    batches: int
    people: int
    starts_at: datetime


def launch_id_of(digest: str, campaign_id: str) -> str:
    """The one launch id that a proposal can have: sha256(proposal digest + campaign id)."""
    return hashlib.sha256(f"{digest}{campaign_id}".encode()).hexdigest()


def launch(ports: Ports, approval_id: str) -> LaunchOutcome:
    """Decide whether an approval may launch, and write the intent row, its batches and its money in one transaction.

    Asking again returns the launch that is there. Raises NotFoundError for an unknown approval and LaunchRefusedError
    naming what does not hold: the approval's status, its signatures, its expiry, the digest, or the campaign's state.
    """
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        # locked, so that of two who launch at once the second finds what the first has made
        approval = session.get(Approval, approval_id, with_for_update=True)
        if approval is None:
            raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
        proposal = campaign_rows.get_proposal(session, approval.workspace_id, approval.proposal_id)
        campaign = campaign_rows.get_campaign(session, approval.workspace_id, proposal.campaign_id)
        launch_id = launch_id_of(approval.digest, campaign.campaign_id)
        existing = launch_rows.find_launch(session, launch_id)
        if existing is not None:
            _require_same(existing, approval)
            return _outcome(session, existing, changed=False)
        require_countersigned(session, ports.audit, approval, proposal, now, refused=LaunchRefusedError)
        _require_current(campaign, proposal)
        content = parse(proposal.canonical_json)
        workspace = get_workspace(session, approval.workspace_id)
        _require_launchable(session, ports, workspace, content)
        return _intend(session, ports, launch_id, approval, proposal, campaign, workspace, content, now)


def _require_same(existing: Launch, approval: Approval) -> None:
    if existing.approval_id != approval.approval_id:
        raise LaunchRefusedError(
            f"exactly this content was launched before, under approval {existing.approval_id}, and a content launches "
            "once; change something and propose it again",
            value=existing.approval_id,
        )


def _require_current(campaign: Campaign, proposal: Proposal) -> None:
    if campaign.proposal_id != proposal.proposal_id:
        raise LaunchRefusedError(
            "a newer proposal has taken this one's place in its campaign; approve that one",
            value=proposal.proposal_id,
        )


def _require_launchable(session: Session, ports: Ports, workspace: Workspace, content: Content) -> None:
    if workspace.stopped_at is not None:
        raise LaunchRefusedError(
            "the workspace is stopped; resume it before launching", value=workspace.workspace_id
        )
    changed = [
        name for name, digest in rule_digests(_rules(workspace)).items() if content.rules.get(name) != digest
    ]
    if changed:
        raise LaunchRefusedError(
            f"the rules ({', '.join(changed)}) are not those that the proposal was judged by; propose it again",
            value=", ".join(changed),
        )
    for arm in content.arms:
        if arm.channel is not None:
            ports.channel(arm.channel)
            if arm.creative_digest is None:
                raise LaunchRefusedError(f"arm {arm.id} has no creative to send", value=arm.id)
            _require_creative(session, workspace.workspace_id, arm.creative_digest)
    if any(group.id == "business_as_usual" for group in content.experiment.groups):
        raise LaunchRefusedError(
            "a business-as-usual group needs what ran before as its arm, which this launch cannot send; leave it out",
            value="business_as_usual",
        )
    changed_offer = next(iter(changed_offers(session, workspace.workspace_id, content)), None)
    if changed_offer is not None:
        raise LaunchRefusedError(
            f"the offer {changed_offer} is not the one that was approved: it was changed or taken away since; "
            "propose the campaign again",
            value=changed_offer,
        )
    snapshot = session.get(Snapshot, (workspace.workspace_id, content.audience.snapshot_sha256))
    net = content.number(content.audience.net)
    if snapshot is None or snapshot.people != net:
        raise LaunchRefusedError(
            f"the audience of {net} people that was approved is not kept in this home; propose the campaign again",
            value=content.audience.snapshot_sha256,
        )


def _require_creative(session: Session, workspace_id: str, digest: str) -> None:
    try:
        campaign_rows.get_creative(session, workspace_id, digest)
    except (NotFoundError, campaign_rows.CreativeChangedError) as error:
        raise LaunchRefusedError(error.message, value=digest) from error


def _rules(workspace: Workspace) -> WorkspaceRules:
    return WorkspaceRules.model_validate(workspace.rules)


def _intend(
    session: Session,
    ports: Ports,
    launch_id: str,
    approval: Approval,
    proposal: Proposal,
    campaign: Campaign,
    workspace: Workspace,
    content: Content,
    now: datetime,
) -> LaunchOutcome:
    bounds = bounds_of(content, approval.limits)
    rules = WorkspaceRules.model_validate(workspace.rules)
    slots = plan_slots(content, bounds, timezone=workspace.timezone, first_slot_local=rules.first_slot_local)
    row = Launch(
        launch_id=launch_id,
        workspace_id=workspace.workspace_id,
        campaign_id=campaign.campaign_id,
        proposal_id=proposal.proposal_id,
        approval_id=approval.approval_id,
        digest=proposal.digest,
        intended_at=now,
    )
    launch_rows.add_launch(session, row, [_batch(row, slot) for slot in slots])
    send_rows.reserve_budget(session, _reservation(row, campaign, workspace, bounds, now))
    _move(session, campaign, proposal, now)
    ports.audit.append(
        session,
        workspace_id=workspace.workspace_id,
        at=now,
        actor=SYSTEM,
        action="launch.intended",
        subject=launch_id,
        detail={
            "approval": approval.approval_id,
            "campaign": campaign.campaign_id,
            "digest": proposal.digest,
            "people": bounds.people,
            "budget_minor": bounds.budget_minor,
            "batches": len(slots),
            "starts_at": slots[0].at.isoformat(),
            "rules": rules.digest(),
        },
        rows=(row, proposal),
    )
    return _outcome(session, row, changed=True)


def _move(session: Session, campaign: Campaign, proposal: Proposal, now: datetime) -> None:
    moved = move_proposal(ProposalStatus(proposal.status), ProposalStatus.LAUNCHED)
    campaign_rows.move_proposal(session, proposal.proposal_id, expected=proposal.status, to=moved.to)
    following = next_state(CampaignState(campaign.state), CampaignEvent.SCHEDULE, sent_any=False)
    campaign_rows.move_campaign(
        session, campaign.campaign_id, expected=campaign.state, to=following.to, at=now
    )


def _batch(row: Launch, slot: Slot) -> Batch:
    return Batch(
        batch_id=f"{row.launch_id[:20]}-{slot.number:04d}",
        workspace_id=row.workspace_id,
        launch_id=row.launch_id,
        number=slot.number,
        first=slot.first,
        people=slot.people,
        slot_at=slot.at,
        due_at=slot.at,
    )


def _reservation(
    row: Launch, campaign: Campaign, workspace: Workspace, bounds: Bounds, now: datetime
) -> Reservation:
    return Reservation(
        reservation_id=f"budget:{row.launch_id}",
        workspace_id=row.workspace_id,
        subject=f"budget:{campaign.campaign_id}",
        holder=row.launch_id,
        unit=f"minor:{workspace.currency}",
        amount=bounds.budget_minor,
        changed_at=now,
    )


def _outcome(session: Session, row: Launch, *, changed: bool) -> LaunchOutcome:
    batches = launch_rows.batches_of(session, row.launch_id)
    return LaunchOutcome(
        row.launch_id, changed, len(batches), sum(batch.people for batch in batches), batches[0].slot_at
    )
