"""The ledger as an outbox: which rows are due, and who works on them.

A lease is a compare-and-set on the attempt number with an expiry, so any worker takes over from a dead one, and a
worker that was taken over is told so. Times are those of the home's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.bulk import table_of
from store.tables import (
    Approval,
    Batch,
    Campaign,
    JourneyRun,
    Launch,
    Notification,
    ProposeThread,
    Workspace,
)

Kind = Literal["resume", "batch", "review", "draft", "tell", "journey"]
_MODELS: dict[Kind, sa.Table] = {
    "resume": table_of(Approval),
    "batch": table_of(Batch),
    "review": table_of(Launch),
    "draft": table_of(ProposeThread),
    "tell": table_of(Notification),
    "journey": table_of(JourneyRun),
}
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_TERMINAL_ANSWERS = ("approved", "changes_requested", "rejected", "expired", "revoked")


class Work(NamedTuple):
    """One row that is due. `key` is its primary key; `attempt` the last one made; `part` the batch's number or 0."""

    kind: Kind
    key: str
    owner: str
    part: int
    attempt: int
    due_at: datetime


def due_work(session: Session, now: datetime) -> list[Work]:
    """Return everything that should be happening now and is not leased, what was due first at the front."""
    found = [work for work in _waiting(session) if work.due_at <= now]
    return sorted(found, key=lambda work: (work.due_at, work.kind, work.owner, work.part))


def next_due(session: Session) -> datetime | None:
    """Return the next instant at which something is due, or None when nothing will ever be by itself.

    A thread that runs is not waited for: its lease only says when it counts as dead. Nor is a notification: no clock is
    moved to repeat one.
    """
    waiting = [*_batches(session), *_approvals(session), *_launches(session), *_journeys(session)]
    return min((work.due_at for work in waiting), default=None)


def lease(session: Session, work: Work, *, now: datetime, until: datetime) -> int | None:
    """Take a row for one more attempt; None when somebody else was first."""
    model = _MODELS[work.kind]
    taken = session.connection().execute(
        sa.update(model)
        .where(
            _key(work.kind) == work.key,
            model.c.attempt == work.attempt,
            sa.or_(model.c.leased_until.is_(None), model.c.leased_until <= now),
        )
        .values(attempt=work.attempt + 1, leased_until=until)
    )
    return work.attempt + 1 if taken.rowcount == 1 else None


def holds(session: Session, kind: Kind, key: str, attempt: int) -> bool:
    """Whether this attempt is the one that holds the row."""
    model = _MODELS[kind]
    query = sa.select(model.c.attempt).where(_key(kind) == key, model.c.leased_until.is_not(None))
    return session.connection().execute(query).scalar_one_or_none() == attempt


def finish(session: Session, kind: Kind, key: str, attempt: int, *, at: datetime) -> None:
    """Give a row back after an attempt that ended well: an approval is resumed, a launch's readout is made.

    One that was taken over meanwhile is left alone.
    """
    done: dict[Kind, dict[str, object]] = {
        "resume": {"resumed_at": at},
        "batch": {},
        "review": {"readout_due_at": None, "failures": 0, "failure": None},
        "draft": {"failures": 0, "failure": None},
        "tell": {"due_at": None, "delivered_at": at, "failure": None},
        "journey": {"failures": 0, "failure": None},
    }
    _give_back(session, kind, key, attempt, done[kind])


def fail(
    session: Session, kind: Kind, key: str, attempt: int, *, reason: str, retry_at: datetime | None
) -> None:
    """Give a row back after an attempt that ended in an error; it is due again at `retry_at`.

    Without one it is not due again by itself: a batch loses its due time, a launch its readout's, and both show the
    reason; an approval waits for the next process that opens the home; a thread has failed.
    """
    failed: dict[Kind, dict[str, object]] = {
        "resume": {"leased_until": NEVER if retry_at is None else retry_at},
        "batch": {"failures": Batch.failures + 1, "failure": reason, "due_at": retry_at},
        "review": {"failures": Launch.failures + 1, "failure": reason, "readout_due_at": retry_at},
        "tell": {"failures": Notification.failures + 1, "failure": reason, "due_at": retry_at},
        "journey": {"failures": JourneyRun.failures + 1, "failure": reason, "due_at": retry_at},
        "draft": {
            "failures": ProposeThread.failures + 1,
            "failure": reason,
            "leased_until": retry_at,
            "status": "failed" if retry_at is None else ProposeThread.status,
        },
    }
    _give_back(session, kind, key, attempt, failed[kind])


def _give_back(session: Session, kind: Kind, key: str, attempt: int, values: dict[str, object]) -> None:
    model = _MODELS[kind]
    session.connection().execute(
        sa.update(model)
        .where(_key(kind) == key, model.c.attempt == attempt)
        .values(**{"leased_until": None, **values})
    )


def failures_of(session: Session, kind: Kind, key: str) -> int:
    """How many attempts in a row have failed before this one; for an approval, all of them."""
    model = _MODELS[kind]
    count = model.c.attempt - 1 if kind == "resume" else model.c.failures
    return session.connection().execute(sa.select(count).where(_key(kind) == key)).scalar_one_or_none() or 0


def free_leases(session: Session, *, shared: bool = False) -> int:
    """Void every lease: the home has a new owner, so nobody else can be working. Returns how many there were.

    In a home that is `shared` only those that would never end are voided; the others may be held by a living process.
    """
    freed = 0
    for model in _MODELS.values():
        ends = model.c.leased_until == NEVER if shared else model.c.leased_until.is_not(None)
        freed += session.connection().execute(sa.update(model).where(ends).values(leased_until=None)).rowcount
    return freed


def take_thread(session: Session, thread_id: str, *, now: datetime, until: datetime) -> int | None:
    """Begin a run of a thread: give the attempt that holds it now, or None while another run does.

    A thread that was never kept cannot be held; its attempt is 0.
    """
    row = _MODELS["draft"]
    free = sa.or_(row.c.leased_until.is_(None), row.c.leased_until <= now)
    taken = session.connection().execute(
        sa.update(row)
        .where(row.c.thread_id == thread_id, free)
        .values(attempt=row.c.attempt + 1, leased_until=until, status="running", changed_at=now)
        .returning(row.c.attempt)
    )
    attempt: int | None = taken.scalar_one_or_none()
    if attempt is not None:
        return attempt
    kept = sa.select(row.c.thread_id).where(row.c.thread_id == thread_id)
    return 0 if session.connection().execute(kept).first() is None else None


def renew_thread(session: Session, thread_id: str, attempt: int, *, until: datetime) -> bool:
    """Hold a thread for longer; False when another run has taken it over."""
    row = _MODELS["draft"]
    held = sa.update(row).where(
        row.c.thread_id == thread_id, row.c.attempt == attempt, row.c.leased_until.is_not(None)
    )
    return session.connection().execute(held.values(leased_until=until)).rowcount == 1


def _waiting(session: Session) -> list[Work]:
    """Everything that is due now or later; a leased row is due again when its lease runs out."""
    waiting = (_batches, _approvals, _launches, _drafts, _notifications, _journeys)
    return [work for query in waiting for work in query(session)]


def _batches(session: Session) -> list[Work]:
    """Batches by due time; the messages of a paused campaign wait for no time, its outcomes do."""
    query = (
        select(Batch)
        .join(Launch, col(Launch.launch_id) == col(Batch.launch_id))
        .join(Campaign, col(Campaign.campaign_id) == col(Launch.campaign_id))
        .where(
            col(Batch.due_at).is_not(None),
            sa.or_(col(Batch.state) == "sent", col(Campaign.state) != "paused"),
        )
    )
    return [
        Work(
            "batch",
            row.batch_id,
            row.launch_id,
            row.number,
            row.attempt,
            _later(row.due_at, row.leased_until),
        )
        for row in session.exec(query)
        if row.due_at is not None
    ]


def _key(kind: Kind) -> sa.ColumnElement[str]:
    (key,) = _MODELS[kind].primary_key
    return key


def _approvals(session: Session) -> list[Work]:
    query = select(Approval).where(
        col(Approval.status).in_(_TERMINAL_ANSWERS),
        col(Approval.resumed_at).is_(None),
        col(Approval.resolved_at).is_not(None),
        sa.or_(col(Approval.leased_until).is_(None), col(Approval.leased_until) < NEVER),
    )
    return [
        Work(
            "resume",
            row.approval_id,
            row.approval_id,
            0,
            row.attempt,
            _later(row.resolved_at, row.leased_until),
        )
        for row in session.exec(query)
        if row.resolved_at is not None
    ]


def _launches(session: Session) -> list[Work]:
    query = select(Launch).where(col(Launch.readout_due_at).is_not(None))
    return [
        Work(
            "review",
            row.launch_id,
            row.launch_id,
            0,
            row.attempt,
            _later(row.readout_due_at, row.leased_until),
        )
        for row in session.exec(query)
        if row.readout_due_at is not None
    ]


def _drafts(session: Session) -> list[Work]:
    """Threads that a dead process left running; one whose approval is resolved is resumed with that."""
    resolved = sa.exists().where(
        col(Approval.thread_id) == col(ProposeThread.thread_id),
        col(Approval.status).in_(_TERMINAL_ANSWERS),
        col(Approval.resumed_at).is_(None),
    )
    query = select(ProposeThread).where(ProposeThread.status == "running", ~resolved)
    return [
        Work(
            "draft",
            row.thread_id,
            row.thread_id,
            0,
            row.attempt,
            _later(row.changed_at, row.leased_until),
        )
        for row in session.exec(query)
    ]


def _notifications(session: Session) -> list[Work]:
    query = select(Notification).where(col(Notification.due_at).is_not(None))
    return [
        Work(
            "tell",
            row.notification_id,
            row.notification_id,
            0,
            row.attempt,
            _later(row.due_at, row.leased_until),
        )
        for row in session.exec(query)
        if row.due_at is not None
    ]


def _journeys(session: Session) -> list[Work]:
    """Running versions of journeys by their first person; people of a paused one wait for no time."""
    query = (
        select(JourneyRun)
        .join(Workspace, col(Workspace.workspace_id) == JourneyRun.workspace_id)
        .where(
            col(JourneyRun.state).in_(("running", "finishing")),
            col(JourneyRun.due_at).is_not(None),
            col(JourneyRun.paused_at).is_(None),
            col(Workspace.stopped_at).is_(None),
        )
    )
    return [
        Work("journey", row.run_id, row.run_id, 0, row.attempt, _later(row.due_at, row.leased_until))
        for row in session.exec(query)
        if row.due_at is not None
    ]


def _later(due_at: datetime, leased_until: datetime | None) -> datetime:
    return due_at if leased_until is None else max(due_at, leased_until)
