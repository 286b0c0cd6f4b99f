"""What providers say of messages, and what is asked of them: receipts are kept, what was lost is asked about.

What surely did not leave waits and is tried again; what nobody knows is never sent again blindly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from delivery.channels.interface import Channel, Message, Receipt, SendOutcome
from delivery.errors import ChannelError
from delivery.ports import Ports
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.tables import Send
from store.threads import in_thread

MAXIMUM_TRIES = 8
"""How often a message is handed over that surely did not leave, before it counts as failed."""
_FIRST_RETRY, _LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=1)
PROVIDER_LAYER = "provider"
"""What holds a message that the provider could not take now; not a layer of the gate."""
_OUTCOME_STATUS = {
    SendOutcome.ACCEPTED: "sent",
    SendOutcome.REJECTED: "failed",
    SendOutcome.NOT_SENT: "failed",
    SendOutcome.UNKNOWN: "unknown",
}
_Row = Mapping[str, Any]  # Any: columns of the sends table, each of its own type


async def hand_over(channel: Channel, messages: list[Message]) -> dict[str, Receipt]:
    """Call the provider once; where it does not answer, ask what it knows, and leave the rest unknown."""
    keys = [message.send_key for message in messages]
    try:
        given = {receipt.send_key: receipt for receipt in await channel.send(messages)}
    except ChannelError as error:
        given = {key: Receipt(key, SendOutcome.UNKNOWN, reason=error.message) for key in keys}
    unsure = [key for key in keys if key not in given or given[key].outcome is SendOutcome.UNKNOWN]
    if unsure:
        # a key that the provider does not know yet may still be on its way, so only a known one settles anything
        try:
            given |= await channel.lookup(unsure)
        except ChannelError as error:
            given |= {key: Receipt(key, SendOutcome.UNKNOWN, reason=error.message) for key in unsure}
    return {key: given.get(key, Receipt(key, SendOutcome.UNKNOWN)) for key in keys}


async def ask_about_lost(
    ports: Ports, launch_id: str, number: int, attempt: int, *, send_again: bool
) -> None:
    """Ask providers what became of messages that an earlier attempt was handing over, or that are unknown.

    Accepted and rejected ones are settled; one that surely never arrived is pending again if `send_again`; the rest is
    unknown, for a person to see.
    """
    lost = await in_thread(_lost, ports, launch_id, number, attempt)
    patience = max(
        (ports.channel(row.channel).patience for row in lost if row.status == "sending"), default=0.0
    )
    if patience:
        # whoever had the batch may be alive, and still be handing messages over
        await asyncio.sleep(patience)
        lost = await in_thread(_lost, ports, launch_id, number, attempt)
    for channel in sorted({row.channel for row in lost}):
        rows = [row for row in lost if row.channel == channel]
        keys = [row.send_key for row in rows]
        try:
            known = await ports.channel(channel).lookup(keys)
        except ChannelError as error:
            known = {key: Receipt(key, SendOutcome.UNKNOWN, reason=error.message) for key in keys}
        await in_thread(_keep_answers, ports, rows, known)
        if send_again:
            absent = [row for row in rows if row.send_key not in known]
            await in_thread(_send_again, ports, absent, launch_id, number, attempt)


def keep_receipts(ports: Ports, rows: Sequence[Send], receipts: Mapping[str, Receipt], attempt: int) -> None:
    """Keep what became of messages that `attempt` handed over.

    That a message was accepted is believed whoever says it; anything else only of the attempt that has the message now.
    """
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        moved_on = _moved_on(session, rows, receipts)
        accepted: list[_Row] = []
        ended: list[_Row] = []
        again: list[_Row] = []
        for row in rows:
            receipt = receipts[row.send_key]
            if receipt.outcome is SendOutcome.ACCEPTED:
                accepted.append(_settled(row, receipt, now))
            elif _may_be_tried(row, receipt) and row.batch_id not in moved_on:
                again.append(_to_be_tried(row, receipt, now))
            else:
                ended.append(_settled(row, receipt, now))
        send_rows.settle_sends(session, accepted, expected=("sending", "unknown", "pending", "held"))
        send_rows.settle_sends(session, ended, expected=("sending", "unknown"), attempt=attempt)
        send_rows.settle_sends(session, again, expected=("sending", "unknown"), attempt=attempt)


def _may_be_tried(row: Send, receipt: Receipt) -> bool:
    return receipt.outcome is SendOutcome.NOT_SENT and row.tries + 1 < MAXIMUM_TRIES


def _moved_on(session: Session, rows: Sequence[Send], receipts: Mapping[str, Receipt]) -> set[str]:
    """Batches whose sending another attempt has ended: what an earlier one brings back too late is not tried again there."""
    asked = {str(row.batch_id) for row in rows if _may_be_tried(row, receipts[row.send_key])}
    return {batch_id for batch_id in sorted(asked) if launch_rows.hold_state(session, batch_id) != "chosen"}


def _settled(row: Send, receipt: Receipt, now: datetime) -> _Row:
    failed = receipt.outcome is not SendOutcome.ACCEPTED
    surely_not = receipt.outcome in (SendOutcome.REJECTED, SendOutcome.NOT_SENT)
    return {
        "for_key": row.send_key,
        "status": _OUTCOME_STATUS[receipt.outcome],
        "provider_id": receipt.provider_id,
        "layer": None,
        "rule": (receipt.reason or f"provider.{receipt.outcome.value}")[:200] if failed else None,
        "sent_at": None if surely_not else now,
    }


def _to_be_tried(row: Send, receipt: Receipt, now: datetime) -> _Row:
    """A message that surely did not leave waits, twice as long each time, and the gate judges it anew."""
    return {
        "for_key": row.send_key,
        "status": "held",
        "layer": PROVIDER_LAYER,
        "rule": (receipt.reason or "provider.not_sent")[:200],
        "due_at": now + min(_FIRST_RETRY * 2**row.tries, _LONGEST_RETRY),
        "tries": row.tries + 1,
        "sent_at": None,
    }


def _lost(ports: Ports, launch_id: str, number: int, attempt: int) -> list[Send]:
    with ports.database.read() as session:
        batch = launch_rows.get_batch(session, launch_id, number)
        found = send_rows.sends_of(session, batch.batch_id, ("sending", "unknown"), before_attempt=attempt)
        return list(found)


def _keep_answers(ports: Ports, rows: Sequence[Send], known: Mapping[str, Receipt]) -> None:
    for attempt in sorted({row.attempt for row in rows}):
        mine = [row for row in rows if row.attempt == attempt and row.send_key in known]
        keep_receipts(ports, mine, known, attempt)


def _send_again(ports: Ports, rows: Sequence[Send], launch_id: str, number: int, attempt: int) -> None:
    """Let messages that surely never arrived wait for their turn again, while this attempt still has their batch."""
    if not rows:
        return
    with ports.database.write(durable=True) as session:
        batch = launch_rows.hold_batch(session, launch_id, number)
        if batch.state != "chosen" or batch.attempt != attempt:
            return
        for row in rows:
            again: _Row = {"for_key": row.send_key, "status": "pending", "provider": None, "sent_at": None}
            send_rows.settle_sends(session, [again], expected=("sending", "unknown"), attempt=row.attempt)
