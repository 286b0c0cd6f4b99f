"""What a running launch may do right now, read again before every step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from delivery.countersigned import still_countersigned
from delivery.schedule import Bounds, bounds_of, canary_batches, first_instant, last_instant
from policies.campaign import TERMINAL_STATES, CampaignState
from policies.proposal import Arm, Content, parse
from policies.workspace_rules import WorkspaceRules
from store.repositories.approvals import get_approval
from store.repositories.campaigns import get_campaign, get_proposal
from store.repositories.launches import get_launch
from store.repositories.workspaces import get_workspace
from store.tables import Campaign, Launch, Workspace

NONE_ARM = "none"
SYSTEM = "system"
"""Who acts in the audit log when no person does."""
STEP = "launch"
OCCURRENCE = "1"


@dataclass(frozen=True)
class Terms:
    """A launch with everything that bounds it, as of one instant."""

    launch: Launch
    campaign: Campaign
    workspace: Workspace
    content: Content
    rules: WorkspaceRules
    bounds: Bounds
    approval_valid: bool

    @property
    def paused(self) -> bool:
        """Whether somebody has paused the campaign."""
        return self.campaign.state == CampaignState.PAUSED

    @property
    def stopped_by(self) -> str | None:
        """What has ended this launch for good: `workspace_stopped`, `stopped`, `not_approved`, or None."""
        if self.workspace.stopped_at is not None:
            return "workspace_stopped"
        if CampaignState(self.campaign.state) in TERMINAL_STATES:
            return "stopped"
        return None if self.approval_valid else "not_approved"

    @property
    def step(self) -> str:
        """The step of the campaign that this launch is, part of every send key."""
        return f"{STEP}:{self.launch.launch_id[:20]}"

    @property
    def canaries(self) -> int:
        """How many of the first batches are ramp steps of their own."""
        return canary_batches(self.content)

    def arm(self, arm_id: str) -> Arm:
        """Return an arm of the proposal by id; KeyError for one that was never approved."""
        return {arm.id: arm for arm in self.content.arms}[arm_id]

    def cost_minor(self, arm_id: str) -> int:
        """What one message of an arm costs, in minor units; 0 for doing nothing."""
        arm = self.arm(arm_id)
        return 0 if arm.channel is None else self.content.number(arm.message_cost)


def read_terms(session: Session, launch_id: str, now: datetime) -> Terms:
    """Read a launch's terms; the approval is valid only while every link from it to the content holds."""
    launch = get_launch(session, launch_id)
    campaign = get_campaign(session, launch.workspace_id, launch.campaign_id)
    workspace = get_workspace(session, launch.workspace_id)
    proposal = get_proposal(session, launch.workspace_id, launch.proposal_id)
    approval = get_approval(session, launch.workspace_id, launch.approval_id)
    content = parse(proposal.canonical_json)
    rules = WorkspaceRules.model_validate(workspace.rules)
    starts = first_instant(content, workspace.timezone, "00:00")
    within = starts <= now < last_instant(content, workspace.timezone)
    return Terms(
        launch=launch,
        campaign=campaign,
        workspace=workspace,
        content=content,
        rules=rules,
        bounds=bounds_of(content, approval.limits),
        approval_valid=within
        and campaign.proposal_id == proposal.proposal_id
        and still_countersigned(session, approval, proposal, launch.digest),
    )
