"""Events as received: whole batches, once an event id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from sqlmodel import Session

from policies.errors import InvalidInputError
from policies.privacy import holds_address
from store.bulk import in_chunks, insert_rows, table_of
from store.database import Database
from store.importing.identities import person_ids_by_external_id
from store.repositories.people import ALL_CHANNELS, UnknownPersonError, suppress
from store.repositories.profiles import note_events
from store.tables import Event, Person

UNSUBSCRIBE = "unsubscribe"


class PersonalEventError(InvalidInputError):
    """An event would put personal text where it must never be."""

    code = "event_personal"


class EventIn(BaseModel):
    """Something a customer did. `external_id` is the shop's own id of the customer; `ts` is an aware time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: str = Field(min_length=1, max_length=200)
    external_id: str = Field(min_length=1, max_length=200)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    ts: AwareDatetime
    properties: dict[str, JsonValue] = Field(default_factory=dict, max_length=50)


class EventsTaken(BaseModel):
    """How many events were new, and how many ids were known already."""

    status: Literal["ok"] = "ok"
    added: int
    known: int


def take_events(
    database: Database, workspace_id: str, events: Sequence[EventIn], *, at: datetime
) -> EventsTaken:
    """Keep a batch of events, all or none. Served profiles know of them at once; an `unsubscribe` suppresses its channel
    (or all).

    Raises UnknownPersonError naming the first external id that nobody has, PersonalEventError for an address.
    """
    for event in events:
        _require_impersonal(event)
    with database.identity_read() as identity:
        known = person_ids_by_external_id(identity, workspace_id)
    people = {event.external_id: known.get(event.external_id, "") for event in events}
    missing = next((external_id for external_id, person in people.items() if not person), None)
    if missing is not None:
        raise UnknownPersonError(
            f"nobody was imported with the external id {missing!r}; no event of the batch was kept",
            value=missing,
        )
    unique = {event.event_id: event for event in events}
    with database.write() as session:
        _require_present(session, workspace_id, people)
        before = _known_ids(session, workspace_id, list(unique))
        fresh = [event for event in unique.values() if event.event_id not in before]
        insert_rows(
            session, Event, [_row(workspace_id, event, people[event.external_id], at) for event in fresh]
        )
        note_events(
            session, workspace_id, [(people[event.external_id], event.name, event.ts) for event in fresh]
        )
        for event in fresh:
            if event.name == UNSUBSCRIBE:
                channel = str(event.properties.get("channel", ALL_CHANNELS))
                suppress(session, workspace_id, people[event.external_id], channel, "unsubscribed", at=at)
    return EventsTaken(added=len(fresh), known=len(events) - len(fresh))


def _require_impersonal(event: EventIn) -> None:
    if holds_address(str(event.properties)):
        raise PersonalEventError(
            f"event {event.event_id} holds an e-mail address in its properties; leave it out, external_id says who it is",
            value=event.event_id,
        )


def _require_present(session: Session, workspace_id: str, people: Mapping[str, str]) -> None:
    """An identity may outlive its import by a crash; its person then does not exist."""
    table = table_of(Person)
    found: set[str] = set()
    for chunk in in_chunks(sorted(set(people.values()))):
        query = sa.select(table.c.person_id).where(
            table.c.workspace_id == workspace_id, table.c.person_id.in_(chunk)
        )
        found |= set(session.connection().scalars(query))
    for external_id, person_id in people.items():
        if person_id not in found:
            raise UnknownPersonError(
                f"nobody was imported with the external id {external_id!r}", value=external_id
            )


def _known_ids(session: Session, workspace_id: str, event_ids: Sequence[str]) -> set[str]:
    table = table_of(Event)
    known: set[str] = set()
    for chunk in in_chunks(event_ids):
        query = sa.select(table.c.event_id).where(
            table.c.workspace_id == workspace_id, table.c.event_id.in_(chunk)
        )
        known |= set(session.connection().scalars(query))
    return known


def _row(workspace_id: str, event: EventIn, person_id: str, at: datetime) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "event_id": event.event_id,
        "person_id": person_id,
        "name": event.name,
        "occurred_at": event.ts,
        "received_at": at,
        "properties": event.properties,
    }
