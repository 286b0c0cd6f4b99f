"""Taking an approval back, by a person: possible until the first message has been handed to a provider.

A policy change that is still waiting is taken back by who proposed it.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from delivery.control import end_launch
from delivery.ports import Ports
from policies.authority import Action, Person, Resource, require_authority
from policies.campaign import CampaignEvent, CampaignState, ProposalStatus, move_proposal, next_state
from policies.errors import InvalidInputError
from policies.policy_change import KIND as POLICY_CHANGE
from store.repositories import campaigns as campaign_rows
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories.approval_endings import revoke, withdraw
from store.repositories.approvals import ApprovalClosedError, locked_approval
from store.repositories.resolutions import says_something
from store.repositories.signing import facts_of
from store.tables import Approval, Proposal

_LONGEST_REASON = 500


class Revoked(NamedTuple):
    """The approval's status now, and whether this call took it back."""

    approval_id: str
    status: str
    changed: bool


def revoke_approval(ports: Ports, person: Person, approval_id: str, reason: str) -> Revoked:
    """Take back an approval before its first message; the campaign goes back to draft. Doing it again changes nothing.

    What was planned and not sent is dropped. Raises NotFoundError, NotAuthorisedError, InvalidInputError without a
    reason, ApprovalClosedError for one that is not approved or took effect at once, AlreadySentError once a message
    may have left.
    """
    if not says_something(reason) or len(reason) > _LONGEST_REASON:
        raise InvalidInputError(
            f"say why it is taken back, in 1 to {_LONGEST_REASON} characters; this has {len(reason.strip())}",
            value=reason,
        )
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        approval = locked_approval(session, person.workspace_id, approval_id)
        proposal = campaign_rows.get_proposal(session, approval.workspace_id, approval.proposal_id)
        resource = Resource(proposal.kind, approval.author_id, approval.workspace_id, approval_id)
        require_authority(person, Action.REVOKE_APPROVAL, resource, facts_of(approval, delegated=False))
        if approval.status == "revoked":
            return Revoked(approval_id, approval.status, False)
        _require_revocable(approval, proposal)
        if proposal.status == ProposalStatus.LAUNCHED:
            _take_back(session, proposal, now)
        revoke(session, ports.audit, approval, at=now, actor=person.user_id, reason=reason)
        if proposal.campaign_id is not None:
            for launch in launch_rows.launches_of_campaign(session, proposal.campaign_id):
                if launch.approval_id == approval_id and launch.finished_at is None:
                    end_launch(session, ports, launch, "revoked")
        return Revoked(approval_id, approval.status, True)


def withdraw_change(ports: Ports, person: Person, approval_id: str) -> Revoked:
    """Take back a policy change that waits for its signature: its author may, and an admin. Again, it changes nothing.

    Raises NotFoundError, NotAuthorisedError, InvalidInputError for a proposal of another kind, and ApprovalClosedError
    for one that somebody has resolved.
    """
    with ports.database.write(durable=True) as session:
        approval = locked_approval(session, person.workspace_id, approval_id)
        proposal = campaign_rows.get_proposal(session, approval.workspace_id, approval.proposal_id)
        if proposal.kind != POLICY_CHANGE:
            raise InvalidInputError(
                f"only a policy change is withdrawn here, and this is a {proposal.kind}; a campaign is changed by talking, "
                "or stopped",
                value=proposal.kind,
            )
        if person.user_id != proposal.author_id:
            workspace = Resource("workspace", None, person.workspace_id, person.workspace_id)
            require_authority(person, Action.MANAGE_USERS, workspace)
        if approval.status == ProposalStatus.REVOKED and approval.resolved_at is not None:
            return Revoked(approval_id, approval.status, False)
        withdraw(session, ports.audit, approval, at=ports.clock.now(), actor=person.user_id)
        return Revoked(approval_id, approval.status, True)


def _require_revocable(approval: Approval, proposal: Proposal) -> None:
    if approval.status != "approved":
        raise ApprovalClosedError(
            f"this approval is {approval.status}; only one that is approved can be taken back, a pending one is rejected",
            value=approval.status,
        )
    if proposal.campaign_id is None and proposal.status != ProposalStatus.APPROVED:
        words = proposal.kind.replace("_", " ")
        raise ApprovalClosedError(
            f"this {words} is {proposal.status}; what took effect is undone by proposing the opposite change",
            value=proposal.kind,
        )


def _take_back(session: Session, proposal: Proposal, now: datetime) -> None:
    """Move a launched proposal and its campaign back; AlreadySentError once a provider may have been given a message."""
    campaign = campaign_rows.get_campaign(session, proposal.workspace_id, proposal.campaign_id)
    launches = launch_rows.launches_of_campaign(session, campaign.campaign_id)
    sent_any = send_rows.sent_any(
        session,
        [launch.launch_id for launch in launches if launch.proposal_id == proposal.proposal_id],
    )
    moved = move_proposal(ProposalStatus(proposal.status), ProposalStatus.REVOKED, sent_any=sent_any)
    state = CampaignState(campaign.state)
    following = next_state(state, CampaignEvent.REVOKE, sent_any=sent_any)
    campaign_rows.move_proposal(session, proposal.proposal_id, expected=proposal.status, to=moved.to)
    campaign_rows.move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=now)
