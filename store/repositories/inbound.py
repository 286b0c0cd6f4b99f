"""What comes back of messages: events, bounces in a row, and messages that are in flight."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.bulk import insert_rows
from store.tables import MessageEvent, Send

MOST_EVENTS = 200
"""Events of one message that are kept; whoever follows its links more often adds nothing."""


def find_send(session: Session, send_key: str) -> Send | None:
    """Return the message of a send key, if there is one."""
    return session.get(Send, send_key)


def in_flight(session: Session, workspace_id: str, person_id: str, channels: Collection[str]) -> bool:
    """Whether a message to this person on one of these channels is being handed over right now."""
    query = select(Send.send_key).where(
        Send.workspace_id == workspace_id,
        Send.person_id == person_id,
        col(Send.channel).in_(sorted(channels)),
        Send.status == "sending",
    )
    return session.exec(query.limit(1)).first() is not None


def add_event(session: Session, event: MessageEvent) -> bool:
    """Keep an event once an id; says whether it is new. Of a message with very many, none is added."""
    key = (event.workspace_id, event.event_id)
    if session.get(MessageEvent, key) is not None:
        return False
    count = select(sa.func.count()).select_from(MessageEvent).where(MessageEvent.send_key == event.send_key)
    if session.exec(count).one() >= MOST_EVENTS:
        return False
    insert_rows(session, MessageEvent, [event.model_dump()], keep=True)
    return True


def believe_sent(session: Session, send_key: str) -> None:
    """A message whose fate was unknown has shown that it was taken."""
    session.connection().execute(
        sa.update(Send)
        .where(col(Send.send_key) == send_key, col(Send.status) == "unknown")
        .values(status="sent", rule=None)
    )


def last_trap(session: Session, send_key: str) -> datetime | None:
    """When the hidden link of a message was last followed."""
    query = select(sa.func.max(MessageEvent.occurred_at)).where(
        MessageEvent.send_key == send_key, MessageEvent.machine == "trap"
    )
    found: datetime | None = session.exec(query).one()
    return found


def flag_together(session: Session, send_key: str, at: datetime, within: timedelta) -> None:
    """Hold the clicks around one on the hidden link to be the same program's."""
    session.connection().execute(
        sa.update(MessageEvent)
        .where(
            col(MessageEvent.send_key) == send_key,
            col(MessageEvent.kind).in_(("clicked", "opened")),
            col(MessageEvent.machine).is_(None),
            col(MessageEvent.occurred_at).between(at - within, at + within),
        )
        .values(machine="together")
    )


def soft_bounces(session: Session, workspace_id: str, person_id: str) -> int:
    """How many messages to a person came back softly since one was last delivered."""
    mine = (MessageEvent.workspace_id == workspace_id, MessageEvent.person_id == person_id)
    delivered = select(sa.func.max(MessageEvent.occurred_at)).where(*mine, MessageEvent.kind == "delivered")
    since = session.exec(delivered).one()
    query = select(sa.func.count(sa.distinct(col(MessageEvent.send_key)))).where(
        *mine, MessageEvent.kind == "bounced_soft"
    )
    if since is not None:
        query = query.where(MessageEvent.occurred_at > since)
    return session.exec(query).one()


def events_of(session: Session, workspace_id: str, send_key: str) -> list[MessageEvent]:
    """Return what came back of a message, the oldest first."""
    query = select(MessageEvent).where(
        MessageEvent.workspace_id == workspace_id, MessageEvent.send_key == send_key
    )
    return list(session.exec(query.order_by(col(MessageEvent.occurred_at), col(MessageEvent.event_id))))
