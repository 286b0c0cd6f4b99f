"""The messages of a step: gate, claim, provider, receipt, each at most once for each entry of a person.

The ledger's row is written as `sending`, in the durable transaction in which the gate has its last word, before the provider
hears of it. Whoever is found at the step with such a row already was being handed over when an earlier attempt died: the
provider is asked, and nothing is sent again blindly.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlmodel import Session

from delivery.channels.interface import Receipt, SendOutcome
from delivery.errors import ChannelError
from delivery.facts import CATEGORY, Asked, Standing, facts_of, gate_rules
from delivery.journeys.arriving import arrive
from delivery.journeys.running import JourneyTerms, journey_terms
from delivery.ports import Ports
from delivery.receipts import hand_over, keep_receipts
from delivery.send import Words, messages_of
from policies.gate import Verdicts, judge
from policies.journeys import SendStep
from policies.layers import Decision, Layer
from store.repositories import journeys as rows
from store.repositories import sends as send_rows
from store.repositories.journeys import STUCK, Due, Place
from store.tables import Send
from store.threads import in_thread
from tools.journeys.reading import creative_of

_SETTLED = ("sent", "failed", "dropped", "unknown")


@dataclass(frozen=True)
class Claimed:
    """The messages that leave now, and those of which the provider has to be asked."""

    leaving: tuple[Send, ...]
    asked: tuple[Send, ...]


async def send_step(ports: Ports, run_id: str, step_id: str, attempt: int, now: datetime) -> None:
    """Deal with everybody who is due at a step that sends: sent, dropped, held until later, or stuck."""
    words: dict[str, Words] = {}
    while True:
        claiming = time.monotonic()
        claimed = await in_thread(_claim, ports, run_id, step_id, attempt, now)
        if claimed is None:
            return
        receipts: dict[str, Receipt] = {}
        if claimed.asked:
            receipts |= await _looked_up(ports, claimed.asked)
        if claimed.leaving:
            channel = ports.channel(claimed.leaving[0].channel)
            begin_before = claiming + channel.patience
            messages = await in_thread(messages_of, ports, claimed.leaving, words, begin_before)
            receipts |= await hand_over(channel, messages)
        for send in claimed.asked:
            await in_thread(keep_receipts, ports, [send], receipts, send.attempt)
        if claimed.leaving:
            await in_thread(keep_receipts, ports, claimed.leaving, receipts, attempt)
        await in_thread(_move_on, ports, run_id, step_id, attempt, now)


def entry_key(terms: JourneyTerms, step: SendStep, due: Due) -> str:
    """The send key of one entry's message at a step (promise 2: the occurrence is the entry)."""
    return send_rows.send_key(
        terms.run.workspace_id, terms.source, step.id, due.person_id, step.channel, due.entry_id
    )


def _claim(ports: Ports, run_id: str, step_id: str, attempt: int, now: datetime) -> Claimed | None:
    """Let the gate speak on the next people; None when nobody is left whom it has not dealt with."""
    with ports.database.write(durable=True) as session:
        terms = journey_terms(session, run_id)
        step = terms.body.step(step_id)
        if terms.run.attempt != attempt or terms.paused or not isinstance(step, SendStep):
            return None
        if not terms.approval_valid or terms.workspace.stopped_at is not None:
            return None
        due = rows.due_at_step(session, run_id, step_id, now, ports.channel(step.channel).chunk)
        if not due:
            return None
        keys = {entry_key(terms, step, each): each for each in due}
        known = {send.send_key: send for send in send_rows.sends_by_key(session, list(keys))}
        asked = tuple(send for send in known.values() if send.status == "sending" and send.attempt < attempt)
        fresh = [each for key, each in keys.items() if key not in known or known[key].status == "held"]
        leaving = _gated(session, ports, terms, step, fresh, attempt, now) if fresh else ()
        return Claimed(leaving, asked)


def _gated(
    session: Session,
    ports: Ports,
    terms: JourneyTerms,
    step: SendStep,
    due: Sequence[Due],
    attempt: int,
    now: datetime,
) -> tuple[Send, ...]:
    verdicts = _judge(session, terms, step, due, now)
    held: dict[str, datetime] = {}
    judged: list[dict[str, Any]] = []
    provider = ports.channel(step.channel).name
    for place, each in enumerate(due):
        if verdicts.decision[place] == Decision.HOLD:
            held[each.person_id] = datetime.fromtimestamp(int(verdicts.hold_until[place]), UTC)
            continue
        leaves = bool(verdicts.sends[place])
        judged.append(
            {
                **_message(terms, step, each, now),
                "status": "sending" if leaves else "dropped",
                "provider": provider if leaves else None,
                "attempt": attempt,
                "layer": None if leaves else Layer(int(verdicts.layer[place])).code,
                "rule": verdicts.rule_id(place),
            }
        )
    rows.postpone(session, terms.run.run_id, step.id, held)
    _write(session, judged)
    keys = [row["send_key"] for row in judged if row["status"] == "sending"]
    return tuple(send_rows.sends_by_key(session, keys))


def _write(session: Session, judged: Sequence[dict[str, Any]]) -> None:
    """Write the ledger's rows: new ones, and those the provider could not take before, judged again."""
    before = {send.send_key for send in send_rows.sends_by_key(session, [row["send_key"] for row in judged])}
    send_rows.add_sends(session, [row for row in judged if row["send_key"] not in before])
    again = [
        {
            "for_key": row["send_key"],
            "due_at": None,
            **{name: row[name] for name in ("status", "provider", "attempt", "layer", "rule")},
        }
        for row in judged
        if row["send_key"] in before
    ]
    send_rows.settle_sends(session, again, expected=("held",))


def _message(terms: JourneyTerms, step: SendStep, due: Due, now: datetime) -> dict[str, Any]:
    return {
        "send_key": entry_key(terms, step, due),
        "workspace_id": terms.run.workspace_id,
        "source": terms.source,
        "step": step.id,
        "person_id": due.person_id,
        "channel": step.channel,
        "occurrence": due.entry_id,
        "approval_id": terms.run.approval_id,
        "arm": step.id,
        "creative_digest": creative_of(step).digest(),
        "category": CATEGORY.value,
        "cost_minor": step.cost_minor,
        "tries": 0,
        "created_at": now,
    }


def _judge(
    session: Session, terms: JourneyTerms, step: SendStep, due: Sequence[Due], now: datetime
) -> Verdicts:
    n = len(due)
    people = [each.person_id for each in due]
    standing = Standing(
        terms.workspace, terms.rules, approval_valid=True, paused=False, own_launch="", reached=lambda _: ()
    )
    asked = Asked(
        people, step.channel, np.zeros(n, dtype=np.bool_), np.full(n, step.cost_minor, dtype=np.int64), None
    )
    return judge(
        facts_of(session, standing, asked, now, hold=True),
        gate_rules(terms.rules, terms.workspace.timezone),
        now,
    )


async def _looked_up(ports: Ports, asked: Sequence[Send]) -> dict[str, Receipt]:
    """What the provider knows of messages that a dead attempt was handing over; of the rest a person has to see."""
    keys = [send.send_key for send in asked]
    unsure = {key: Receipt(key, SendOutcome.UNKNOWN, reason="provider.unknown") for key in keys}
    try:
        known = await ports.channel(asked[0].channel).lookup(keys)
    except ChannelError as error:
        return {key: Receipt(key, SendOutcome.UNKNOWN, reason=error.message) for key in keys}
    return {**unsure, **known}


def _move_on(ports: Ports, run_id: str, step_id: str, attempt: int, now: datetime) -> None:
    """Move everybody on whose message is settled; whose fate is unknown is stuck until somebody looks."""
    with ports.database.write() as session:
        terms = journey_terms(session, run_id)
        step = terms.body.step(step_id)
        if terms.run.attempt != attempt or not isinstance(step, SendStep):
            return
        due = rows.due_at_step(session, run_id, step_id, now, ports.channel(step.channel).chunk)
        keys = {entry_key(terms, step, each): each.person_id for each in due}
        became: dict[str, list[str]] = {}
        later: dict[str, datetime] = {}
        for send in send_rows.sends_by_key(session, list(keys)):
            if send.status == "held" and send.due_at is not None:
                later[send.person_id] = send.due_at  # the provider could not take it now
            if send.status in _SETTLED:
                outcome = f"dropped:{send.rule}" if send.status == "dropped" else send.status
                became.setdefault(outcome, []).append(send.person_id)
        rows.postpone(session, run_id, step_id, later)
        for outcome, people in became.items():
            if outcome == "unknown":
                rows.mark(session, terms.run, step_id, people, STUCK, "what became of the message is unknown")
            elif outcome == "failed" and step.on_failure == "stop":
                rows.move_people(
                    session, terms.run, step_id, now, people, Place(step_id, now, "stopped"), outcome
                )
            else:
                arrive(session, terms, step_id, step.next, now, outcome, people=people)
