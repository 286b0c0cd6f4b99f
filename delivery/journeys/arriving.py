"""Where people arrive: the step they go to, and when they are due there, each by their own clock where it is local."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session

from delivery.journeys.running import JourneyTerms
from policies.contact import find_zone, require_zone
from policies.journeys import WaitStep, WaitUntilStep
from store.bulk import table_of
from store.repositories import journeys as rows
from store.repositories.journeys import Place
from store.tables import ServedProfile
from tools.decisions.fields import Known

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def next_local(at: str, weekday: str | None, timezone: str, now: datetime) -> datetime:
    """The next time of the local day (or week) strictly after now, in UTC. `at` is HH:MM on the local wall clock.

    A reading that the clocks skip counts as if they had not been moved; of one that comes twice the first counts.
    """
    zone = require_zone(timezone)
    wall = time.fromisoformat(at)
    today = now.astimezone(zone).date()
    for days in range(9):
        day = today + timedelta(days=days)
        if weekday is not None and _DAYS[day.weekday()] != weekday:
            continue
        found = datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)
        if found > now:
            return found
    raise AssertionError("a week has every weekday")


def arrive(
    session: Session,
    terms: JourneyTerms,
    at: str,
    to: str,
    now: datetime,
    outcome: str,
    *,
    people: list[str] | None = None,
    limit: int = rows.MOST_AT_ONCE,
) -> int:
    """Move people from one step to another, due there when its kind says so; all who are due, or those named."""
    target = terms.body.step(to)
    run = terms.run
    if isinstance(target, WaitUntilStep):
        return _arrive_by_zone(session, terms, at, target, now, outcome, people)
    due = now + timedelta(hours=target.hours) if isinstance(target, WaitStep) else now
    if people is None:
        return rows.move_due(session, run, at, now, Place(to, due), outcome, limit=limit)
    return rows.move_people(session, run, at, now, people, Place(to, due), outcome)


def _arrive_by_zone(
    session: Session,
    terms: JourneyTerms,
    at: str,
    target: WaitUntilStep,
    now: datetime,
    outcome: str,
    people: list[str] | None,
) -> int:
    """A send time is local, so people of each time zone are moved together."""
    moved = 0
    if people is not None:
        for zone, there in _by_zone(session, people).items():
            due = next_local(target.at, target.weekday, _zone(terms, zone), now)
            moved += rows.move_people(session, terms.run, at, now, there, Place(target.id, due), outcome)
        return moved
    for zone in rows.zones_at_step(session, terms.run, at, now):
        due = next_local(target.at, target.weekday, _zone(terms, zone), now)
        moved += rows.move_zone(session, terms.run, at, now, zone, Place(target.id, due), outcome)
    return moved


def _zone(terms: JourneyTerms, zone: str | None) -> str:
    return zone if zone is not None and find_zone(zone) is not None else terms.workspace.timezone


def _by_zone(session: Session, people: list[str]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    known = profiles_of(session, people)
    for person in people:
        profile = known.get(person)
        found.setdefault(None if profile is None else profile.timezone, []).append(person)
    return found


def profiles_of(session: Session, people: list[str]) -> dict[str, Known]:
    """What is known of people for a filter; somebody without a served profile is absent."""
    served = table_of(ServedProfile)
    query = sa.select(served.c.person_id, served.c.features, served.c.timezone, served.c.locale).where(
        served.c.person_id.in_(people)
    )
    return {
        row.person_id: Known(row.features, row.timezone, row.locale, {})
        for row in session.connection().execute(query)
    }
