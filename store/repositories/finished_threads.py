"""Which threads have ended for good, so that nobody will ever take them on again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col

from store.repositories.threads import STANDING
from store.tables import Approval, Campaign, Draft, ProposeThread

_AT_ONCE: Final = 500
"""Ids in one statement; SQLite takes some thousands at most."""
_ANSWERED = ("approved", "changes_requested", "rejected", "expired", "revoked")


class FinishedThread(NamedTuple):
    """A thread whose checkpoints nobody needs any more."""

    thread_id: str
    workspace_id: str


def finished_threads(
    session: Session, thread_ids: Sequence[str], *, before: datetime, review_ends_with: str
) -> list[FinishedThread]:
    """Return those of these threads that ended at or before an instant; unknown ones are not among them.

    A propose thread has ended when it neither runs, waits, failed nor has an approval whose answer it has not been given
    yet; a review when it kept its last draft, of the kind `review_ends_with`.
    """
    found: list[FinishedThread] = []
    for first in range(0, len(thread_ids), _AT_ONCE):
        chunk = thread_ids[first : first + _AT_ONCE]
        found += _proposals(session, chunk, before)
        found += _reviews(session, chunk, before, review_ends_with)
    return sorted(set(found))


def _proposals(session: Session, chunk: Sequence[str], before: datetime) -> Iterator[FinishedThread]:
    over = sa.or_(
        col(Approval.status).is_(None),
        col(Approval.status) == "superseded",
        sa.and_(col(Approval.status).in_(_ANSWERED), col(Approval.resumed_at) <= before),
    )
    query = (
        sa.select(col(ProposeThread.thread_id), col(ProposeThread.workspace_id))
        .outerjoin(Campaign, col(Campaign.campaign_id) == col(ProposeThread.campaign_id))
        .outerjoin(Approval, col(Approval.thread_id) == col(ProposeThread.thread_id))
        .where(
            col(ProposeThread.thread_id).in_(chunk),
            col(ProposeThread.status).in_(("waiting", "ended")),
            col(ProposeThread.changed_at) <= before,
            sa.or_(col(Approval.resolved_at).is_(None), col(Approval.resolved_at) <= before),
            STANDING == "idle",
            over,
        )
    )
    yield from (FinishedThread(*row) for row in session.connection().execute(query))


def _reviews(session: Session, chunk: Sequence[str], before: datetime, kind: str) -> Iterator[FinishedThread]:
    query = sa.select(col(Draft.thread_id), col(Draft.workspace_id)).where(
        col(Draft.thread_id).in_(chunk), col(Draft.kind) == kind, col(Draft.created_at) <= before
    )
    yield from (FinishedThread(*row) for row in session.connection().execute(query))
