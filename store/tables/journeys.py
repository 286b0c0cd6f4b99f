"""Journeys that run: one row a version, one a person, and one for each step a person has taken."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import UtcDateTime


class JourneyRun(SQLModel, table=True):
    """A version of a journey that people are in; `run_id` is sha256(proposal digest + journey id), so it starts once.

    running → finishing (a later version has gone live, nobody enters any more) → ended | stopped. `paused_at` holds
    everybody where they are. `due_at` is when the next person is due; the lease is that of every other unit of work.
    `entered_until` is how far the events were read that let people in, `scanned_at` when everybody was last looked at.
    """

    __tablename__ = "journey_runs"
    __table_args__ = (sa.Index("ix_journey_runs_state_due_at", "state", "due_at"),)

    run_id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id", index=True)
    journey_id: str
    version: int
    proposal_id: str = Field(foreign_key="proposals.proposal_id", unique=True)
    approval_id: str = Field(foreign_key="approvals.approval_id", unique=True)
    digest: str
    state: str = "running"
    started_at: datetime = Field(sa_type=UtcDateTime)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    entered_until: datetime = Field(sa_type=UtcDateTime)
    scanned_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempt: int = 0
    leased_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failures: int = 0
    failure: str | None = None


class JourneyPerson(SQLModel, table=True):
    """Where one person is in one journey; entering again takes a new `entry_id` in the same row.

    active → left (an exit) | goal | stopped (a failed step, or the journey was) | stuck (somebody has to look).
    `moves` counts the steps taken since entering. An active person is due at `due_at`.
    """

    __tablename__ = "journey_people"
    __table_args__ = (sa.Index("ix_journey_people_due", "run_id", "status", "step", "due_at", "person_id"),)

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    journey_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True, foreign_key="people.person_id")
    run_id: str = Field(foreign_key="journey_runs.run_id")
    entry_id: str
    entries: int = 1
    entered_at: datetime = Field(sa_type=UtcDateTime)
    status: str = "active"
    step: str
    arrived_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    moves: int = 0
    reason: str | None = None


class JourneyMove(SQLModel, table=True):
    """One line of a person's timeline: the step that was left, and what came of it."""

    __tablename__ = "journey_moves"

    entry_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id")
    person_id: str = Field(index=True)
    run_id: str = Field(foreign_key="journey_runs.run_id")
    step: str
    outcome: str
    at: datetime = Field(sa_type=UtcDateTime)
