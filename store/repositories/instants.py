"""When something is said to have happened, where it counts which of two things came first.

An approver's role must be older than the proposal. A replay clock can stand still between the two, and the clocks of two
processes can differ, so what comes second is given a later instant than what is there, by a microsecond where need be.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from store.clock import aware
from store.tables import Approval, Delegation, RoleGrant, User

STEP = timedelta(microseconds=1)


def after_opened(session: Session, workspace_id: str, at: datetime) -> datetime:
    """Return the first instant from `at` on that is later than the opening of every approval of the workspace."""
    latest = session.exec(
        sa.select(sa.func.max(Approval.opened_at)).where(col(Approval.workspace_id) == workspace_id)
    ).scalar()  # type: ignore[call-overload]  # a plain statement
    return at if latest is None or aware(latest) < at else aware(latest) + STEP


def after_granted(session: Session, workspace_id: str, at: datetime) -> datetime:
    """Return the first instant from `at` on that is no earlier than any role given, lent or let in again so far."""
    latest = at
    for model, column in (
        (RoleGrant, RoleGrant.granted_at),
        (Delegation, Delegation.granted_at),
        (User, User.enabled_at),
    ):
        found = session.exec(
            sa.select(sa.func.max(column)).where(col(model.workspace_id) == workspace_id)
        ).scalar()  # type: ignore[call-overload,attr-defined]  # a plain statement
        latest = latest if found is None else max(latest, aware(found))
    return latest
