"""Approvals with n signatures, who took part in what they are about, and delegations. Written at synchronous=FULL."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Approval(SQLModel, table=True):
    """The question put to approvers; resolved once, by compare-and-set on `status`.

    Approved but not resumed (`resumed_at` null) is work for the sweep: the row is its own outbox. `risk` is a
    `policies.authority.risk.RiskAssessment`; `escalates_at` is when the next role may sign too.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        sa.Index("ix_approvals_status_workspace_id_approval_id", "status", "workspace_id", "approval_id"),
    )

    approval_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    proposal_id: str = Field(foreign_key="proposals.proposal_id", unique=True)
    thread_id: str = Field(index=True)
    digest: str
    author_id: str = Field(foreign_key="users.user_id")
    status: str = Field(default="pending")
    required: list[list[str]] = Field(sa_type=sa.JSON)
    risk: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    limits: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    escalates_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resumed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Signature(SQLModel, table=True):
    """One person's answer. `answer_digest` is sha256 over the canonical JSON of answer, limits, comment.

    `on_behalf_of` is the delegator whose role was used. A trigger refuses whoever had a part in the proposal.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        sa.UniqueConstraint("approval_id", "user_id"),
        sa.CheckConstraint("user_id <> author_id", name="four_eyes"),
    )

    signature_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    approval_id: str = Field(foreign_key="approvals.approval_id", index=True)
    user_id: str = Field(foreign_key="users.user_id")
    author_id: str = Field(foreign_key="users.user_id")
    role: str
    on_behalf_of: str | None = Field(default=None, foreign_key="users.user_id")
    delegation_id: str | None = Field(default=None, foreign_key="delegations.delegation_id")
    digest: str
    answer: str
    limits: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    comment: str = ""
    answer_digest: str
    rules_digest: str
    signed_at: datetime = Field(sa_type=UtcDateTime)


class ProposalAuthor(SQLModel, table=True):
    """Somebody who had a part in a proposal, so may not sign it. Rows are only ever added."""

    __tablename__ = "proposal_authors"

    proposal_id: str = Field(primary_key=True, foreign_key="proposals.proposal_id")
    user_id: str = Field(primary_key=True, foreign_key="users.user_id")
    workspace_id: str = Field(foreign_key="workspaces.workspace_id")
    part: str
    added_at: datetime = Field(sa_type=UtcDateTime)


class Delegation(SQLModel, table=True):
    """A role lent until `ends_at`: the delegate may sign with it on behalf of the delegator, and nothing else."""

    __tablename__ = "delegations"
    __table_args__ = (
        sa.CheckConstraint("delegator_id <> delegate_id", name="two_people"),
        sa.CheckConstraint("ends_at > granted_at", name="ends_later"),
    )

    delegation_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    delegator_id: str = Field(foreign_key="users.user_id")
    delegate_id: str = Field(foreign_key="users.user_id", index=True)
    role: str
    granted_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: str | None = Field(default=None, foreign_key="users.user_id")
