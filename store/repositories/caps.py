"""The ledger of caps on one reservation table: reserve, then confirm or release, with expiry; never above a limit.

A counter a subject says what is reserved or used. It is read under lock before anything is decided by it: on SQLite the
transaction is the only writer, on PostgreSQL the row is held. Locks are taken in order of subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from store.bulk import insert_rows, table_of
from store.driver import Prepared
from store.tables import CapCounter, Reservation

_counters, _rows = table_of(CapCounter), table_of(Reservation)
_key = sa.and_(
    _counters.c.workspace_id == sa.bindparam("of_workspace"),
    _counters.c.subject == sa.bindparam("of_subject"),
)
_TAKEN = sa.select(_counters.c.taken).where(_key)
_READ, _LOCKED = Prepared(_TAKEN), Prepared(_TAKEN.with_for_update())
_MOVE = Prepared(sa.update(_counters).where(_key).values(taken=_counters.c.taken + sa.bindparam("by")))
_lapsed = sa.and_(
    _rows.c.workspace_id == sa.bindparam("of_workspace"),
    _rows.c.subject == sa.bindparam("of_subject"),
    _rows.c.status == sa.literal("reserved"),
    _rows.c.amount > sa.literal(0),
    _rows.c.expires_at <= sa.bindparam("now"),
)
_LAPSED = Prepared(sa.select(sa.func.count()).select_from(_rows).where(_lapsed))
_LAPSE = Prepared(
    sa.update(_rows).where(_lapsed).values(status=sa.literal("expired"), changed_at=sa.bindparam("at"))
)
_HELD = Prepared(
    sa.select(_rows.c.reservation_id, _rows.c.subject, _rows.c.unit, _rows.c.status, _rows.c.amount).where(
        _rows.c.holder == sa.bindparam("of_holder")
    )
)
_SETTLE = Prepared(
    sa.update(_rows)
    .where(_rows.c.reservation_id == sa.bindparam("of_reservation"))
    .values(
        status=sa.bindparam("new_status"),
        amount=sa.bindparam("new_amount"),
        confirmed=sa.bindparam("used"),
        changed_at=sa.bindparam("at"),
    )
)


class Held(NamedTuple):
    """One reservation of a choice: the cap's subject, the event that uses it, and where it stands."""

    reservation_id: str
    subject: str
    unit: str
    status: str
    amount: int


def taken_now(
    session: Session, workspace_id: str, limits: Mapping[str, int], *, now: datetime, hold: bool
) -> dict[str, int]:
    """Return what is taken by subject, for the limits asked about; with `hold` nobody moves them before the commit.

    Where a limit is reached, reservations that have run out are given back first (only counted off without `hold`).
    """
    found = _taken(session, workspace_id, sorted(limits), hold=hold)
    for subject, taken in found.items():
        if taken < limits[subject]:
            continue
        asked = {"of_workspace": workspace_id, "of_subject": subject, "now": now}
        if hold:
            lapsed = _LAPSE.run(session, at=now, **asked)
            _move(session, workspace_id, subject, -lapsed)
        else:
            lapsed = int((_LAPSED.one(session, **asked) or (0,))[0])
        found[subject] = taken - lapsed
    return found


def move_counters(session: Session, workspace_id: str, by: Mapping[str, int]) -> None:
    """Add to counters that this transaction holds."""
    asked = [
        {"of_workspace": workspace_id, "of_subject": subject, "by": by[subject]} for subject in sorted(by)
    ]
    _MOVE.run_each(session, asked)


def held_by(session: Session, choice_id: str) -> list[Held]:
    """Return the reservations of a choice."""
    return [Held(*row) for row in _HELD.rows(session, of_holder=choice_id)]


def settle_event(session: Session, workspace_id: str, choice_id: str, event: str, *, at: datetime) -> int:
    """Move the caps of a choice by one event, each at most once, and say how many moved.

    A display or interaction uses what was reserved for it, also after it ran out; a dismissal counts towards caps on
    dismissals and gives back what was reserved for an interaction.
    """
    _taken(session, workspace_id, sorted({held.subject for held in held_by(session, choice_id)}), hold=True)
    moved = 0
    for held in held_by(session, choice_id):  # read anew, now that the counters are held
        if held.unit == event and held.status in ("reserved", "expired"):
            counted = held.status == "reserved" and held.amount > 0
            _settle(session, held, "confirmed", 1, 1, at)
            _move(session, workspace_id, held.subject, 0 if counted else 1)
        elif event == "dismiss" and held.unit == "interact" and held.status == "reserved":
            _settle(session, held, "released", held.amount, 0, at)
            _move(session, workspace_id, held.subject, -held.amount)
        else:
            continue
        moved += 1
    return moved


def _taken(session: Session, workspace_id: str, subjects: Sequence[str], *, hold: bool) -> dict[str, int]:
    """The counters of subjects in the order given; with `hold` each is made where it is missing, and locked."""
    statement = _LOCKED if hold else _READ
    asked = [{"of_workspace": workspace_id, "of_subject": subject} for subject in subjects]
    rows = statement.each(session, asked)
    if hold and not all(rows):
        first = [
            {"workspace_id": workspace_id, "subject": subject, "taken": 0}
            for subject, row in zip(subjects, rows, strict=True)
            if not row
        ]
        insert_rows(session, CapCounter, first, keep=True)
        rows = statement.each(session, asked)
    return {subject: int(row[0][0]) if row else 0 for subject, row in zip(subjects, rows, strict=True)}


def _move(session: Session, workspace_id: str, subject: str, by: int) -> None:
    if by:
        _MOVE.run(session, of_workspace=workspace_id, of_subject=subject, by=by)


def _settle(session: Session, held: Held, status: str, amount: int, used: int, at: datetime) -> None:
    _SETTLE.run(
        session,
        of_reservation=held.reservation_id,
        new_status=status,
        new_amount=amount,
        used=used,
        at=at,
    )
