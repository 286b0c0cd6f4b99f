"""Approvers with as many proposals before them as a bench asks for, each one a copy of what a real brief came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from agents.checkpoints import open_checkpoints
from agents.crew import LiveCrew
from agents.propose.graph import build_propose
from agents.state import GRAPH_VERSION
from agents.threads import Threads
from bench.place import brief, never, open_place
from policies.authority import RiskAssessment, Role, SignatureRequirement
from policies.proposal import digest_of
from store.audit import AuditLog
from store.home import Home
from store.ids import IdSource
from store.repositories.approvals import approval_of_proposal, open_approval
from store.repositories.campaigns import get_proposal
from store.repositories.proposing import log_frozen, submit_campaign
from store.repositories.signing import requirements_of, risk_of
from store.repositories.workspaces import add_user, create_workspace, grant_role, issue_key
from store.tables import Campaign, Proposal

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Frozen:
    """What a brief came to: the frozen content, and what its approval asks for."""

    canonical_json: str
    required: tuple[SignatureRequirement, ...]
    risk: RiskAssessment | None

    @property
    def digest(self) -> str:
        """What is countersigned."""
        return digest_of(self.canonical_json)


@dataclass(frozen=True)
class ApproversDesk:
    """The key of a workspace's approver, and the approvals that wait there, the oldest first."""

    key: str
    approval_ids: tuple[str, ...]


async def frozen_example(folder: Path) -> Frozen:
    """Propose the example's brief over all its customers, through the whole graph."""
    async with open_place(folder) as place, open_checkpoints(folder / "checkpoints.db") as checkpoints:
        bench = place.bench
        threads = Threads(bench, build_propose(bench, LiveCrew(bench), never, checkpoints))
        started = await threads.start(
            workspace_id=place.workspace_id, author_id=place.author_id, text=brief()
        )
        with bench.database.read() as session:
            proposal = get_proposal(session, place.workspace_id, started.state["proposal_id"])
            approval = approval_of_proposal(session, proposal.proposal_id)
            if approval is None:
                raise RuntimeError(f"the example's proposal has no approval: {started.state['status']}")
            return Frozen(proposal.canonical_json, requirements_of(approval), risk_of(approval))


def make_desks(
    home: Home, ids: IdSource, at: datetime, frozen: Frozen, counts: Sequence[int]
) -> tuple[ApproversDesk, ...]:
    """Make one workspace for each number, with so many pending approvals of its own."""
    database, audit = home.database(), AuditLog(home.keys_dir)
    desks: list[ApproversDesk] = []
    for count in counts:
        with database.write(durable=True) as session:
            author, key, workspace_id = _people(session, ids, at, f"{count} approvals")
            asked = [_ask(session, audit, ids, at, frozen, workspace_id, author) for _ in range(count)]
        desks.append(ApproversDesk(key, tuple(asked)))
    database.close()
    return tuple(desks)


def _people(session: Session, ids: IdSource, at: datetime, name: str) -> tuple[str, str, str]:
    workspace_id = create_workspace(
        session, ids=ids, at=at, name=name, currency="USD", timezone="America/New_York"
    ).workspace_id
    users: list[str] = []
    for called, role in (("Ada", Role.MARKETER), ("Grace", Role.CAMPAIGN_MANAGER)):
        user_id = add_user(session, ids=ids, at=at, workspace_id=workspace_id, name=called).user_id
        grant_role(session, ids=ids, at=at, workspace_id=workspace_id, user_id=user_id, role=role.value)
        users.append(user_id)
    issued = issue_key(session, ids=ids, at=at, workspace_id=workspace_id, user_id=users[1], label="bench")
    return users[0], issued.plain, workspace_id


def _ask(
    session: Session,
    audit: AuditLog,
    ids: IdSource,
    at: datetime,
    frozen: Frozen,
    workspace_id: str,
    author: str,
) -> str:
    campaign = Campaign(
        campaign_id=ids.new(),
        workspace_id=workspace_id,
        name="Winback",
        author_id=author,
        created_at=at,
        changed_at=at,
    )
    session.add(campaign)
    session.flush()
    proposal = Proposal(
        proposal_id=ids.new(),
        workspace_id=workspace_id,
        campaign_id=campaign.campaign_id,
        thread_id=ids.new(),
        author_id=author,
        kind="campaign",
        digest=frozen.digest,
        canonical_json=frozen.canonical_json,
        model="embedded-rules/1",
        graph_version=GRAPH_VERSION,
        created_at=at,
    )
    session.add(proposal)
    session.flush()
    approval = open_approval(
        session,
        approval_id=ids.new(),
        proposal=proposal,
        required=frozen.required,
        at=at,
        expires_at=at + WEEK,
        risk=frozen.risk,
    )
    submit_campaign(session, workspace_id, campaign.campaign_id, proposal.proposal_id, at)
    log_frozen(session, audit, proposal, approval, at)
    return approval.approval_id
