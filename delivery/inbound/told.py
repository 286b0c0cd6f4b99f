"""What was told of a message, by a provider or a bounce, and what follows: suppression at once, or after several."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from delivery.inbound.leaving import stop_channel
from delivery.ports import Ports
from store.repositories import inbound
from store.tables import MessageEvent, Send
from store.threads import in_thread

Kind = Literal["delivered", "opened", "clicked", "bounced_hard", "bounced_soft", "complained"]


@dataclass(frozen=True)
class Told:
    """One thing told of a message. `event_id` is its source's own id: a repetition changes nothing."""

    event_id: str
    send_key: str
    kind: Kind
    source: str
    occurred_at: datetime
    link: int | None = None
    machine: str | None = None


async def take(ports: Ports, told: Told, *, soft_limit: int) -> bool:
    """Keep what was told and let follow what must; False where no message of this home has the key.

    A complaint and a hard bounce stop the channel at once, soft bounces when `soft_limit` messages in a row came back; all
    of it again on a repetition, so that nothing is lost to a crash in between.
    """
    send = await in_thread(_keep, ports, told)
    if send is None:
        return False
    reason = {"complained": "complained", "bounced_hard": "bounced"}.get(told.kind)
    if told.kind == "bounced_soft" and await in_thread(_soft, ports, send) >= soft_limit:
        reason = "bounced softly"
    if reason is not None:
        await stop_channel(
            ports.database, ports.clock, send.workspace_id, send.person_id, send.channel, reason=reason
        )
    return True


def _keep(ports: Ports, told: Told) -> Send | None:
    with ports.database.write(durable=True) as session:
        send = inbound.find_send(session, told.send_key)
        if send is None:
            return None
        event = MessageEvent(
            workspace_id=send.workspace_id,
            event_id=told.event_id,
            send_key=send.send_key,
            person_id=send.person_id,
            kind=told.kind,
            source=told.source,
            link=told.link,
            machine=told.machine,
            occurred_at=told.occurred_at,
            received_at=ports.clock.now(session),
        )
        inbound.add_event(session, event)
        # whatever comes back of a message shows that it was taken
        inbound.believe_sent(session, send.send_key)
        return send


def _soft(ports: Ports, send: Send) -> int:
    with ports.database.read() as session:
        return inbound.soft_bounces(session, send.workspace_id, send.person_id)
