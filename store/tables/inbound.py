"""What comes back after a message was handed over, and the test messages that were."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import UtcDateTime


class MessageEvent(SQLModel, table=True):
    """One thing that was told of a message: delivered, opened, clicked, bounced_hard, bounced_soft, complained, unsubscribed.

    `event_id` is its source's own id, so that a repetition is no second event. `machine` names why a click or an open
    is held to be a program's; such events count for nothing. No address and no browser's name is kept.
    """

    __tablename__ = "message_events"
    __table_args__ = (sa.Index("ix_message_events_person", "workspace_id", "person_id", "kind"),)

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    event_id: str = Field(primary_key=True)
    send_key: str = Field(foreign_key="sends.send_key", index=True)
    person_id: str = Field(foreign_key="people.person_id")
    kind: str
    source: str
    link: int | None = None
    machine: str | None = None
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)


class SentTest(SQLModel, table=True):
    """One test message of a proposal's creative to a user. At most 20 a proposal, whatever became of them."""

    __tablename__ = "test_sends"

    test_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    proposal_id: str = Field(foreign_key="proposals.proposal_id", index=True)
    arm: str
    creative_digest: str
    recipient: str = Field(foreign_key="users.user_id")
    asked_by: str = Field(foreign_key="users.user_id")
    outcome: str
    rule: str | None = None
    asked_at: datetime = Field(sa_type=UtcDateTime)
