"""Who enters a journey, and who leaves it at its goal: looked at before every look at what is due."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from delivery.journeys.running import JourneyTerms, journey_terms
from delivery.ports import Ports
from policies.errors import InvalidInputError
from policies.journeys import EventTrigger
from store.bulk import table_of
from store.repositories import journeys as rows
from store.tables import Person, ServedProfile
from tools.decisions.fields import Known

OVERLAP = timedelta(minutes=5)
"""How far events are read again: one that was received earlier may be seen later. Nobody enters twice by it."""
SCAN_EVERY = timedelta(hours=1)
_PROFILES = 5_000
_log = logging.getLogger("countersign.delivery")


def enter_journeys(ports: Ports) -> int:
    """Let everybody enter who may, and leave who reached a goal, in every open run; returns how many entered."""
    with ports.database.read() as session:
        runs = [run.run_id for run in rows.open_runs(session)]
    entered = 0
    for run_id in runs:
        try:
            entered += _enter(ports, run_id)
        except InvalidInputError as error:
            # a definition that somebody broke keeps nobody out of the other journeys
            _log.error("nobody enters run %s of a journey: %s", run_id, error.message)
    return entered


def _enter(ports: Ports, run_id: str) -> int:
    now = ports.clock.now()
    with ports.database.read() as session:
        terms = journey_terms(session, run_id)
        since = terms.run.entered_until - OVERLAP
        if not terms.approval_valid or terms.paused or not _anything_new(session, terms, since, now):
            return 0
    with ports.database.write() as session:
        terms = journey_terms(session, run_id)
        run, body = terms.run, terms.body
        if body.goal is not None:
            rows.end_at_goal(session, run, body.goal, since, now)
        entered = 0
        if run.state == "running" and isinstance(body.trigger, EventTrigger):
            heard = rows.did(session, run, body.trigger.name, since, now)
            entered = rows.enter(
                session, ports.ids, run, sorted(heard), at=now, reentry_days=body.reentry_days, heard=heard
            )
        elif run.state == "running" and _scan_is_due(terms, now):
            for people in _matching(session, terms, now):
                entered += rows.enter(session, ports.ids, run, people, at=now, reentry_days=body.reentry_days)
            run.scanned_at = now
        run.entered_until = now
        run.due_at = rows.first_due(session, run_id)
        session.add(run)
        return entered


def _anything_new(session: Session, terms: JourneyTerms, since: datetime, now: datetime) -> bool:
    """Whether an event was heard of that lets somebody in or out, or it is time to look at everybody."""
    trigger = terms.body.trigger
    names = [name for name in (terms.body.goal,) if name is not None]
    if isinstance(trigger, EventTrigger):
        names.append(trigger.name)
    elif terms.run.state == "running" and _scan_is_due(terms, now):
        return True
    return any(rows.heard_of(session, terms.run, name, since, now) for name in names)


def _scan_is_due(terms: JourneyTerms, now: datetime) -> bool:
    if isinstance(terms.body.trigger, EventTrigger):
        return False
    return terms.run.scanned_at is None or terms.run.scanned_at + SCAN_EVERY <= now


def _matching(session: Session, terms: JourneyTerms, now: datetime) -> list[list[str]]:
    served, people = table_of(ServedProfile), table_of(Person)
    query = (
        sa.select(served.c.person_id, served.c.features, served.c.timezone, served.c.locale)
        .join(people, people.c.person_id == served.c.person_id)
        .where(served.c.workspace_id == terms.run.workspace_id, people.c.forgotten_at.is_(None))
        .order_by(served.c.person_id)
        .limit(_PROFILES)
    )
    found: list[list[str]] = []
    last = ""
    while page := session.connection().execute(query.where(served.c.person_id > last)).all():
        last = page[-1].person_id
        known = [Known(row.features, row.timezone, row.locale, {}) for row in page]
        fits = terms.journey.enters(known, now.date())
        found.append([row.person_id for row, fit in zip(page, fits, strict=True) if fit])
    return found
