"""Customers without their names: who may be reached, and what is known for choosing."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Person(SQLModel, table=True):
    """One customer, under a random id. Addresses and names live only in the identity database."""

    __tablename__ = "people"

    person_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    import_id: str | None = Field(default=None, foreign_key="imports.import_id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    forgotten_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Consent(SQLModel, table=True):
    """What a person said about one channel and purpose, at one time. Rows are added, never changed."""

    __tablename__ = "consents"

    person_id: str = Field(primary_key=True, foreign_key="people.person_id")
    channel: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    stated_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    status: str
    source: str


class Suppression(SQLModel, table=True):
    """A hard stop for one channel (`*`: all), whatever consent says."""

    __tablename__ = "suppressions"

    person_id: str = Field(primary_key=True, foreign_key="people.person_id")
    channel: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    reason: str
    suppressed_at: datetime = Field(sa_type=UtcDateTime)


class ServedProfile(SQLModel, table=True):
    """The one row a choice or a gate reads: consent and suppression bits, zone, current features."""

    __tablename__ = "served_profiles"

    person_id: str = Field(primary_key=True, foreign_key="people.person_id")
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    consent_bits: int = Field(sa_type=sa.BigInteger)
    suppression_bits: int = Field(sa_type=sa.BigInteger)
    profile_version: int = 1
    timezone: str
    locale: str
    features: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)
    features_definition: str
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ImportRun(SQLModel, table=True):
    """One file read in, whole or not at all."""

    __tablename__ = "imports"

    import_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    kind: str
    source_name: str
    source_sha256: str
    rows: int
    synthetic: bool = False
    imported_at: datetime = Field(sa_type=UtcDateTime)
    checks: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)


class Snapshot(SQLModel, table=True):
    """An audience at one time: sha256 over the sorted person ids, and the ordered ids as a file."""

    __tablename__ = "snapshots"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    sha256: str = Field(primary_key=True)
    definition: str
    people: int
    path: str
    taken_at: datetime = Field(sa_type=UtcDateTime)
