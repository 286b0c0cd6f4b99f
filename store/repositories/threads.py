"""Threads of the propose graph: reserved, found, and how each stands by what the store says of its approval."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import ConflictError, NotFoundError
from store.audit import AuditLog
from store.tables import Approval, AuditEntry, Campaign, ProposeThread

RunStatus = Literal["reserved", "running", "waiting", "ended", "failed"]
Standing = Literal["idle", "busy", "interrupted", "error"]
SortBy = Literal["thread_id", "status", "created_at", "updated_at"]
REFUSED = "thread.refused"
_LOGGABLE_ID = 64
_RESUMED = ("approved", "changes_requested", "rejected", "expired")
_in_review = sa.and_(
    col(Approval.status) == "pending",
    col(Campaign.proposal_id) == col(Approval.proposal_id),
    col(Campaign.state) == "in_review",
)
_asks = sa.and_(
    col(ProposeThread.status) == "waiting",
    col(Campaign.thread_id) == col(ProposeThread.thread_id),
    col(Campaign.state) == "draft",
)
STANDING = sa.case(
    (_in_review, "interrupted"),
    (sa.and_(col(Approval.status).in_(_RESUMED), col(Approval.resumed_at).is_(None)), "busy"),
    (col(Approval.status).is_not(None), "idle"),
    (_asks, "interrupted"),
    (col(ProposeThread.status) == "running", "busy"),
    (col(ProposeThread.status) == "failed", "error"),
    else_="idle",
)
_SORTED = {
    "thread_id": col(ProposeThread.thread_id),
    "status": STANDING,
    "created_at": col(ProposeThread.created_at),
    "updated_at": col(ProposeThread.changed_at),
}


class ThreadTakenError(ConflictError):
    """The id of a thread is in use already."""

    code = "thread_taken"


class FoundThread(NamedTuple):
    """A thread, how it stands, and the approval it asked for, if it came that far."""

    thread: ProposeThread
    standing: Standing
    approval: Approval | None


class ThreadSearch(NamedTuple):
    """What threads are looked for by; None stands for any."""

    standing: Standing | None = None
    thread_ids: Collection[str] | None = None
    campaign_id: str | None = None
    sort_by: SortBy = "created_at"
    descending: bool = True
    limit: int = 10
    offset: int = 0


def add_thread(
    session: Session,
    *,
    thread_id: str,
    workspace_id: str,
    author_id: str,
    campaign_id: str | None,
    status: RunStatus,
    at: datetime,
) -> ProposeThread:
    """Keep a new thread; ThreadTakenError when its id is in use in any workspace."""
    taken = select(ProposeThread.thread_id).where(ProposeThread.thread_id == thread_id)
    if session.exec(taken).first() is not None:
        raise ThreadTakenError(f"the thread {thread_id} exists already", value=thread_id)
    row = ProposeThread(
        thread_id=thread_id,
        workspace_id=workspace_id,
        author_id=author_id,
        campaign_id=campaign_id,
        status=status,
        created_at=at,
        changed_at=at,
    )
    session.add(row)
    session.flush()
    return row


def take_reserved(
    session: Session, workspace_id: str, thread_id: str, *, author_id: str, campaign_id: str, at: datetime
) -> None:
    """Begin a reserved thread, by compare-and-set; ConflictError for one that has been begun."""
    begun = session.connection().execute(
        sa.update(ProposeThread)
        .where(
            col(ProposeThread.thread_id) == thread_id,
            col(ProposeThread.workspace_id) == workspace_id,
            col(ProposeThread.status) == "reserved",
        )
        .values(status="running", author_id=author_id, campaign_id=campaign_id, changed_at=at)
    )
    if begun.rowcount != 1:
        raise ThreadTakenError(f"the thread {thread_id} has been begun already", value=thread_id)


def note_stop(session: Session, thread_id: str, attempt: int, status: RunStatus, at: datetime) -> None:
    """Keep how a run left a thread, and let go of it; nothing where a later run has taken it over."""
    session.connection().execute(
        sa.update(ProposeThread)
        .where(col(ProposeThread.thread_id) == thread_id, col(ProposeThread.attempt) == attempt)
        .values(status=status, changed_at=at, leased_until=None)
    )


def end_waiting(session: Session, thread_id: str, at: datetime) -> None:
    """Write down that a thread which waits for its marketer is over, because another took its place."""
    session.connection().execute(
        sa.update(ProposeThread)
        .where(
            col(ProposeThread.thread_id) == thread_id,
            col(ProposeThread.status) == "waiting",
            ~sa.exists().where(col(Approval.thread_id) == thread_id),
        )
        .values(status="ended", changed_at=at)
    )


def get_thread(session: Session, workspace_id: str, thread_id: str) -> FoundThread:
    """Return a thread of this workspace; NotFoundError otherwise."""
    found = find_threads(session, workspace_id, ThreadSearch(thread_ids=[thread_id]))
    if not found:
        raise NotFoundError(f"there is no thread {thread_id}", value=thread_id)
    return found[0]


def find_threads(session: Session, workspace_id: str, wanted: ThreadSearch) -> Sequence[FoundThread]:
    """Return the threads of a workspace that fit, in the order asked for."""
    query = (
        select(ProposeThread, STANDING, Approval)
        .join(Campaign, col(Campaign.campaign_id) == col(ProposeThread.campaign_id), isouter=True)
        .join(Approval, col(Approval.thread_id) == col(ProposeThread.thread_id), isouter=True)
        .where(ProposeThread.workspace_id == workspace_id)
    )
    if wanted.standing is not None:
        query = query.where(wanted.standing == STANDING)
    if wanted.thread_ids is not None:
        query = query.where(col(ProposeThread.thread_id).in_(wanted.thread_ids))
    if wanted.campaign_id is not None:
        query = query.where(ProposeThread.campaign_id == wanted.campaign_id)
    sorted_by = _SORTED[wanted.sort_by]
    query = query.order_by(
        sorted_by.desc() if wanted.descending else sorted_by.asc(), col(ProposeThread.thread_id).desc()
    )
    return [FoundThread(*row) for row in session.exec(query.offset(wanted.offset).limit(wanted.limit)).all()]


def note_refusal(
    session: Session,
    audit: AuditLog,
    *,
    workspace_id: str,
    at: datetime,
    actor: str,
    subject: str,
    reason: str,
    once: bool = False,
) -> None:
    """Write down that something was asked of a thread and refused; with `once` a repetition is not written again.

    `subject` is the id that was named, whatever it was; one that cannot be an id of ours is not repeated.
    """
    subject = subject if _may_be_an_id(subject) else "an id that cannot be one"
    if once:
        query = select(AuditEntry.sequence).where(
            AuditEntry.workspace_id == workspace_id,
            AuditEntry.action == REFUSED,
            AuditEntry.subject == subject,
            AuditEntry.actor == actor,
        )
        if session.exec(query).first() is not None:
            return
    audit.append(
        session,
        workspace_id=workspace_id,
        at=at,
        actor=actor,
        action=REFUSED,
        subject=subject,
        detail={"reason": reason},
    )


def _may_be_an_id(text: str) -> bool:
    return len(text) <= _LOGGABLE_ID and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def threads_of_campaign(session: Session, campaign_id: str) -> list[str]:
    """Return the ids of every thread that drafted for a campaign, the oldest first."""
    query = select(ProposeThread.thread_id).where(ProposeThread.campaign_id == campaign_id)
    return list(session.exec(query.order_by(ProposeThread.thread_id)))
