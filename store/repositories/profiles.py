"""Served profiles as they change at once: events that were received, consents that were said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from policies.consent import Channel, ConsentStatus, Purpose
from store.bulk import insert_rows
from store.repositories.people import UnknownPersonError, consent_bits_from_history
from store.tables import Consent, ServedProfile

EVENTS, ATTRIBUTES = "events", "attributes"


def note_events(session: Session, workspace_id: str, events: Sequence[tuple[str, str, datetime]]) -> None:
    """Count new events (person id, name, when) in the served profiles: each name with its number and its last day in UTC."""
    by_person: dict[str, list[tuple[str, datetime]]] = {}
    for person_id, name, at in events:
        by_person.setdefault(person_id, []).append((name, at))
    for person_id in sorted(by_person):
        profile = locked_profile(session, workspace_id, person_id)
        counts: dict[str, list[Any]] = dict(profile.features.get(EVENTS, {}))
        for name, at in by_person[person_id]:
            number, last = counts.get(name, (0, ""))
            counts[name] = [number + 1, max(last, at.astimezone(UTC).date().isoformat())]
        profile.features = {**profile.features, EVENTS: counts}
        profile.profile_version += 1
        session.add(profile)
    session.flush()


def state_consent(
    session: Session,
    workspace_id: str,
    person_id: str,
    channel: Channel,
    purpose: Purpose,
    status: ConsentStatus,
    *,
    source: str,
    stated_at: datetime,
) -> bool:
    """Keep what a person said about a channel and purpose, and whether the served profile changed by it.

    The latest statement counts, of two at one time the withdrawal; so an old one that comes late changes nothing.
    """
    profile = locked_profile(session, workspace_id, person_id)
    statement = {
        "person_id": person_id,
        "channel": channel.name.lower(),
        "purpose": purpose.name.lower(),
        "stated_at": stated_at,
        "workspace_id": workspace_id,
        "status": status.name.lower(),
        "source": source,
    }
    withdrawn = status is ConsentStatus.WITHDRAWN
    insert_rows(session, Consent, [statement], keep=not withdrawn, replace=withdrawn)
    bits = consent_bits_from_history(session, [person_id])[person_id].consent
    if bits == profile.consent_bits:
        return False
    profile.consent_bits = bits
    profile.profile_version += 1
    session.add(profile)
    session.flush()
    return True


def locked_profile(session: Session, workspace_id: str, person_id: str) -> ServedProfile:
    """Return a served profile that nobody else changes before the commit; UnknownPersonError."""
    query = select(ServedProfile).where(
        col(ServedProfile.person_id) == person_id, col(ServedProfile.workspace_id) == workspace_id
    )
    found = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if found is None:
        raise UnknownPersonError(f"this workspace has no person {person_id}", value=person_id)
    return found
