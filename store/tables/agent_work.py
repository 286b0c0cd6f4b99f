"""What the agents did: conversations, drafts of a thread, tool results, figures and traces."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Conversation(SQLModel, table=True):
    __tablename__ = "conversations"

    conversation_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    user_id: str = Field(foreign_key="users.user_id")
    started_at: datetime = Field(sa_type=UtcDateTime)


class Turn(SQLModel, table=True):
    """What a person said, or was answered. `heard` is what it was taken for, `detail` what it changed or cites."""

    __tablename__ = "turns"
    __table_args__ = (sa.UniqueConstraint("conversation_id", "number"),)

    turn_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    conversation_id: str = Field(foreign_key="conversations.conversation_id")
    number: int
    speaker: str
    text: str
    said_at: datetime = Field(sa_type=UtcDateTime)
    heard: str | None = None
    campaign_id: str | None = None
    detail: JsonObject | None = Field(default=None, sa_type=sa.JSON)


class Draft(SQLModel, table=True):
    """What one node of a thread produced; the state holds only `draft_id`. Content type is named by `kind`."""

    __tablename__ = "drafts"
    __table_args__ = (sa.Index("ix_drafts_thread_kind", "thread_id", "kind"),)

    draft_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    thread_id: str
    kind: str
    digest: str
    content: JsonObject = Field(sa_type=sa.JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ToolResult(SQLModel, table=True):
    """One tool call of an agent and what came back: the source that figures cite."""

    __tablename__ = "tool_results"

    tool_result_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    thread_id: str = Field(index=True)
    agent: str
    tool: str
    arguments: JsonObject = Field(sa_type=sa.JSON)
    result: JsonObject = Field(sa_type=sa.JSON)
    digest: str
    duration_ms: int
    called_at: datetime = Field(sa_type=UtcDateTime)


class FigureRow(SQLModel, table=True):
    """A number a person may see, with where it came from (`policies.figures.Figure`)."""

    __tablename__ = "figures"

    thread_id: str = Field(primary_key=True)
    figure_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    value: str
    unit: str
    source: JsonObject = Field(sa_type=sa.JSON)


class AgentTrace(SQLModel, table=True):
    """The whole traffic of one agent run with one model; it never enters a checkpoint.

    A run that gave no usable answer has no `prompt_digest`, and its last message, of the role `failure`, says why.
    """

    __tablename__ = "agent_traces"

    trace_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    thread_id: str = Field(index=True)
    agent: str
    model: str
    prompt_digest: str
    messages: list[JsonObject] = Field(sa_type=sa.JSON)
    tokens_in: int
    tokens_out: int
    duration_ms: int
    created_at: datetime = Field(sa_type=UtcDateTime)
