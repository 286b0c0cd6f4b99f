"""What happened: events, outcomes, experiments and readouts."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Event(SQLModel, table=True):
    """Something a customer did, as received; history is compacted into Parquet."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_workspace_id_name_received_at", "workspace_id", "name", "received_at"),
    )

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    event_id: str = Field(primary_key=True)
    person_id: str = Field(foreign_key="people.person_id", index=True)
    name: str
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    properties: JsonObject = Field(default_factory=dict, sa_type=sa.JSON)


class Outcome(SQLModel, table=True):
    """What followed a choice. No row means *no observation*, never zero."""

    __tablename__ = "outcomes"

    choice_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id")
    launch_id: str | None = Field(default=None, foreign_key="launches.launch_id")
    batch_id: str | None = Field(default=None, foreign_key="batches.batch_id", index=True)
    person_id: str = Field(foreign_key="people.person_id")
    value: int = Field(sa_type=sa.BigInteger)
    unit: str
    source: str
    observed_at: datetime = Field(sa_type=UtcDateTime)


class Experiment(SQLModel, table=True):
    """A design fixed before launch, or one that was logged before this home existed."""

    __tablename__ = "experiments"

    experiment_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    campaign_id: str | None = Field(default=None, foreign_key="campaigns.campaign_id", index=True)
    name: str
    starts_on: date
    ends_on: date
    design: JsonObject = Field(sa_type=sa.JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Readout(SQLModel, table=True):
    __tablename__ = "readouts"

    readout_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    campaign_id: str = Field(foreign_key="campaigns.campaign_id", index=True)
    launch_id: str = Field(foreign_key="launches.launch_id", index=True)
    final: bool
    verdict: str
    record: JsonObject = Field(sa_type=sa.JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
