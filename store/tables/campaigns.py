"""Briefs, campaigns and the proposals an approver sees."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class BriefRow(SQLModel, table=True):
    """The words of a marketer and the record read from them (`agents.planner.brief.Brief`).

    Where a campaign is changed by talking, the brief holds its parent's words and those of the turn after them;
    `parent_thread_id` is the thread that the parent was planned in.
    """

    __tablename__ = "briefs"

    brief_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    conversation_id: str | None = Field(default=None, foreign_key="conversations.conversation_id")
    author_id: str = Field(foreign_key="users.user_id")
    text: str
    record: JsonObject = Field(sa_type=sa.JSON)
    model: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    parent_brief_id: str | None = None
    parent_thread_id: str | None = None


class Campaign(SQLModel, table=True):
    __tablename__ = "campaigns"

    campaign_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    name: str
    state: str = "draft"
    paused_from: str | None = None
    author_id: str = Field(foreign_key="users.user_id")
    conversation_id: str | None = Field(default=None, foreign_key="conversations.conversation_id")
    brief_id: str | None = Field(default=None, foreign_key="briefs.brief_id")
    thread_id: str | None = Field(default=None, index=True)
    proposal_id: str | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Proposal(SQLModel, table=True):
    """Exactly what would run. `canonical_json` is RFC 8785 text; `digest` is its sha256.

    A policy change is about no campaign, and its `thread_id` is the id of nothing but itself.
    """

    __tablename__ = "proposals"

    proposal_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    campaign_id: str | None = Field(default=None, foreign_key="campaigns.campaign_id", index=True)
    thread_id: str = Field(unique=True)
    parent_proposal_id: str | None = Field(default=None, foreign_key="proposals.proposal_id")
    author_id: str = Field(foreign_key="users.user_id")
    kind: str
    status: str = "open"
    digest: str = Field(index=True)
    canonical_json: str
    model: str
    graph_version: str
    created_at: datetime = Field(sa_type=UtcDateTime)
