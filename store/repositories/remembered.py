"""What a marketer wants kept: offered, accepted, changed, forgotten. Nobody reads another's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import NotFoundError
from store.bulk import table_of
from store.driver import Prepared
from store.tables import BriefRow, Remembered
from store.tables.base import JsonObject

_rows, _briefs = table_of(Remembered).c, table_of(BriefRow).c
_FOR_BRIEF = Prepared(
    sa.select(_rows.remembered_id, _rows.fact, _rows.words)
    .join_from(table_of(Remembered), table_of(BriefRow), _briefs.author_id == _rows.user_id)
    .where(
        _briefs.brief_id == sa.bindparam("brief"),
        _rows.workspace_id == sa.bindparam("workspace"),
        _rows.status == "accepted",
    )
    .order_by(_rows.remembered_id)
)


def remembered_by(
    session: Session, workspace_id: str, user_id: str, *, accepted: bool = False
) -> Sequence[Remembered]:
    """Return what is kept for a marketer in the order it was offered; only what was accepted, where that is asked for."""
    query = select(Remembered).where(Remembered.workspace_id == workspace_id, Remembered.user_id == user_id)
    if accepted:
        query = query.where(Remembered.status == "accepted")
    return session.exec(query.order_by(col(Remembered.remembered_id))).all()


def remembered_for_brief(session: Session, workspace_id: str, brief_id: str) -> list[JsonObject]:
    """Return the accepted facts of a brief's author, the oldest first, as remembered_id, fact and words."""
    found = _FOR_BRIEF.mappings(session, workspace=workspace_id, brief=brief_id)
    return [dict(row) for row in found]


def get_remembered(session: Session, workspace_id: str, user_id: str, remembered_id: str) -> Remembered:
    """Return one row of this marketer; NotFoundError otherwise, also for another's."""
    row = session.get(Remembered, remembered_id)
    if row is None or (row.workspace_id, row.user_id) != (workspace_id, user_id):
        raise NotFoundError(f"nothing is remembered as {remembered_id}", value=remembered_id)
    return row


def offer(session: Session, row: Remembered) -> Remembered:
    """Keep something as offered; an offer of the same key gives way."""
    _make_room(session, row)
    session.add(row)
    session.flush()
    return row


def accept(session: Session, row: Remembered, at: datetime) -> Remembered:
    """Make an offer count from now on; what was accepted under the same key gives way. Again changes nothing."""
    if row.status != "accepted":
        row.status, row.accepted_at = "accepted", at
        _make_room(session, row)
        session.add(row)
        session.flush()
    return row


def change(session: Session, row: Remembered, *, fact_key: str, fact: JsonObject, words: str) -> Remembered:
    """Put another fact in the place of this one."""
    row.fact_key, row.fact, row.words = fact_key, fact, words
    _make_room(session, row)
    session.add(row)
    session.flush()
    return row


def forget(session: Session, row: Remembered) -> None:
    """Remove a row; nothing of it is left."""
    session.delete(row)
    session.flush()


def _make_room(session: Session, row: Remembered) -> None:
    rows = table_of(Remembered)
    statement = sa.delete(rows).where(
        rows.c.user_id == row.user_id,
        rows.c.fact_key == row.fact_key,
        rows.c.status == row.status,
        rows.c.remembered_id != row.remembered_id,
    )
    # not through the session, which would write the row itself first
    session.connection().execute(statement)
