"""Journeys in the database: people are moved by statements over all who are due at a step, never one by one.

A move is two statements over one set of rows: a line of everybody's timeline, then everybody's new place. The set is
bounded by the last (due_at, person_id) that belongs to it, so both mean the same people and no transaction grows too long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import ConflictError, NotFoundError
from store.bulk import in_chunks, insert_rows, table_of
from store.ids import IdSource
from store.tables import Event, JourneyMove, JourneyPerson, JourneyRun, Person, ServedProfile

ENTRANCE = "@entrance"
"""Where somebody stands who has just come in, before the first step."""
ACTIVE, STUCK = "active", "stuck"
OPEN_STATES = ("running", "finishing")
MOST_AT_ONCE = 50_000
_people, _moves, _runs = table_of(JourneyPerson), table_of(JourneyMove), table_of(JourneyRun)
_events, _served, _persons = table_of(Event), table_of(ServedProfile), table_of(Person)


class JourneyEndedError(ConflictError):
    """The journey has ended, so nothing can be done to it any more."""

    code = "journey_ended"


class Place(NamedTuple):
    """Where people arrive: the step, when they are due there, and their status from then on."""

    step: str
    due_at: datetime
    status: str = ACTIVE


class Due(NamedTuple):
    """Somebody who is due at a step."""

    person_id: str
    entry_id: str
    due_at: datetime


def get_run(session: Session, run_id: str) -> JourneyRun:
    """Return a run by id; NotFoundError names it."""
    run = session.get(JourneyRun, run_id, populate_existing=True)
    if run is None:
        raise NotFoundError(f"there is no run {run_id} of a journey", value=run_id)
    return run


def open_runs(
    session: Session, workspace_id: str | None = None, journey_id: str | None = None
) -> list[JourneyRun]:
    """Return the runs that people are in, the newest version first."""
    query = select(JourneyRun).where(col(JourneyRun.state).in_(OPEN_STATES))
    if workspace_id is not None:
        query = query.where(JourneyRun.workspace_id == workspace_id)
    if journey_id is not None:
        query = query.where(JourneyRun.journey_id == journey_id)
    return list(session.exec(query.order_by(col(JourneyRun.version).desc())).all())


def runs_of(session: Session, workspace_id: str) -> list[JourneyRun]:
    """Return every run of a workspace, by journey, the newest version first."""
    query = select(JourneyRun).where(JourneyRun.workspace_id == workspace_id)
    return list(session.exec(query.order_by(JourneyRun.journey_id, col(JourneyRun.version).desc())).all())


def people_by_step(session: Session, run_id: str) -> list[tuple[str, str, int]]:
    """Count a run's people by status and step."""
    query = (
        sa.select(_people.c.status, _people.c.step, sa.func.count())
        .where(_people.c.run_id == run_id)
        .group_by(_people.c.status, _people.c.step)
        .order_by(_people.c.status, _people.c.step)
    )
    return [(status, step, int(count)) for status, step, count in session.connection().execute(query)]


def due_steps(session: Session, run_id: str, now: datetime) -> list[str]:
    """The steps at which somebody is due."""
    query = sa.select(_people.c.step).where(_active(run_id), _people.c.due_at <= now).distinct()
    return list(session.connection().scalars(query))


def due_at_step(session: Session, run_id: str, step: str, now: datetime, limit: int) -> list[Due]:
    """Return up to `limit` people who are due at a step, the longest waiting first."""
    query = (
        sa.select(_people.c.person_id, _people.c.entry_id, _people.c.due_at)
        .where(_active(run_id, step), _people.c.due_at <= now)
        .order_by(_people.c.due_at, _people.c.person_id)
        .limit(limit)
    )
    return [Due(*row) for row in session.connection().execute(query)]


def move_due(
    session: Session,
    run: JourneyRun,
    step: str,
    now: datetime,
    to: Place,
    outcome: str,
    *,
    limit: int = MOST_AT_ONCE,
) -> int:
    """Move everybody who is due at a step, the longest waiting first and at most `limit`; returns how many."""
    where = sa.and_(_active(run.run_id, step), _people.c.due_at <= now)
    last = session.connection().execute(
        sa.select(_people.c.due_at, _people.c.person_id)
        .where(where)
        .order_by(_people.c.due_at, _people.c.person_id)
        .limit(1)
        .offset(limit - 1)
    )
    bound = last.first()
    if bound is not None:
        where = sa.and_(where, _up_to(*bound))
    return _move(session, where, now, to, outcome)


def move_people(
    session: Session,
    run: JourneyRun,
    step: str,
    now: datetime,
    person_ids: Sequence[str],
    to: Place,
    outcome: str,
) -> int:
    """Move these people if they are still active at the step; returns how many were."""
    return sum(
        _move(session, sa.and_(_active(run.run_id, step), _people.c.person_id.in_(chunk)), now, to, outcome)
        for chunk in in_chunks(person_ids)
    )


def zones_at_step(session: Session, run: JourneyRun, step: str, now: datetime) -> list[str | None]:
    """The time zones of those who are due at a step; None for people of whom no zone is known."""
    query = (
        sa.select(_served.c.timezone)
        .select_from(_people.outerjoin(_served, _served.c.person_id == _people.c.person_id))
        .where(_active(run.run_id, step), _people.c.due_at <= now)
        .distinct()
    )
    return list(session.connection().scalars(query))


def move_zone(
    session: Session, run: JourneyRun, step: str, now: datetime, zone: str | None, to: Place, outcome: str
) -> int:
    """Move everybody due at a step who lives in one time zone."""
    there = sa.select(_served.c.person_id).where(_served.c.workspace_id == run.workspace_id)
    held = (
        _people.c.person_id.not_in(there)
        if zone is None
        else _people.c.person_id.in_(there.where(_served.c.timezone == zone))
    )
    where = sa.and_(_active(run.run_id, step), _people.c.due_at <= now, held)
    return _move(session, where, now, to, outcome)


def postpone(session: Session, run_id: str, step: str, due: Mapping[str, datetime]) -> None:
    """Let people wait where they are until a later time each."""
    by_time: dict[datetime, list[str]] = {}
    for person, at in due.items():
        by_time.setdefault(at, []).append(person)
    for at, people in by_time.items():
        for chunk in in_chunks(people):
            where = sa.and_(_active(run_id, step), _people.c.person_id.in_(chunk))
            session.connection().execute(sa.update(_people).where(where).values(due_at=at))


def passed_since(session: Session, run_id: str, step: str, since: datetime) -> int:
    """How many people have left a step since a time."""
    query = sa.select(sa.func.count()).where(
        _moves.c.run_id == run_id, _moves.c.step == step, _moves.c.at > since
    )
    return int(session.connection().scalar(query) or 0)


def did(
    session: Session, run: JourneyRun, name: str, since: datetime, until: datetime
) -> dict[str, datetime]:
    """Who did something since the run started, by the time at which it was last heard of, in (since, until].

    Nobody who is forgotten is among them.
    """
    last = sa.type_coerce(sa.func.max(_events.c.received_at), _events.c.received_at.type)
    query = (
        sa.select(_events.c.person_id, last)
        .join(_persons, _persons.c.person_id == _events.c.person_id)
        .where(
            _events.c.workspace_id == run.workspace_id,
            _events.c.name == name,
            _events.c.received_at > since,
            _events.c.received_at <= until,
            _events.c.occurred_at >= run.started_at,
            _persons.c.forgotten_at.is_(None),
        )
        .group_by(_events.c.person_id)
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}


def heard_of(session: Session, run: JourneyRun, name: str, since: datetime, until: datetime) -> bool:
    """Whether anybody did something, as far as it was heard of in (since, until]."""
    query = sa.select(_events.c.event_id).where(
        _events.c.workspace_id == run.workspace_id,
        _events.c.name == name,
        _events.c.received_at > since,
        _events.c.received_at <= until,
    )
    return session.connection().execute(query.limit(1)).first() is not None


def enter(
    session: Session,
    ids: IdSource,
    run: JourneyRun,
    person_ids: Sequence[str],
    *,
    at: datetime,
    reentry_days: int | None,
    heard: Mapping[str, datetime] | None = None,
) -> int:
    """Let people in who may come in, at the entrance; returns how many.

    Nobody is in twice at once. Who has been in comes back only after `reentry_days` since entering (never for None), and
    what made them enter (`heard`) must be later than that.
    """
    entered = 0
    for chunk in in_chunks(person_ids, 5_000):
        query = sa.select(
            _people.c.person_id, _people.c.status, _people.c.entered_at, _people.c.entries
        ).where(
            _people.c.workspace_id == run.workspace_id,
            _people.c.journey_id == run.journey_id,
            _people.c.person_id.in_(chunk),
        )
        known = {row.person_id: row for row in session.connection().execute(query)}
        rows = []
        for person in chunk:
            before = known.get(person)
            if before is not None and not _may_return(
                before.status, before.entered_at, at, reentry_days, (heard or {}).get(person)
            ):
                continue
            rows.append(
                {
                    "workspace_id": run.workspace_id,
                    "journey_id": run.journey_id,
                    "person_id": person,
                    "run_id": run.run_id,
                    "entry_id": ids.new(at),
                    "entries": 1 if before is None else before.entries + 1,
                    "entered_at": at,
                    "status": ACTIVE,
                    "step": ENTRANCE,
                    "arrived_at": at,
                    "due_at": at,
                    "moves": 0,
                    "reason": None,
                }
            )
        insert_rows(session, JourneyPerson, rows, replace=True)
        entered += len(rows)
    return entered


def end_at_goal(session: Session, run: JourneyRun, goal: str, since: datetime, at: datetime) -> int:
    """Let everybody leave who did the goal after entering, as far as it was heard of since a time."""
    reached = sa.exists().where(
        _events.c.workspace_id == run.workspace_id,
        _events.c.name == goal,
        _events.c.received_at > since,
        _events.c.person_id == _people.c.person_id,
        _events.c.occurred_at >= _people.c.entered_at,
    )
    candidates = sa.select(_events.c.person_id).where(
        _events.c.workspace_id == run.workspace_id, _events.c.name == goal, _events.c.received_at > since
    )
    where = sa.and_(
        _people.c.run_id == run.run_id,
        _people.c.status.in_((ACTIVE, STUCK)),
        _people.c.person_id.in_(candidates),
        reached,
    )
    return _move(session, where, at, Place(ENTRANCE, at, "goal"), "goal", keep_step=True)


def end_everybody(session: Session, run: JourneyRun, at: datetime, reason: str) -> int:
    """Let everybody leave where they are: the run was stopped."""
    where = sa.and_(_people.c.run_id == run.run_id, _people.c.status.in_((ACTIVE, STUCK)))
    return _move(session, where, at, Place(ENTRANCE, at, "stopped"), reason, keep_step=True)


def carry_over(
    session: Session, before: JourneyRun, after: JourneyRun, steps: Sequence[str], at: datetime
) -> int:
    """Move people of an earlier version to the same step of a later one; who stands at a step that is gone leaves."""
    there = sa.and_(
        _people.c.run_id == before.run_id,
        _people.c.status.in_((ACTIVE, STUCK)),
        _people.c.step.in_([ENTRANCE, *steps]),
    )
    moved = session.connection().execute(sa.update(_people).where(there).values(run_id=after.run_id))
    end_everybody(session, before, at, "step_gone")
    return moved.rowcount


def mark(
    session: Session, run: JourneyRun, step: str, person_ids: Sequence[str], status: str, reason: str
) -> None:
    """Leave people at a step with another status: `stuck` waits for somebody, `stopped` is the end."""
    for chunk in in_chunks(person_ids):
        where = sa.and_(_active(run.run_id, step), _people.c.person_id.in_(chunk))
        session.connection().execute(
            sa.update(_people).where(where).values(status=status, reason=reason[:200])
        )


def unstick(session: Session, run: JourneyRun, person_id: str, at: datetime) -> None:
    """Let somebody who is stuck be active again where they are, due now."""
    where = sa.and_(
        _people.c.run_id == run.run_id, _people.c.person_id == person_id, _people.c.status == STUCK
    )
    session.connection().execute(
        sa.update(_people).where(where).values(status=ACTIVE, due_at=at, reason=None)
    )


def first_due(session: Session, run_id: str) -> datetime | None:
    """When the next person of a run is due; None while nobody is in it."""
    kind = _people.c.due_at.type
    query = sa.select(sa.type_coerce(sa.func.min(_people.c.due_at), kind)).where(_active(run_id))
    found: datetime | None = session.connection().scalar(query)
    return found


def person_in(session: Session, workspace_id: str, journey_id: str, person_id: str) -> JourneyPerson:
    """Return where a person is in a journey; NotFoundError where they never were in it."""
    found = session.get(JourneyPerson, (workspace_id, journey_id, person_id), populate_existing=True)
    if found is None:
        raise NotFoundError(f"{person_id} was never in the journey {journey_id}", value=person_id)
    return found


def people_in(
    session: Session, workspace_id: str, journey_id: str, *, status: str | None, after: str, limit: int
) -> list[JourneyPerson]:
    """Return people of a journey in the order of their ids, of one status or all."""
    query = select(JourneyPerson).where(
        JourneyPerson.workspace_id == workspace_id,
        JourneyPerson.journey_id == journey_id,
        JourneyPerson.person_id > after,
    )
    if status is not None:
        query = query.where(JourneyPerson.status == status)
    return list(session.exec(query.order_by(JourneyPerson.person_id).limit(limit)).all())


def timeline(session: Session, person: JourneyPerson) -> list[JourneyMove]:
    """Return the steps that a person has taken since entering, in order."""
    query = select(JourneyMove).where(JourneyMove.entry_id == person.entry_id)
    return list(session.exec(query.order_by(col(JourneyMove.number))).all())


def _active(run_id: str, step: str | None = None) -> sa.ColumnElement[bool]:
    here = sa.and_(_people.c.run_id == run_id, _people.c.status == ACTIVE)
    return here if step is None else sa.and_(here, _people.c.step == step)


def _up_to(due_at: datetime, person_id: str) -> sa.ColumnElement[bool]:
    return sa.tuple_(_people.c.due_at, _people.c.person_id) <= sa.tuple_(
        sa.bindparam("last_due", due_at, type_=_people.c.due_at.type), sa.bindparam("last_person", person_id)
    )


def _may_return(
    status: str, entered_at: datetime, at: datetime, reentry_days: int | None, heard: datetime | None
) -> bool:
    if status in (ACTIVE, STUCK) or reentry_days is None:
        return False
    return entered_at + timedelta(days=reentry_days) <= at and (heard is None or heard > entered_at)


def _move(
    session: Session,
    where: sa.ColumnElement[bool],
    now: datetime,
    to: Place,
    outcome: str,
    *,
    keep_step: bool = False,
) -> int:
    line = sa.select(
        _people.c.entry_id,
        _people.c.moves,
        _people.c.workspace_id,
        _people.c.person_id,
        _people.c.run_id,
        _people.c.step,
        sa.literal(outcome[:200]),
        sa.literal(now, type_=_moves.c.at.type),
    ).where(where)
    names = ["entry_id", "number", "workspace_id", "person_id", "run_id", "step", "outcome", "at"]
    session.connection().execute(sa.insert(_moves).from_select(names, line))
    place = {} if keep_step else {"step": to.step}
    changed = sa.update(_people).where(where)
    moved = session.connection().execute(
        changed.values(
            **place,
            status=to.status,
            arrived_at=now,
            due_at=to.due_at,
            moves=_people.c.moves + 1,
            reason=None,
        )
    )
    return moved.rowcount
