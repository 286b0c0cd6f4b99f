"""The append-only, hash-chained audit log."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class AuditEntry(SQLModel, table=True):
    """`hash` covers every other column and `previous_hash`; `signature` is Ed25519 over `hash`."""

    __tablename__ = "audit"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    sequence: int = Field(primary_key=True, sa_type=sa.BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str
    action: str
    subject: str = Field(index=True)
    detail: JsonObject = Field(sa_type=sa.JSON)
    previous_hash: str
    hash: str
    signature: str


class AuditHead(SQLModel, table=True):
    """The last entry of a workspace's chain; advanced by compare-and-set, so writers take turns."""

    __tablename__ = "audit_heads"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    sequence: int = Field(sa_type=sa.BigInteger)
    hash: str
