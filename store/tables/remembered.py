"""What marketers want kept for later briefs."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Remembered(SQLModel, table=True):
    """A preference or fact of one marketer (`agents.conversation.remembering.Fact`); offered until it is accepted.

    Of each `fact_key` a marketer has one accepted and one offered row at most. A forgotten one is no row.
    """

    __tablename__ = "remembered"
    __table_args__ = (sa.UniqueConstraint("user_id", "fact_key", "status"),)

    remembered_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    user_id: str = Field(foreign_key="users.user_id")
    conversation_id: str | None = Field(default=None, foreign_key="conversations.conversation_id")
    fact_key: str
    fact: JsonObject = Field(sa_type=sa.JSON)
    words: str
    status: str = "offered"
    offered_at: datetime = Field(sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
