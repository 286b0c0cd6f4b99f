"""Sending what was chosen for a batch: gate, claim, provider, receipt, in that order and each at most once.

A message is written as `pending` before anybody hears of it. It is claimed (`sending`) in the same durable transaction in
which the gate has its last word; then the provider is called; then the receipt is kept. What a dead attempt left in
`sending` is asked of the provider and never sent again blindly.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlmodel import Session

from delivery.channels.interface import Message
from delivery.choice_file import ChoiceRows, WrittenChoices, read_choices
from delivery.errors import ChoiceFileError
from delivery.facts import CATEGORY, Asked, gate_rules, read_facts
from delivery.ports import Ports
from delivery.receipts import ask_about_lost, hand_over, keep_receipts
from delivery.terms import NONE_ARM, OCCURRENCE, Terms, read_terms
from policies.gate import Verdicts, judge
from policies.layers import Decision, Layer
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.repositories.campaigns import get_creative
from store.tables import Batch, Send
from store.threads import in_thread
from tools.content.creative import Creative, Rendered, render
from tools.content.profiles import SENT_CUSTOMER

_Row = Mapping[str, Any]  # Any: columns of the sends table, each of its own type


class Words(NamedTuple):
    """A creative as it was approved, and as everybody gets it."""

    creative: Creative
    said: Rendered


async def send_batch(ports: Ports, launch_id: str, number: int, attempt: int) -> None:
    """Carry a chosen batch as far as it may go now: everything sent, held, dropped or unknown.

    A batch with held messages stays `chosen` and is due again when the first of them is; with none it is `sent` and due
    for its outcomes. A pause leaves it where it is. Raises BatchMovedError where another attempt took it over.
    """
    if not await in_thread(_prepare, ports, launch_id, number, attempt):
        return
    await ask_about_lost(ports, launch_id, number, attempt, send_again=True)
    words: dict[str, Words] = {}
    more = True
    while more:
        claiming = time.monotonic()
        rows, more = await in_thread(_claim_chunk, ports, launch_id, number, attempt)
        if rows:
            begin_before = claiming + ports.channel(rows[0].channel).patience
            messages = await in_thread(messages_of, ports, rows, words, begin_before)
            receipts = await hand_over(ports.channel(rows[0].channel), messages)
            await in_thread(keep_receipts, ports, rows, receipts, attempt)
    await in_thread(_finish, ports, launch_id, number, attempt)


def _prepare(ports: Ports, launch_id: str, number: int, attempt: int) -> bool:
    """Write the batch's messages once, all pending; says whether there is anything to do."""
    now = ports.clock.now()
    with ports.database.read() as session:
        batch = launch_rows.get_batch(session, launch_id, number)
        if batch.state != "chosen" or batch.attempt != attempt:
            return False
        if send_rows.progress_of(session, batch.batch_id):
            return True
    with ports.database.write(durable=True) as session:
        terms = read_terms(session, launch_id, now)
        batch = launch_rows.get_batch(session, launch_id, number)
        if batch.state != "chosen" or batch.attempt != attempt:
            return False
        if not send_rows.progress_of(session, batch.batch_id):
            rows = _choices(ports, batch)
            send_rows.add_sends(
                session, [_pending(terms, batch, rows, place, now) for place in _chosen(rows)]
            )
    return True


def _choices(ports: Ports, batch: Batch) -> ChoiceRows:
    if batch.choices_path is None or batch.choices_sha256 is None:
        raise ChoiceFileError(f"batch {batch.number} has no choices", value=batch.batch_id)
    written = WrittenChoices(batch.choices_path, batch.choices_sha256)
    return read_choices(ports.warehouse, batch.workspace_id, written)


def _chosen(rows: ChoiceRows) -> list[int]:
    return [place for place, arm in enumerate(rows.arm_ids()) if arm != NONE_ARM]


def _pending(terms: Terms, batch: Batch, rows: ChoiceRows, place: int, now: datetime) -> dict[str, Any]:
    arm = terms.arm(rows.arms[int(rows.arm_index[place])])
    assert arm.channel is not None
    parts = {
        "workspace_id": batch.workspace_id,
        "source": terms.campaign.campaign_id,
        "step": terms.step,
        "person_id": rows.person_ids[place],
        "channel": arm.channel,
        "occurrence": OCCURRENCE,
    }
    return {
        "send_key": send_rows.send_key(**parts),
        **parts,
        "launch_id": batch.launch_id,
        "batch_id": batch.batch_id,
        "choice_id": rows.choice_ids[place],
        "approval_id": terms.launch.approval_id,
        "arm": arm.id,
        "creative_digest": arm.creative_digest,
        "category": CATEGORY.value,
        "status": "pending",
        "cost_minor": terms.cost_minor(arm.id),
        "attempt": 0,
        "tries": 0,
        "created_at": now,
    }


def _claim_chunk(ports: Ports, launch_id: str, number: int, attempt: int) -> tuple[list[Send], bool]:
    """Let the gate have its last word on the next messages and claim those that may leave.

    Returns the claimed ones, all of one channel, and whether more are waiting for their turn.
    """
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        terms = read_terms(session, launch_id, now)
        batch = launch_rows.get_batch(session, launch_id, number)
        if batch.attempt != attempt or batch.state != "chosen":
            return [], False
        if terms.paused and terms.stopped_by is None:
            return [], False
        waiting = send_rows.sends_of(session, batch.batch_id, ("pending", "held"))
        due = [row for row in waiting if row.status == "pending" or _is_due(row, now, terms)]
        if not due:
            return [], False
        channel = ports.channel(due[0].channel)
        chunk = [row for row in due if row.channel == due[0].channel][: channel.chunk]
        send_rows.budget_of(
            session, launch_id
        )  # held until the commit, so that no two batches count the same money
        verdicts = _judge(session, terms, chunk, now)
        for gated in _gated(chunk, verdicts):
            send_rows.settle_sends(session, gated, expected=("pending", "held"))
        leaving = [row.send_key for row, leaves in zip(chunk, verdicts.sends, strict=True) if leaves]
        claimed = send_rows.claim(session, leaving, attempt=attempt, provider=channel.name)
        return [row for row in chunk if row.send_key in claimed], len(due) > len(chunk)


def _is_due(row: Send, now: datetime, terms: Terms) -> bool:
    return terms.stopped_by is not None or row.due_at is None or row.due_at <= now


def _judge(session: Session, terms: Terms, chunk: Sequence[Send], now: datetime) -> Verdicts:
    for row in chunk:
        own = send_rows.send_key(
            row.workspace_id, row.source, row.step, row.person_id, row.channel, row.occurrence
        )
        if own != row.send_key:
            raise ChoiceFileError(
                f"message {row.send_key[:12]}… is not for the person it was chosen for", value=row.send_key
            )
        if row.creative_digest != terms.arm(row.arm).creative_digest:
            raise ChoiceFileError(
                f"message {row.send_key[:12]}… does not carry the creative that was approved", value=row.arm
            )
    costs = np.array([row.cost_minor for row in chunk], dtype=np.int64)
    aside = send_rows.spent_minor(session, terms.launch.launch_id) - int(costs.sum())
    asked = Asked(
        [row.person_id for row in chunk],
        chunk[0].channel,
        np.zeros(len(chunk), dtype=np.bool_),
        costs,
        max(terms.bounds.budget_minor - aside, 0),
    )
    # held until the commit: whoever takes back a consent meanwhile waits, and then sees what was claimed
    facts = read_facts(session, terms, asked, now, hold=True)
    return judge(facts, gate_rules(terms.rules, terms.workspace.timezone), now)


def _gated(chunk: Sequence[Send], verdicts: Verdicts) -> list[list[_Row]]:
    """What the gate changes: held and dropped ones with layer and rule, and held ones that may leave now."""
    stopped: list[_Row] = []
    free: list[_Row] = []
    for place, row in enumerate(chunk):
        if verdicts.sends[place]:
            if row.status == "held":
                free.append({"for_key": row.send_key, "status": "pending", "layer": None, "rule": None})
            continue
        until = int(verdicts.hold_until[place])
        held = verdicts.decision[place] == Decision.HOLD
        stopped.append(
            {
                "for_key": row.send_key,
                "status": "held" if held else "dropped",
                "layer": Layer(int(verdicts.layer[place])).code,
                "rule": verdicts.rule_id(place),
                "due_at": datetime.fromtimestamp(until, UTC) if held and until else None,
            }
        )
    return [stopped, free]


def messages_of(
    ports: Ports, rows: Sequence[Send], words: dict[str, Words], begin_before: float
) -> list[Message]:
    """The approved creatives, rendered once a launch and without any personal field."""
    missing = {row.creative_digest for row in rows if row.creative_digest} - words.keys()
    if missing:
        with ports.database.read() as session:
            for digest in sorted(missing):
                kept = get_creative(session, rows[0].workspace_id, digest)
                creative = Creative.model_validate(kept.content)
                said = render(creative, SENT_CUSTOMER, unsubscribe_url=ports.unsubscribe_url)
                words[digest] = Words(creative, said)
    return [
        Message(
            send_key=row.send_key,
            workspace_id=row.workspace_id,
            person_id=row.person_id,
            arm=row.arm,
            channel=row.channel,
            creative_digest=str(row.creative_digest),
            subject=words[str(row.creative_digest)].said.subject,
            body=words[str(row.creative_digest)].said.text,
            creative=words[str(row.creative_digest)].creative,
            begin_before=begin_before,
        )
        for row in rows
    ]


def _finish(ports: Ports, launch_id: str, number: int, attempt: int) -> None:
    """Give the batch back: due again when a held message is, or for its outcomes once nothing waits."""
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        terms = read_terms(session, launch_id, now)
        batch = launch_rows.hold_batch(session, launch_id, number)
        progress = send_rows.progress_of(session, batch.batch_id)
        send_rows.settle_budget(session, launch_id, at=now, final=False)
        if progress.keys() & set(send_rows.UNSETTLED):
            waits = progress.keys() & {"pending", "sending"}
            due = None if waits else progress["held"].first_due_at
            launch_rows.advance_batch(
                session, batch, attempt=attempt, to="chosen", due_at=due or now, release=True
            )
            return
        sent = [one.last_sent_at for one in progress.values() if one.last_sent_at is not None]
        delay = timedelta(hours=terms.content.number(terms.content.envelope.reward_delay))
        due = max([*sent, batch.slot_at]) + delay
        launch_rows.advance_batch(session, batch, attempt=attempt, to="sent", due_at=due, release=True)
