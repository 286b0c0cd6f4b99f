"""What is kept of one person under their id: where they came from, what they said, what was sent, what followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.bulk import table_of
from store.repositories.people import UnknownPersonError
from store.tables import (
    Campaign,
    Choice,
    Consent,
    Event,
    ImportRun,
    Launch,
    Outcome,
    Person,
    Send,
    ServedProfile,
    Suppression,
)

NEWEST = 200
"""How many rows of each kind are read, the newest first."""


class PersonRows(NamedTuple):
    """The rows of one person. `campaigns` are names by launch id."""

    person: Person
    source: ImportRun | None
    profile: ServedProfile | None
    consents: Sequence[Consent]
    suppressions: Sequence[Suppression]
    decisions: Sequence[Choice]
    sends: Sequence[Send]
    outcomes: Sequence[Outcome]
    events: Sequence[Event]
    campaigns: dict[str, Campaign]


def person_rows(session: Session, workspace_id: str, person_id: str) -> PersonRows:
    """Read what is kept of a person; UnknownPersonError for nobody of this workspace."""
    person = session.get(Person, person_id)
    if person is None or person.workspace_id != workspace_id:
        raise UnknownPersonError(f"This workspace has no person {person_id}.", value=person_id)
    sends = session.exec(
        select(Send)
        .where(Send.workspace_id == workspace_id, Send.person_id == person_id)
        .order_by(col(Send.created_at).desc())
        .limit(NEWEST)
    ).all()
    return PersonRows(
        person=person,
        source=session.get(ImportRun, person.import_id) if person.import_id else None,
        profile=session.get(ServedProfile, person_id),
        consents=session.exec(
            select(Consent)
            .where(Consent.person_id == person_id)
            .order_by(col(Consent.stated_at).desc())
            .limit(NEWEST)
        ).all(),
        suppressions=session.exec(select(Suppression).where(Suppression.person_id == person_id)).all(),
        decisions=session.exec(
            select(Choice)
            .where(Choice.workspace_id == workspace_id, Choice.person_id == person_id)
            .order_by(col(Choice.chosen_at).desc())
            .limit(NEWEST)
        ).all(),
        sends=sends,
        outcomes=session.exec(
            select(Outcome)
            .where(Outcome.workspace_id == workspace_id, Outcome.person_id == person_id)
            .order_by(col(Outcome.observed_at).desc())
            .limit(NEWEST)
        ).all(),
        events=session.exec(
            select(Event)
            .where(Event.workspace_id == workspace_id, Event.person_id == person_id)
            .order_by(col(Event.occurred_at).desc())
            .limit(NEWEST)
        ).all(),
        campaigns=_campaigns(session, workspace_id),
    )


def _campaigns(session: Session, workspace_id: str) -> dict[str, Campaign]:
    query = (
        select(Launch.launch_id, Campaign)
        .join(Campaign, col(Campaign.campaign_id) == Launch.campaign_id)
        .where(Launch.workspace_id == workspace_id)
    )
    return dict(session.exec(query).all())


def count_people(session: Session, workspace_id: str) -> int:
    """Count the people of a workspace who were not forgotten."""
    people = table_of(Person).c
    query = (
        sa.select(sa.func.count())
        .select_from(table_of(Person))
        .where(people.workspace_id == workspace_id, people.forgotten_at.is_(None))
    )
    return int(session.connection().execute(query).scalar_one())
