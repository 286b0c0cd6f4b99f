"""Messages, the money set aside for them, contacts of a person, and what was seen after a choice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from store.bulk import in_chunks, insert_rows, table_of
from store.tables import Outcome, Person, Reservation, Send, ServedProfile

HANDED_OVER = ("sending", "sent", "failed", "unknown")
"""Statuses of a message that a provider may have seen."""
PAID = ("pending", "held", "sending", "sent", "unknown")
"""Statuses whose cost is spent or set aside; what is unknown counts as spent."""
UNSETTLED = ("pending", "held", "sending")
_PARTS = ("workspace_id", "source", "step", "person_id", "channel", "occurrence")


class GateProfile(NamedTuple):
    """What the gate reads of one person: packed bits, zone; a `forgotten` one may not be reached."""

    consent_bits: int
    timezone: str
    forgotten: bool


def send_key(workspace_id: str, source: str, step: str, person_id: str, channel: str, occurrence: str) -> str:
    """The idempotency key of one message: sha256 over the parts that promise 2 makes unique."""
    return hashlib.sha256(
        "\n".join((workspace_id, source, step, person_id, channel, occurrence)).encode()
    ).hexdigest()


def gate_profiles(
    session: Session, workspace_id: str, person_ids: Sequence[str], *, hold: bool = False
) -> dict[str, GateProfile]:
    """Return the profiles of these people as they are now; somebody unknown is absent.

    With `hold` nobody changes them before the commit; locks are taken in order of person.
    """
    served, people = table_of(ServedProfile).c, table_of(Person).c
    found: dict[str, GateProfile] = {}
    for chunk in in_chunks(sorted(person_ids)):
        query = (
            sa.select(
                served.person_id,
                served.consent_bits,
                served.suppression_bits,
                served.timezone,
                people.forgotten_at,
            )
            .join(table_of(Person), people.person_id == served.person_id)
            .where(served.workspace_id == workspace_id, served.person_id.in_(chunk))
            .order_by(served.person_id)
        )
        if hold:
            query = query.with_for_update(of=table_of(ServedProfile), key_share=True)
        for person, consent, suppression, timezone, forgotten in session.connection().execute(query):
            found[person] = GateProfile(consent | suppression, timezone, forgotten is not None)
    return found


def contacts_since(
    session: Session, workspace_id: str, person_ids: Sequence[str], since: datetime, *, not_launch: str
) -> dict[str, int]:
    """How many marketing messages each person was sent, or is about to be sent, since an instant; 0 is left out.

    A launch has one message for a person, so `not_launch` keeps a message from counting against itself.
    """
    sends = table_of(Send).c
    counts: dict[str, int] = {}
    for chunk in in_chunks(person_ids):
        rows = session.connection().execute(
            sa.select(sends.person_id, sa.func.count())
            .where(
                sends.workspace_id == workspace_id,
                sends.person_id.in_(chunk),
                sends.category == "marketing",
                sends.launch_id.is_distinct_from(not_launch),
                sends.status.in_(("pending", "sending", "sent", "unknown")),
                sa.func.coalesce(sends.sent_at, sends.created_at) > since,
            )
            .group_by(sends.person_id)
        )
        counts.update({person: int(count) for person, count in rows.all()})
    return counts


def reached_before(
    session: Session,
    workspace_id: str,
    source: str,
    channel: str,
    person_ids: Sequence[str],
    *,
    not_step: str,
) -> set[str]:
    """Who was already handed a message of this source on this channel, by another step of it."""
    found: set[str] = set()
    for chunk in in_chunks(person_ids):
        query = select(Send.person_id).where(
            Send.workspace_id == workspace_id,
            Send.source == source,
            Send.channel == channel,
            Send.step != not_step,
            col(Send.person_id).in_(chunk),
            col(Send.status).in_(HANDED_OVER),
        )
        found.update(session.exec(query))
    return found


def add_sends(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:  # Any: columns of many types
    """Write messages before any provider hears of them; a repeated key is refused by the database."""
    insert_rows(session, Send, rows)


def sends_of(
    session: Session,
    batch_id: str,
    statuses: Collection[str] | None = None,
    *,
    before_attempt: int | None = None,
) -> Sequence[Send]:
    """Return the messages of a batch in the order of their choices."""
    query = select(Send).where(Send.batch_id == batch_id)
    if statuses is not None:
        query = query.where(col(Send.status).in_(statuses))
    if before_attempt is not None:
        query = query.where(Send.attempt < before_attempt)
    return session.exec(query.order_by(col(Send.choice_id)).execution_options(populate_existing=True)).all()


def sends_by_key(session: Session, send_keys: Sequence[str]) -> list[Send]:
    """Return the messages with these keys, as far as there are any, in the order of the keys."""
    found: dict[str, Send] = {}
    for chunk in in_chunks(send_keys):
        query = select(Send).where(col(Send.send_key).in_(chunk))
        found |= {
            send.send_key: send for send in session.exec(query.execution_options(populate_existing=True))
        }
    return [found[key] for key in send_keys if key in found]


def statuses_of(session: Session, batch_id: str) -> dict[str, str]:
    """Return the status of each message of a batch by its choice."""
    query = select(Send.choice_id, Send.status).where(Send.batch_id == batch_id)
    return {str(choice_id): status for choice_id, status in session.exec(query)}


class Progress(NamedTuple):
    """How far a batch's messages are: those of one status, the first time one is due, the last time one was sent."""

    messages: int
    first_due_at: datetime | None
    last_sent_at: datetime | None


def progress_of(session: Session, batch_id: str) -> dict[str, Progress]:
    """Return the progress of a batch's messages by status."""
    query = (
        select(Send.status, sa.func.count(), sa.func.min(Send.due_at), sa.func.max(Send.sent_at))
        .where(Send.batch_id == batch_id)
        .group_by(Send.status)
    )
    return {status: Progress(count, due, sent) for status, count, due, sent in session.exec(query)}


def claim(session: Session, send_keys: Sequence[str], *, attempt: int, provider: str) -> set[str]:
    """Mark messages as being handed over by this attempt; returns those that were still pending."""
    claimed = session.connection().execute(
        sa.update(table_of(Send))
        .where(col(Send.send_key).in_(list(send_keys)), col(Send.status) == "pending")
        .values(status="sending", attempt=attempt, provider=provider)
        .returning(table_of(Send).c.send_key)
    )
    return {row[0] for row in claimed}


def settle_sends(
    session: Session,
    rows: Iterable[Mapping[str, Any]],
    *,
    expected: Collection[str],
    attempt: int | None = None,
) -> None:
    """Write what became of messages: each row holds `for_key` and the columns to set.

    Only a message in one of the `expected` statuses changes, and where an `attempt` is given only while that one has it;
    all rows name the same columns.
    """
    changes = [dict(row) for row in rows]
    if not changes:
        return
    table = table_of(Send)
    names = [name for name in changes[0] if name != "for_key"]
    statement = (
        sa.update(table)
        .where(
            table.c.send_key == sa.bindparam("for_key"),
            # an IN with many rows of parameters cannot be expanded
            sa.or_(*(table.c.status == status for status in expected)),
            sa.true() if attempt is None else table.c.attempt == attempt,
        )
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    session.connection().execute(
        statement,
        [{"for_key": row["for_key"], **{f"new_{name}": row[name] for name in names}} for row in changes],
    )


def unknown_sends(session: Session, launch_ids: Collection[str], *, limit: int) -> Sequence[Send]:
    """Return the messages of launches whose fate is unknown, by key."""
    query = select(Send).where(col(Send.launch_id).in_(list(launch_ids)), Send.status == "unknown")
    return session.exec(query.order_by(col(Send.send_key)).limit(limit)).all()


def settle_unknown(
    session: Session, send_key: str, launch_ids: Collection[str], *, sent: bool, by: str, at: datetime
) -> str | None:
    """Write what a person says of an unknown message and return its launch; None where there is no such message."""
    settled = session.connection().execute(
        sa.update(table_of(Send))
        .where(
            col(Send.send_key) == send_key,
            col(Send.status) == "unknown",
            col(Send.launch_id).in_(list(launch_ids)),
        )
        .values(
            status="sent" if sent else "failed",
            rule=None if sent else f"person.{by}",
            sent_at=sa.func.coalesce(col(Send.sent_at), at) if sent else None,
        )
        .returning(table_of(Send).c.launch_id)
    )
    found: str | None = settled.scalar_one_or_none()
    return found


def drop_waiting(session: Session, launch_id: str, *, layer: str, rule: str) -> int:
    """Drop every message of a launch that no provider has been given; returns how many there were."""
    dropped = session.connection().execute(
        sa.update(Send)
        .where(col(Send.launch_id) == launch_id, col(Send.status).in_(("pending", "held")))
        .values(status="dropped", layer=layer, rule=rule, due_at=None)
    )
    return dropped.rowcount


def sent_any(session: Session, launch_ids: Collection[str]) -> bool:
    """Whether a provider may have been given any message of these launches."""
    query = select(Send.send_key).where(
        col(Send.launch_id).in_(list(launch_ids)), col(Send.status).in_(HANDED_OVER)
    )
    return session.exec(query.limit(1)).first() is not None


class Tally(NamedTuple):
    """How many messages of one batch are in a status, and by which layer when they were dropped."""

    batch_id: str
    status: str
    layer: str | None
    messages: int


def tally(session: Session, launch_id: str) -> list[Tally]:
    """Count the messages of a launch by batch, status and layer."""
    query = (
        select(Send.batch_id, Send.status, Send.layer, sa.func.count())
        .where(Send.launch_id == launch_id)
        .group_by(col(Send.batch_id), col(Send.status), col(Send.layer))
    )
    return [
        Tally(str(batch), status, layer if status == "dropped" else None, count)
        for batch, status, layer, count in session.exec(query)
    ]


def spent_minor(session: Session, launch_id: str) -> int:
    """Money of a launch that is spent or set aside for messages, in minor units."""
    query = select(sa.func.sum(Send.cost_minor)).where(
        Send.launch_id == launch_id, col(Send.status).in_(PAID)
    )
    return int(session.exec(query).one() or 0)


def reserve_budget(session: Session, reservation: Reservation) -> None:
    """Set the money of a launch aside."""
    session.add(reservation)
    session.flush()


def budget_of(session: Session, launch_id: str) -> Reservation:
    """Return the money set aside for a launch, locked until the transaction ends."""
    query = select(Reservation).where(Reservation.holder == launch_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def settle_budget(session: Session, launch_id: str, *, at: datetime, final: bool) -> Reservation:
    """Bring the reservation up to what messages have cost; `final` gives the rest back.

    A message whose fate is unknown counts as paid.
    """
    reservation = budget_of(session, launch_id)
    query = select(sa.func.sum(Send.cost_minor)).where(
        Send.launch_id == launch_id, col(Send.status).in_(("sending", "sent", "unknown"))
    )
    reservation.confirmed = int(session.exec(query).one() or 0)
    reservation.changed_at = at
    if final:
        reservation.status = "confirmed" if reservation.confirmed else "released"
    session.add(reservation)
    session.flush()
    return reservation


def add_outcomes(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:  # Any: columns of many types
    """Keep observations; one that is there already stays as it is."""
    insert_rows(session, Outcome, rows, keep=True)


def outcomes_of(session: Session, batch_id: str) -> dict[str, dict[str, int]]:
    """Return the observed values of a batch by choice and name; an unobserved choice is absent."""
    found: dict[str, dict[str, int]] = {}
    query = select(Outcome.choice_id, Outcome.name, Outcome.value).where(Outcome.batch_id == batch_id)
    for choice_id, name, value in session.exec(query):
        found.setdefault(choice_id, {})[name] = value
    return found
