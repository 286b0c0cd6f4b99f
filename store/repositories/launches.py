"""Launches and their batches: the intent row, the steps of a batch, and what the bandit has learnt.

Every step is a compare-and-set that also names the attempt holding the lease, so an attempt that was taken over
writes nothing. Leases stand in `store.repositories.leases`, messages in `store.repositories.sends`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import ConflictError, NotFoundError
from store.tables import Batch, Launch
from store.tables.base import JsonObject

OPEN_STATES = ("planned", "chosen")
"""States of a batch in which it may still hand messages over."""


class BatchMovedError(ConflictError):
    """The batch is no longer where this attempt left it: another attempt took it over."""

    code = "batch_moved"


class LearningMovedError(ConflictError):
    """Another attempt has learnt from this batch already."""

    code = "learning_moved"


def add_launch(session: Session, launch: Launch, batches: Iterable[Batch]) -> None:
    """Write the intent row and its batches; the unique keys refuse a second launch of a proposal."""
    session.add(launch)
    session.flush()
    session.add_all(list(batches))
    session.flush()


def find_launch(session: Session, launch_id: str) -> Launch | None:
    """Return a launch, if it was ever intended."""
    return session.get(Launch, launch_id)


def get_launch(session: Session, launch_id: str) -> Launch:
    """Return a launch; NotFoundError when there is none."""
    launch = session.get(Launch, launch_id)
    if launch is None:
        raise NotFoundError(f"there is no launch {launch_id}", value=launch_id)
    return launch


def hold_launch(session: Session, launch_id: str) -> None:
    """Let nobody else end a batch of this launch before the commit: of two that end at once, the second sees both."""
    query = select(Launch).where(Launch.launch_id == launch_id).with_for_update()
    session.exec(query.execution_options(populate_existing=True)).one_or_none()


def launch_of_campaign(session: Session, campaign_id: str) -> Launch | None:
    """Return the newest launch of a campaign."""
    query = select(Launch).where(Launch.campaign_id == campaign_id)
    return session.exec(query.order_by(col(Launch.intended_at).desc()).limit(1)).first()


def launches_of_campaign(session: Session, campaign_id: str) -> Sequence[Launch]:
    """Return every launch of a campaign, the oldest first."""
    query = select(Launch).where(Launch.campaign_id == campaign_id)
    return session.exec(query.order_by(col(Launch.intended_at))).all()


def running_launches(session: Session, workspace_id: str) -> Sequence[Launch]:
    """Return the launches of a workspace that have not finished."""
    query = select(Launch).where(Launch.workspace_id == workspace_id, col(Launch.finished_at).is_(None))
    return session.exec(query.order_by(col(Launch.intended_at))).all()


def get_batch(session: Session, launch_id: str, number: int) -> Batch:
    """Return one batch by its number (1 is the first); NotFoundError when there is none."""
    query = select(Batch).where(Batch.launch_id == launch_id, Batch.number == number)
    batch = session.exec(query.execution_options(populate_existing=True)).first()
    if batch is None:
        raise NotFoundError(f"launch {launch_id} has no batch {number}", value=number)
    return batch


def hold_batch(session: Session, launch_id: str, number: int) -> Batch:
    """Return one batch that nobody moves on before the commit; NotFoundError when there is none."""
    query = select(Batch).where(Batch.launch_id == launch_id, Batch.number == number).with_for_update()
    session.exec(query).one_or_none()
    return get_batch(session, launch_id, number)


def hold_state(session: Session, batch_id: str) -> str | None:
    """Return the state of a batch that nobody moves on before the commit; None where there is none."""
    query = select(Batch.state).where(Batch.batch_id == batch_id).with_for_update()
    return session.exec(query).one_or_none()


def batches_of(session: Session, launch_id: str) -> Sequence[Batch]:
    """Return the batches of a launch by number."""
    query = select(Batch).where(Batch.launch_id == launch_id).order_by(col(Batch.number))
    return session.exec(query.execution_options(populate_existing=True)).all()


def advance_batch(
    session: Session,
    batch: Batch,
    *,
    attempt: int,
    to: str,
    due_at: datetime | None,
    release: bool,
    **values: Any,  # columns of the batches table, each of its own type
) -> None:
    """Move a batch to its next step by compare-and-set on state and attempt; BatchMovedError when either changed.

    `release` ends the lease with the step. A step that succeeds forgets earlier failures.
    """
    changes: dict[str, Any] = {"state": to, "due_at": due_at, "failures": 0, "failure": None, **values}
    if release:
        changes["leased_until"] = None
    moved = session.connection().execute(
        sa.update(Batch)
        .where(
            col(Batch.batch_id) == batch.batch_id,
            col(Batch.state) == batch.state,
            col(Batch.attempt) == attempt,
        )
        .values(**changes)
    )
    if moved.rowcount != 1:
        raise BatchMovedError(
            f"batch {batch.number} is no longer {batch.state} under attempt {attempt}; it was taken over",
            value=attempt,
        )
    session.refresh(batch)


def cancel_planned(session: Session, launch_id: str, *, cancelled_by: str) -> int:
    """Take back every batch that nobody was chosen in yet; returns how many people are not reached by that."""
    chosen = (col(Batch.launch_id) == launch_id, col(Batch.state) == "planned")
    people = session.exec(select(sa.func.sum(Batch.people)).where(*chosen)).one() or 0
    session.connection().execute(
        sa.update(Batch)
        .where(*chosen)
        .values(state="cancelled", due_at=None, leased_until=None, cancelled_by=cancelled_by)
    )
    return int(people)


def hurry_chosen(session: Session, launch_id: str, at: datetime) -> None:
    """Make batches with waiting messages due at once, so that a stop is carried through without waiting."""
    session.connection().execute(
        sa.update(Batch)
        .where(col(Batch.launch_id) == launch_id, col(Batch.state) == "chosen")
        .values(due_at=at)
    )


def set_launch_state(session: Session, launch: Launch, **values: Any) -> None:
    """Change columns of a launch that only its own steps write, each of its own type."""
    session.connection().execute(
        sa.update(Launch).where(col(Launch.launch_id) == launch.launch_id).values(**values)
    )
    session.refresh(launch)


def advance_learning(session: Session, launch: Launch, *, until: int, bandit_state: JsonObject) -> None:
    """Keep what was learnt up to batch `until`, if it was learnt up to the one before; LearningMovedError else."""
    moved = session.connection().execute(
        sa.update(Launch)
        .where(col(Launch.launch_id) == launch.launch_id, col(Launch.learned_until) == until - 1)
        .values(learned_until=until, bandit_state=bandit_state)
    )
    if moved.rowcount != 1:
        raise LearningMovedError(f"batch {until} has been learnt from already", value=until)
    session.refresh(launch)


def all_settled(session: Session, launch_id: str) -> bool:
    """Whether every batch of a launch is observed or was taken back."""
    query = select(sa.func.count()).where(
        Batch.launch_id == launch_id, col(Batch.state).not_in(("observed", "cancelled"))
    )
    return session.exec(query).one() == 0
