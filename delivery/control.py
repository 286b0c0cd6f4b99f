"""The brake: pausing, resuming and stopping a campaign or a whole workspace, by a signed-in person.

Stopping works from every state and needs no approval. A batch that is being sent looks at the state before every chunk, so
a stop takes hold within one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlmodel import Session

from delivery.ports import Ports
from delivery.settle import settle_launch
from policies.authority import Person, Resource, require_authority
from policies.authority.decide import Action
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.layers import Layer
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories import workspaces as workspace_rows
from store.repositories.approval_endings import close_with_campaign
from store.repositories.approvals import approval_of_proposal, locked_approval
from store.repositories.campaigns import get_campaign, move_campaign
from store.tables import Approval, Campaign, Launch

_DROPPED_BY = {
    "stopped": (Layer.APPROVAL, "campaign.stopped"),
    "workspace_stopped": (Layer.WORKSPACE_STOPPED, "gate.workspace_stopped"),
    "revoked": (Layer.APPROVAL, "approval.revoked"),
}


class Controlled(NamedTuple):
    """The state a campaign is in now, and whether this call brought it there."""

    campaign_id: str
    state: str
    changed: bool


def pause(ports: Ports, person: Person, campaign_id: str) -> Controlled:
    """Halt a campaign until somebody resumes it; what has been handed to a provider is on its way."""
    with ports.database.write(durable=True) as session:
        campaign = _authorised(session, person, Action.PAUSE, campaign_id)
        if campaign.state == CampaignState.PAUSED:
            return Controlled(campaign_id, campaign.state, False)
        return _move(session, ports, person, campaign, CampaignEvent.PAUSE)


def resume(ports: Ports, person: Person, campaign_id: str) -> Controlled:
    """Let a paused campaign go on where it was; batches whose time has passed go out at once."""
    with ports.database.write(durable=True) as session:
        campaign = _authorised(session, person, Action.RESUME, campaign_id)
        return _move(session, ports, person, campaign, CampaignEvent.RESUME)


def stop(ports: Ports, person: Person, campaign_id: str) -> Controlled:
    """End a campaign for good, from any state; on one that has ended already nothing changes.

    People whose turn had not come are not reached, messages that no provider has been given are dropped, and what was
    sent is still measured. An approval that waits, or has not launched, is taken back.
    """
    with ports.database.write(durable=True) as session:
        campaign = _authorised(session, person, Action.STOP, campaign_id)
        approval = _held_approval(session, campaign)
        done = _move(session, ports, person, campaign, CampaignEvent.STOP)
        if done.changed:
            if approval is not None:
                close_with_campaign(
                    session,
                    ports.audit,
                    approval,
                    at=ports.clock.now(),
                    actor=person.user_id,
                    reason="the campaign was stopped",
                )
            for launch in launch_rows.launches_of_campaign(session, campaign_id):
                if launch.finished_at is None:
                    end_launch(session, ports, launch, "stopped")
        return done


def stop_workspace(ports: Ports, person: Person) -> bool:
    """Stop every message of the person's workspace; says whether this call did it.

    Every running launch ends as if its campaign had been stopped; resuming the workspace does not bring them back.
    """
    with ports.database.write(durable=True) as session:
        workspace_id = person.workspace_id
        require_authority(person, Action.STOP, Resource("workspace", None, workspace_id, workspace_id))
        changed = workspace_rows.stop_workspace(session, workspace_id, ports.clock.now())
        if changed:
            running = launch_rows.running_launches(session, workspace_id)
            _audit(session, ports, person, "workspace.stopped", workspace_id, {"launches": len(running)})
            for launch in running:
                end_launch(session, ports, launch, "workspace_stopped")
        return changed


def resume_workspace(ports: Ports, person: Person) -> bool:
    """Let a stopped workspace launch again; says whether this call did it."""
    with ports.database.write(durable=True) as session:
        workspace_id = person.workspace_id
        require_authority(person, Action.RESUME, Resource("workspace", None, workspace_id, workspace_id))
        changed = workspace_rows.resume_workspace(session, workspace_id)
        if changed:
            _audit(session, ports, person, "workspace.resumed", workspace_id, {})
        return changed


def _authorised(session: Session, person: Person, action: Action, campaign_id: str) -> Campaign:
    campaign = get_campaign(session, person.workspace_id, campaign_id)
    resource = Resource("campaign", campaign.author_id, campaign.workspace_id, campaign_id)
    require_authority(person, action, resource)
    return campaign


def _held_approval(session: Session, campaign: Campaign) -> Approval | None:
    """The campaign's approval, held before the campaign is changed, as whoever answers it holds it first."""
    if campaign.proposal_id is None:
        return None
    approval = approval_of_proposal(session, campaign.proposal_id)
    if approval is None:
        return None
    held = locked_approval(session, campaign.workspace_id, approval.approval_id)
    session.refresh(campaign)
    return held


def _move(
    session: Session, ports: Ports, person: Person, campaign: Campaign, event: CampaignEvent
) -> Controlled:
    launches = launch_rows.launches_of_campaign(session, campaign.campaign_id)
    sent_any = send_rows.sent_any(session, [launch.launch_id for launch in launches])
    state = CampaignState(campaign.state)
    paused_from = CampaignState(campaign.paused_from) if campaign.paused_from else None
    following = next_state(state, event, sent_any=sent_any, paused_from=paused_from)
    if following.changed:
        now = ports.clock.now()
        campaign.paused_from = state.value if event is CampaignEvent.PAUSE else None
        session.add(campaign)
        session.flush()
        move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=now)
        detail = {"from": state.value, "to": following.to.value}
        _audit(session, ports, person, f"campaign.{event.value}", campaign.campaign_id, detail)
    return Controlled(campaign.campaign_id, following.to.value, following.changed)


def end_launch(session: Session, ports: Ports, launch: Launch, by: str) -> None:
    """Take back what is left of a launch: people whose turn had not come, and messages nobody has been given."""
    now = ports.clock.now()
    layer, rule = _DROPPED_BY[by]
    launch_rows.cancel_planned(session, launch.launch_id, cancelled_by=by)
    send_rows.drop_waiting(session, launch.launch_id, layer=layer.code, rule=rule)
    launch_rows.hurry_chosen(session, launch.launch_id, now)
    settle_launch(session, ports, launch.launch_id, now)


def _audit(
    session: Session, ports: Ports, person: Person, action: str, subject: str, detail: Mapping[str, str | int]
) -> None:
    ports.audit.append(
        session,
        workspace_id=person.workspace_id,
        at=ports.clock.now(),
        actor=person.user_id,
        action=action,
        subject=subject,
        detail=detail,
    )
