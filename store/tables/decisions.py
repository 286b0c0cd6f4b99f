"""What decisions are made of and what moves their caps: managed versions, counters, positions of draws, events."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from store.tables.base import UtcDateTime


class ManagedObject(SQLModel, table=True):
    """One version of an offer, placement, eligibility rule or collection; its content is its proposal's.

    proposed → live → superseded | withdrawn. Only live versions are served, one of an object at most.
    """

    __tablename__ = "managed_objects"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    kind: str = Field(primary_key=True)
    object_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    proposal_id: str = Field(foreign_key="proposals.proposal_id", unique=True)
    status: str = Field(default="proposed", index=True)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    live_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    live_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CatalogueRevision(SQLModel, table=True):
    """Counts the changes of what a workspace serves, so that a server knows when what it has read is old."""

    __tablename__ = "catalogue_revisions"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    revision: int = 0


class CapCounter(SQLModel, table=True):
    """Units of one cap that are reserved or used, in one window, by everyone or by one person."""

    __tablename__ = "cap_counters"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    subject: str = Field(primary_key=True)
    taken: int = Field(default=0, sa_type=sa.BigInteger)


class DrawPositions(SQLModel, table=True):
    """The first position of a collection's draws that nobody has taken; servers take them by blocks."""

    __tablename__ = "draw_positions"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    collection_id: str = Field(primary_key=True)
    following: int = Field(default=0, sa_type=sa.BigInteger)


class LearningMark(SQLModel, table=True):
    """Up to when a collection's choices were learnt from, by what its rewards are made of."""

    __tablename__ = "learning_marks"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    collection_id: str = Field(primary_key=True)
    definition: str = Field(primary_key=True)
    until: datetime = Field(sa_type=UtcDateTime)


class ArmStatistic(SQLModel, table=True):
    """Sums of one item's rewards in a collection: additive, and all that its belief rests on."""

    __tablename__ = "arm_statistics"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    collection_id: str = Field(primary_key=True)
    definition: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    learnt_rows: int = Field(default=0, sa_type=sa.BigInteger)
    total_millionths: int = Field(default=0, sa_type=sa.BigInteger)
    squares_millionths: int = Field(default=0, sa_type=sa.BigInteger)


class LearntReward(SQLModel, table=True):
    """One choice that was learnt from, once a definition; taken out again when its person is forgotten."""

    __tablename__ = "learnt_rewards"

    choice_id: str = Field(primary_key=True, foreign_key="choices.choice_id")
    definition: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.workspace_id")
    person_id: str = Field(foreign_key="people.person_id", index=True)
    collection_id: str
    item: str
    reward_millionths: int = Field(sa_type=sa.BigInteger)
    squared_millionths: int = Field(sa_type=sa.BigInteger)
    learnt_at: datetime = Field(sa_type=UtcDateTime)


class ChoiceEvent(SQLModel, table=True):
    """What became of a chosen item: display, interact or dismiss; once an event id."""

    __tablename__ = "choice_events"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.workspace_id")
    event_id: str = Field(primary_key=True)
    choice_id: str = Field(foreign_key="choices.choice_id", index=True)
    name: str
    occurred_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
