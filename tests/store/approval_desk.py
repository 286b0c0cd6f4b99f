"""What the approval tests share: a workspace with people of every role, and proposals put before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlmodel import Session

from policies.authority import (
    Person,
    RiskFacts,
    RiskThresholds,
    Role,
    SignatureFacts,
    assess_risk,
    required_signatures,
)
from policies.proposal import digest_of
from store.audit import AuditLog
from store.database import Database
from store.ids import SeededIds
from store.repositories import delegations, workspaces
from store.repositories.approvals import Resolution, Resolved, get_approval, open_approval, resolve
from store.repositories.resolutions import Answer
from store.tables import Approval, Campaign, Delegation, Proposal

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENED = AT + 10 * DAY
EXPIRES = OPENED + 6 * DAY
LARGE = RiskFacts(reach=500_000)
CLAIMS = RiskFacts(new_claims=("risk free",))
PEOPLE = {
    "Ada": (Role.MARKETER,),
    "Grace": (Role.CAMPAIGN_MANAGER,),
    "Linus": (Role.CAMPAIGN_MANAGER,),
    "Lena": (Role.MARKETING_LEADER,),
    "Lars": (Role.LEGAL,),
    "Root": (Role.ADMIN,),
    "Nils": (),
}


@dataclass
class Desk:
    """People and approvals of one workspace; every call is one transaction."""

    database: Database
    audit: AuditLog
    ids: SeededIds
    workspace_id: str
    users: dict[str, str] = field(default_factory=dict)

    def user(self, name: str, *roles: Role, at: datetime = AT) -> None:
        with self.database.write() as session:
            self._add(session, name, roles, at)

    def everybody(self) -> None:
        """Add PEOPLE, in one transaction."""
        with self.database.write() as session:
            for name, roles in PEOPLE.items():
                self._add(session, name, roles, AT)

    def _add(self, session: Session, name: str, roles: Sequence[Role], at: datetime) -> None:
        user = workspaces.add_user(session, ids=self.ids, at=at, workspace_id=self.workspace_id, name=name)
        self.users[name] = user.user_id
        for role in roles:
            workspaces.grant_role(
                session,
                ids=self.ids,
                at=at,
                workspace_id=self.workspace_id,
                user_id=user.user_id,
                role=role,
            )

    def grant(self, name: str, role: str, at: datetime) -> None:
        with self.database.write() as session:
            workspaces.grant_role(
                session,
                ids=self.ids,
                at=at,
                workspace_id=self.workspace_id,
                user_id=self.users[name],
                role=role,
            )

    def person(self, name: str) -> Person:
        """The user as signing in finds them."""
        with self.database.read() as session:
            held = workspaces.roles_of(session, self.users[name])
        return Person(self.users[name], frozenset(each.role for each in held), self.workspace_id)

    def propose(
        self, author: str = "Ada", kind: str = "campaign", facts: RiskFacts | None = None
    ) -> Approval:
        """Freeze a proposal whose risk follows from these facts, and open its approval."""
        risk = assess_risk(facts or RiskFacts(), RiskThresholds())
        campaign_id, text = self.ids.new(), f'{{"n":"{self.ids.new()}"}}'
        with self.database.write(durable=True) as session:
            proposal = Proposal(
                proposal_id=self.ids.new(),
                workspace_id=self.workspace_id,
                campaign_id=campaign_id,
                thread_id=self.ids.new(),
                author_id=self.users[author],
                kind=kind,
                digest=digest_of(text),
                canonical_json=text,
                model="test",
                graph_version="1",
                created_at=OPENED,
            )
            campaign = Campaign(
                campaign_id=campaign_id,
                workspace_id=self.workspace_id,
                name="Win back",
                state="in_review",
                author_id=self.users[author],
                proposal_id=proposal.proposal_id,
                created_at=OPENED,
                changed_at=OPENED,
            )
            session.add(campaign)
            session.flush()
            session.add(proposal)
            session.flush()
            return open_approval(
                session,
                approval_id=self.ids.new(),
                proposal=proposal,
                required=required_signatures(kind, SignatureFacts(risk.legal_required, risk.risk)),
                at=OPENED,
                expires_at=EXPIRES,
                risk=risk,
                escalate_after=Decimal("0.5"),
            )

    def answer(
        self,
        name: str,
        approval: Approval,
        answer: Answer = "approve",
        *,
        comment: str = "",
        at: datetime = OPENED + HOUR,
    ) -> Resolved:
        with self.database.write(durable=True) as session:
            return resolve(
                session,
                self.audit,
                approval_id=approval.approval_id,
                signature_id=self.ids.new(),
                person=self.person(name),
                resolution=Resolution(answer, approval.digest, comment),
                at=at,
            )

    def lend(
        self,
        lender: str,
        delegate: str,
        role: str,
        *,
        at: datetime = OPENED - DAY,
        ends_at: datetime = OPENED + 5 * DAY,
    ) -> Delegation:
        with self.database.write(durable=True) as session:
            return delegations.lend_role(
                session,
                self.audit,
                delegation_id=self.ids.new(),
                person=self.person(lender),
                delegate_id=self.users[delegate],
                role=role,
                at=at,
                ends_at=ends_at,
            )

    def take_back(self, name: str, delegation: Delegation, at: datetime) -> Delegation:
        with self.database.write(durable=True) as session:
            return delegations.revoke_delegation(
                session,
                self.audit,
                delegation_id=delegation.delegation_id,
                person=self.person(name),
                at=at,
            )

    def read(self, approval: Approval) -> Approval:
        with self.database.read() as session:
            return get_approval(session, self.workspace_id, approval.approval_id)

    def run(self, *statements: str) -> None:
        """Raw SQL, in one transaction."""
        with self.database.write() as session:
            for statement in statements:
                session.connection().exec_driver_sql(statement)


def missing(done: Resolved) -> Sequence[Sequence[str]]:
    """The role sets still missing, as lists."""
    return [list(names) for names in done.missing]
