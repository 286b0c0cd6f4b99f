"""Tenants, the people who work in them, their roles and keys, and the home's clock."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Workspace(SQLModel, table=True):
    """One tenant. `stopped_at` is the first layer of the send gate; `rules` is a `policies.workspace_rules.WorkspaceRules`."""

    __tablename__ = "workspaces"

    workspace_id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    currency: str
    timezone: str
    rules: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class User(SQLModel, table=True):
    """Somebody who signs in: a marketer, an approver, a developer. Never a customer.

    `enabled_at` is when a disabled user was let in again; for approvals opened before that, no role counts.
    """

    __tablename__ = "users"
    __table_args__ = (sa.UniqueConstraint("workspace_id", "name"),)

    user_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    name: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    invited_by: str | None = Field(default=None, foreign_key="users.user_id")
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RoleGrant(SQLModel, table=True):
    __tablename__ = "role_grants"

    grant_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    user_id: str = Field(foreign_key="users.user_id", index=True)
    role: str
    granted_by: str | None = Field(default=None, foreign_key="users.user_id")
    granted_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiKey(SQLModel, table=True):
    """A key is shown once; only its SHA-256 is kept (keys are random, so no salt is needed)."""

    __tablename__ = "api_keys"

    key_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    user_id: str = Field(foreign_key="users.user_id", index=True)
    sha256: str = Field(unique=True)
    label: str
    issued_by: str | None = Field(default=None, foreign_key="users.user_id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HomeClock(SQLModel, table=True):
    """The time of a home whose clock is `replay`; moved only by jobs, only forwards."""

    __tablename__ = "home_clock"

    home_id: str = Field(primary_key=True)
    now: datetime = Field(sa_type=UtcDateTime)
