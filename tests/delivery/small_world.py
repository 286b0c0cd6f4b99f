"""A small home with a countersigned campaign: 200 people, two e-mails and nothing, a replay world behind it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import Session

from delivery.channels.interface import Channel
from delivery.channels.replay import ReplayProvider
from delivery.features import CustomerFeatures
from delivery.ports import Ports
from policies.authority import Person as Signer
from policies.authority import Role
from policies.authority.signatures import SignatureFacts, required_signatures
from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.consent import Channel as ContactChannel
from policies.consent import ConsentStatus, Purpose, pack
from policies.proposal import (
    freeze,
)
from store.audit import AuditLog
from store.bulk import insert_rows
from store.clock import ReplayClock
from store.database import migrate
from store.home import Home, HomeSettings, create_home, open_home
from store.ids import SeededIds
from store.importing.replay_world import publish_world, stage_world
from store.repositories.agent_work import add_draft
from store.repositories.approvals import Resolution, open_approval, resolve
from store.repositories.campaigns import move_campaign
from store.repositories.people import snapshot_sha256, take_snapshot
from store.repositories.proposing import log_frozen, put_creatives
from store.repositories.told_people import people_of
from store.repositories.workspaces import add_user, create_workspace, get_workspace, grant_role, issue_key
from store.tables import Campaign, Person, Proposal, ServedProfile, Workspace
from store.warehouse import Warehouse
from tests.delivery.small_plan import ARMS, FEATURES, START, USUAL, Plan, make_content
from tools.bandits.prior import PRIOR_KIND, prior_content
from tools.bandits.ridge import RidgeState
from tools.content.creative import Creative


class World(NamedTuple):
    """A home with an approved campaign that has not been launched."""

    home: Home
    ports: Ports
    workspace_id: str
    campaign_id: str
    proposal_id: str
    approval_id: str
    author: Signer
    approver: Signer
    people: list[str]

    @property
    def provider(self) -> ReplayProvider:
        return self.ports.outcomes  # type: ignore[return-value]

    def with_channel(self, channel: Channel) -> World:
        """The same world with another provider of e-mails."""
        return self._replace(ports=replace(self.ports, channels={"email": channel}))

    def change(self, statement: sa.Executable) -> None:
        """Change rows behind everybody's back."""
        with self.ports.database.write() as session:
            session.connection().execute(statement)


def make_world(path: Path, plan: Plan = USUAL, *, approve: bool = True, address: str | None = None) -> World:
    """Make the home and bring its campaign to a countersigned proposal; `address` names a PostgreSQL database for its tables."""
    settings = HomeSettings(
        home_id="test",
        kind="demo",
        clock="replay",
        seed=1,
        created_at=START,
        currency="USD",
        timezone="America/New_York",
        operational_url=address,
    )
    home = create_home(path / "home", settings)
    database = home.database()
    migrate(database)
    database.close()
    ports = ports_of(home, ids=SeededIds("world", START))
    clock = ports.clock
    assert isinstance(clock, ReplayClock)
    clock.start(START)
    with ports.database.write() as session:
        workspace = create_workspace(
            session, ids=ports.ids, at=START, name="Shop", currency="USD", timezone="America/New_York"
        )
        workspace.rules = plan.rules.model_dump(mode="json")
        session.add(workspace)
        author, approver = _users(session, ports, workspace)
        people = _people(session, ports, home, workspace, plan.people)
        proposal = _propose(session, ports, workspace, author, people, plan)
        ports.audit.append(
            session,
            workspace_id=workspace.workspace_id,
            at=START,
            actor=author.user_id,
            action="workspace.created",
            subject=workspace.workspace_id,
            detail={},
            rows=people_of(session, workspace.workspace_id),
        )
        approval_id = _ask(session, ports, proposal)
    world = World(
        home, ports, workspace.workspace_id, proposal.campaign_id, proposal.proposal_id, approval_id, author, approver,
        people,
    )  # fmt: skip
    if approve:
        countersign(world, plan.limits)
    return world


def add_campaign(world: World, plan: Plan, number: int) -> World:
    """The same home with another countersigned campaign for the same people, as a world of its own."""
    with world.ports.database.write() as session:
        workspace = get_workspace(session, world.workspace_id)
        proposal = _propose(
            session, world.ports, workspace, world.author, world.people, plan, thread_id=f"thread-{number}"
        )
        approval_id = _ask(session, world.ports, proposal)
    other = world._replace(
        campaign_id=proposal.campaign_id, proposal_id=proposal.proposal_id, approval_id=approval_id
    )
    countersign(other, plan.limits)
    return other


def _ask(session: Session, ports: Ports, proposal: Proposal) -> str:
    """Open the approval of a proposal and return its id."""
    approval = open_approval(
        session,
        approval_id=ports.ids.new(),
        proposal=proposal,
        required=required_signatures("campaign", SignatureFacts()),
        at=START,
        expires_at=START + timedelta(days=7),
    )
    log_frozen(session, ports.audit, proposal, approval, START)
    return approval.approval_id


def countersign(world: World, limits: dict[str, int] | None = None) -> None:
    """Let the second person approve."""
    ports = world.ports
    with ports.database.write(durable=True) as session:
        proposal = session.get(Proposal, world.proposal_id)
        assert proposal is not None
        answer = Resolution("approve_limited" if limits else "approve", proposal.digest, limits=limits)
        resolve(
            session,
            ports.audit,
            approval_id=world.approval_id,
            signature_id=ports.ids.new(),
            person=world.approver,
            resolution=answer,
            at=ports.clock.now(),
        )


def ports_of(home: Home, ids: SeededIds | None = None) -> Ports:
    """The ports of a home, with the replay provider for e-mail."""
    database = home.database()
    warehouse = Warehouse(home.history_dir)
    provider = ReplayProvider(home.replay_dir, "USD")
    return Ports(
        database=database,
        warehouse=warehouse,
        clock=ReplayClock(database, home.settings.home_id),
        ids=ids or SeededIds("again", START),
        audit=AuditLog(home.keys_dir),
        channels={"email": provider},
        outcomes=provider,
        features=CustomerFeatures(warehouse),
        unsubscribe_url="https://shop.invalid/unsubscribe",
    )


def reopen(path: Path, world: World) -> World:
    """The same world as another process would open it."""
    home = open_home(path / "home")
    return world._replace(home=home, ports=ports_of(home))


def _users(session: Session, ports: Ports, workspace: Workspace) -> tuple[Signer, Signer]:
    signers = []
    for name, role in (("mira", Role.MARKETER), ("ravi", Role.CAMPAIGN_MANAGER)):
        user = add_user(session, ids=ports.ids, at=START, workspace_id=workspace.workspace_id, name=name)
        grant_role(
            session,
            ids=ports.ids,
            at=START,
            workspace_id=workspace.workspace_id,
            user_id=user.user_id,
            role=role,
        )
        issue_key(
            session,
            ids=ports.ids,
            at=START,
            workspace_id=workspace.workspace_id,
            user_id=user.user_id,
            label="first key",
        )
        signers.append(Signer(user.user_id, frozenset({role}), workspace.workspace_id))
    return signers[0], signers[1]


def _people(session: Session, ports: Ports, home: Home, workspace: Workspace, count: int) -> list[str]:
    """People, a third of whom live where it is three hours earlier; outcomes drawn from a seed."""
    random = np.random.default_rng(3)
    people = [ports.ids.new() for _ in range(count)]
    workspace_id = workspace.workspace_id
    yes = pack({(ContactChannel.EMAIL, Purpose.MARKETING): ConsentStatus.GRANTED})
    insert_rows(
        session,
        Person,
        [{"person_id": p, "workspace_id": workspace_id, "created_at": START} for p in people],
    )
    zones = ["America/Los_Angeles" if i % 3 == 0 else "America/New_York" for i in range(count)]
    insert_rows(
        session,
        ServedProfile,
        [
            {
                "person_id": p,
                "workspace_id": workspace_id,
                "consent_bits": yes,
                "suppression_bits": 0,
                "profile_version": 1,
                "timezone": zone,
                "locale": "en-US",
                "features": {},
                "features_definition": "none",
            }
            for p, zone in zip(people, zones, strict=True)
        ],
    )
    months = random.integers(6, 13, count)
    mens, womens = random.integers(0, 2, count), random.integers(0, 2, count)
    ports.warehouse.append(
        workspace_id,
        "customers",
        "import-1",
        pa.table(
            {
                "person_id": people,
                "last_purchase_on": [
                    date(2026, 12 - int(m), 1) if m < 12 else date(2025, 24 - int(m), 1) for m in months
                ],
                "history": random.gamma(2.0, 120.0, count),
                "mens": mens,
                "womens": womens,
            }
        ),
    )
    _seal(home, people, random)
    return people


def _seal(home: Home, people: list[str], random: np.random.Generator) -> None:
    count = len(people)
    arms = [ARMS[i] for i in random.integers(0, 3, count)]
    visit = (random.random(count) < np.where(np.array(arms) == "none", 0.1, 0.3)).astype(np.int64)
    conversion = visit * random.integers(0, 2, count)
    publish_world(
        stage_world(
            home.replay_dir,
            pa.table(
                {
                    "person_id": people,
                    "arm": arms,
                    "visit": visit,
                    "conversion": conversion,
                    "spend_minor": conversion * random.integers(500, 9000, count),
                }
            ),
        )
    )


def _propose(
    session: Session,
    ports: Ports,
    workspace: Workspace,
    author: Signer,
    people: list[str],
    plan: Plan,
    *,
    thread_id: str = "thread-1",
) -> Proposal:
    workspace_id = workspace.workspace_id
    campaign = Campaign(
        campaign_id=ports.ids.new(), workspace_id=workspace_id, name="Win back", author_id=author.user_id,
        thread_id=thread_id, created_at=START, changed_at=START,
    )  # fmt: skip
    session.add(campaign)
    session.flush()
    creatives = {arm: _creative(arm) for arm in ARMS if arm != "none"}
    for creative in creatives.values():
        put_creatives(session, workspace_id, {creative.digest(): creative.model_dump(mode="json")}, START)
    snapshot = snapshot_sha256(people)
    take_snapshot(
        session, ports.warehouse, workspace_id=workspace_id, definition="days_since_purchase >= 180",
        person_ids=people, sha256=snapshot, at=START,
    )  # fmt: skip
    state = RidgeState.empty(ARMS, len(FEATURES.names))
    random = np.random.default_rng(5)
    rows = np.column_stack([np.ones(300), random.normal(size=(300, len(FEATURES.names) - 1))])
    arm = random.integers(0, 3, 300)
    state = state.updated(rows, arm, (random.random(300) < np.where(arm == 2, 0.1, 0.25)).astype(float))
    prior = add_draft(
        session, draft_id=ports.ids.new(), workspace_id=workspace_id, thread_id=thread_id, kind=PRIOR_KIND,
        content=prior_content(state, FEATURES), at=START,
    )  # fmt: skip
    session.flush()
    content = make_content(plan, snapshot, {a: c.digest() for a, c in creatives.items()}, prior.digest)
    frozen = freeze(content, brief="Bring them back.", creatives={})
    proposal = Proposal(
        proposal_id=ports.ids.new(), workspace_id=workspace_id, campaign_id=campaign.campaign_id, thread_id=thread_id,
        author_id=author.user_id, kind="campaign", digest=frozen.digest, canonical_json=frozen.canonical_json,
        model="embedded-rules/1", graph_version="1", created_at=START,
    )  # fmt: skip
    session.add(proposal)
    campaign.proposal_id = proposal.proposal_id
    session.add(campaign)
    session.flush()
    following = next_state(CampaignState.DRAFT, CampaignEvent.SUBMIT, sent_any=False)
    move_campaign(session, campaign.campaign_id, expected="draft", to=following.to, at=START)
    return proposal


def _creative(arm: str) -> Creative:
    return Creative(
        arm_id=arm,
        channel="email",
        subject="Something for you",
        heading="Hello",
        body="Dear {{ customer.first_name | default: 'customer' }}, look at this.",
        call_to_action="Look",
        link="https://shop.invalid/",
        footer="Unsubscribe: {{ unsubscribe_url }}",
    )
