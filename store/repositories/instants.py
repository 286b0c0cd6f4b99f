"""When something is said to have happened, where it counts which of two things came first.

An approver's role must be older than the proposal. A replay clock can stand still between the two, and the clocks of two
processes can differ, so what comes second is given a later instant than what is there, by a microsecond where need be.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from store.bulk import table_of
from store.clock import aware
from store.driver import Prepared
from store.tables import Approval, Delegation, RoleGrant, User

STEP = timedelta(microseconds=1)


def _latest(model: type[SQLModel], column: str) -> sa.ScalarSelect[datetime]:
    table = table_of(model)
    newest = sa.select(sa.func.max(table.c[column]))
    return newest.where(table.c.workspace_id == sa.bindparam("workspace")).scalar_subquery()


_OPENED = Prepared(sa.select(_latest(Approval, "opened_at")))
_GRANTS = ((RoleGrant, "granted_at"), (Delegation, "granted_at"), (User, "enabled_at"))
_GRANTED = tuple(Prepared(sa.select(_latest(model, column))) for model, column in _GRANTS)


def after_opened(session: Session, workspace_id: str, at: datetime) -> datetime:
    """Return the first instant from `at` on that is later than the opening of every approval of the workspace."""
    session.flush()
    ((latest,),) = _OPENED.rows(session, workspace=workspace_id)
    return at if latest is None or aware(latest) < at else aware(latest) + STEP


def after_granted(session: Session, workspace_id: str, at: datetime) -> datetime:
    """Return the first instant from `at` on that is no earlier than any role given, lent or let in again so far."""
    session.flush()
    found = (instant for query in _GRANTED for (instant,) in query.rows(session, workspace=workspace_id))
    return max([at, *(aware(instant) for instant in found if instant is not None)])
