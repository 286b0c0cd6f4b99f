"""Taking back a consent, or stopping a channel, so that no message to the person is begun afterwards.

The change is committed only while no message to the person is being handed over: a claim and this lock the same profile, so
whoever claims later sees the change. A message in flight is waited for as long as one may take to be begun.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlmodel import Session

from delivery.channels.interface import HANDOVER_SECONDS
from policies.consent import Channel, ConsentStatus, Purpose
from store.clock import Clock
from store.database import Database
from store.repositories.inbound import in_flight
from store.repositories.people import suppress
from store.repositories.profiles import locked_profile, state_consent
from store.threads import in_thread

LONGEST_WAIT = HANDOVER_SECONDS + 2.0
_PAUSE_SECONDS = 0.1
Statements = Mapping[tuple[Channel, Purpose], ConsentStatus]


async def state_all(
    database: Database,
    clock: Clock,
    workspace_id: str,
    person_id: str,
    said: Statements,
    *,
    source: str,
    stated_at: datetime | None = None,
) -> bool:
    """Keep what a person said about channels and purposes, now or at `stated_at`; says whether anything changed by it.

    Raises UnknownPersonError.
    """

    def act(session: Session) -> bool:
        at = stated_at or clock.now(session)
        changed = [
            state_consent(
                session, workspace_id, person_id, channel, purpose, status, source=source, stated_at=at
            )
            for (channel, purpose), status in said.items()
        ]
        return any(changed)

    taken_back = {
        channel.name.lower() for (channel, _), status in said.items() if status is not ConsentStatus.GRANTED
    }
    return await _when_nothing_is_in_flight(database, workspace_id, person_id, taken_back, act)


async def stop_channel(
    database: Database, clock: Clock, workspace_id: str, person_id: str, channel: str, *, reason: str
) -> None:
    """Suppress a channel of a person at once, whatever consent says. Raises UnknownPersonError."""

    def act(session: Session) -> bool:
        suppress(session, workspace_id, person_id, channel, reason, at=clock.now(session))
        return True

    await _when_nothing_is_in_flight(database, workspace_id, person_id, {channel}, act)


async def _when_nothing_is_in_flight(
    database: Database,
    workspace_id: str,
    person_id: str,
    channels: Collection[str],
    act: Callable[[Session], bool],
) -> bool:
    def attempt(last: bool) -> bool | None:
        with database.write(durable=True) as session:
            locked_profile(session, workspace_id, person_id)
            if channels and not last and in_flight(session, workspace_id, person_id, channels):
                return None
            return act(session)

    until = time.monotonic() + LONGEST_WAIT
    while True:
        done = await in_thread(attempt, time.monotonic() >= until)
        if done is not None:
            return done
        await asyncio.sleep(_PAUSE_SECONDS)
