"""Approvals with n signatures. Written at synchronous=FULL."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Approval(SQLModel, table=True):
    """The question put to approvers; resolved once, by compare-and-set on `status`.

    Approved but not resumed (`resumed_at` null) is work for the sweep: the row is its own outbox.
    """

    __tablename__ = "approvals"

    approval_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    proposal_id: str = Field(foreign_key="proposals.proposal_id", unique=True)
    thread_id: str = Field(index=True)
    digest: str
    author_id: str = Field(foreign_key="users.user_id")
    status: str = Field(default="pending", index=True)
    required: list[list[str]] = Field(sa_type=sa.JSON)
    limits: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resumed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Signature(SQLModel, table=True):
    """One person's answer. `answer_digest` is sha256 over the canonical JSON of answer, limits, comment."""

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
    digest: str
    answer: str
    limits: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    comment: str = ""
    answer_digest: str
    rules_digest: str
    signed_at: datetime = Field(sa_type=UtcDateTime)
