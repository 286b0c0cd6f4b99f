"""The threads of the propose graph, so that they can be found without opening their checkpoints."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.base import UtcDateTime


class ProposeThread(SQLModel, table=True):
    """A thread that a client has reserved, or that was begun with its campaign.

    `status` is how its last run here left it: reserved, running, waiting, ended or failed. Whether a waiting thread still
    waits for somebody is for its approval and its campaign to say. Whoever runs the thread holds its lease, `attempt` of
    them so far; one that runs without a lease, or with an old one, was left by a dead process.
    """

    __tablename__ = "propose_threads"

    thread_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    author_id: str = Field(foreign_key="users.user_id")
    campaign_id: str | None = Field(default=None, foreign_key="campaigns.campaign_id", index=True)
    status: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    failure: str | None = None
