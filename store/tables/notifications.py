"""Who hears of approvals outside the product: webhooks, and the outbox of what each was or is to be told."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import UtcDateTime


class Webhook(SQLModel, table=True):
    """An address that is told of approvals; its secret is derived from a key outside the database."""

    __tablename__ = "webhooks"

    webhook_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    url: str
    added_by: str = Field(foreign_key="users.user_id")
    added_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Notification(SQLModel, table=True):
    """One thing that one recipient is told; `recipient` is a user or a webhook. The row is its own outbox.

    `due_at` is null once it was delivered, or when it is not tried again.
    """

    __tablename__ = "notifications"
    __table_args__ = (sa.UniqueConstraint("approval_id", "event", "medium", "recipient"),)

    notification_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    approval_id: str = Field(foreign_key="approvals.approval_id")
    event: str
    medium: str
    recipient: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(sa_type=UtcDateTime, index=True)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    failure: str | None = None
