"""The launch ledger: launches, batches, choices, sends and reservations. Written at synchronous=FULL."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import JsonObject, UtcDateTime


class Launch(SQLModel, table=True):
    """At most one a proposal: `launch_id` is sha256(proposal digest + campaign id)."""

    __tablename__ = "launches"

    launch_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    campaign_id: str = Field(foreign_key="campaigns.campaign_id", index=True)
    proposal_id: str = Field(foreign_key="proposals.proposal_id", unique=True)
    approval_id: str = Field(foreign_key="approvals.approval_id", unique=True)
    digest: str
    state: str = "intended"
    bandit_state: JsonObject | None = Field(default=None, sa_type=sa.JSON)
    learned_until: int = 0
    intended_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    readout_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    failure: str | None = None


class Batch(SQLModel, table=True):
    """One slot of a launch: people [first, first + people) in the launch's seeded order.

    planned → chosen (choices written as one Parquet file) → sent → observed; each step starts at `due_at`. A batch
    that nobody was chosen in because of a stop is `cancelled`, by what `cancelled_by` names. `attempt` counts leases; `failures` those in a
    row that ended in an error, the last of which stands in `failure`; with `due_at` null a person must look.
    """

    __tablename__ = "batches"
    __table_args__ = (sa.UniqueConstraint("launch_id", "number"),)

    batch_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    launch_id: str = Field(foreign_key="launches.launch_id", index=True)
    number: int
    first: int
    people: int
    state: str = Field(default="planned", index=True)
    slot_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(sa_type=UtcDateTime)
    choices_path: str | None = None
    choices_sha256: str | None = None
    cancelled_by: str | None = None
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    failure: str | None = None


class Choice(SQLModel, table=True):
    """A single choice (one draw of a request); batches write the same facts as one Parquet file.

    `record` is everything that made it: context, arms, open arms, p, u, seed and position, scores, bounds, versions.
    """

    __tablename__ = "choices"
    __table_args__ = (
        sa.Index(
            "ix_choices_workspace_id_collection_id_chosen_at", "workspace_id", "collection_id", "chosen_at"
        ),
    )

    choice_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    person_id: str = Field(foreign_key="people.person_id", index=True)
    decision_id: str = Field(index=True)
    collection_id: str
    approval_id: str = Field(foreign_key="approvals.approval_id")
    chosen_at: datetime = Field(sa_type=UtcDateTime)
    record: JsonObject = Field(sa_type=sa.JSON)


class Send(SQLModel, table=True):
    """One message to one person; the unique key of promise 2 is `send_key`'s parts.

    pending → sending → sent | failed | unknown; held → pending | dropped. `sending` is written before the provider
    is called, with the `attempt` that calls; only a later attempt may ask the provider about it. `layer` and
    `rule` are the gate's decision, or `provider` and its reason. `tries` counts calls that surely sent nothing.
    """

    __tablename__ = "sends"
    __table_args__ = (
        sa.UniqueConstraint("workspace_id", "source", "step", "person_id", "channel", "occurrence"),
        sa.Index("ix_sends_person_time", "workspace_id", "person_id", "sent_at"),
    )

    send_key: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id")
    source: str = Field(index=True)
    step: str
    person_id: str = Field(foreign_key="people.person_id")
    channel: str
    occurrence: str
    launch_id: str | None = Field(default=None, foreign_key="launches.launch_id")
    batch_id: str | None = Field(default=None, foreign_key="batches.batch_id", index=True)
    choice_id: str | None = None
    approval_id: str | None = Field(default=None, foreign_key="approvals.approval_id")
    arm: str
    creative_digest: str | None = None
    category: str
    status: str = Field(index=True)
    layer: str | None = None
    rule: str | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cost_minor: int = Field(default=0, sa_type=sa.BigInteger)
    provider: str | None = None
    provider_id: str | None = None
    attempt: int = 0
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Reservation(SQLModel, table=True):
    """One ledger for money, caps and stock: reserved → confirmed | released | expired."""

    __tablename__ = "reservations"

    reservation_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    subject: str = Field(index=True)
    holder: str = Field(index=True)
    unit: str
    amount: int = Field(sa_type=sa.BigInteger)
    confirmed: int = Field(default=0, sa_type=sa.BigInteger)
    status: str = "reserved"
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
