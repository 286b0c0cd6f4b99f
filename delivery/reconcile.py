"""Where everybody of an audience ended up: net = sent + chosen none + held out + dropped, exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue
from sqlmodel import Session

from delivery.choice_file import WrittenChoices, read_choices
from delivery.errors import ReconciliationError
from delivery.order import HOLDOUT
from delivery.ports import Ports
from delivery.terms import NONE_ARM, Terms, read_terms
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.warehouse import Warehouse

NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class Reconciliation:
    """People of a launch's net audience, the holdout included, each counted once.

    `dropped` is by the gate's layer, or `not_reached:REASON` for people whose turn never came; `pending` are those still
    to come or waiting. `unknown` have to be looked at by a person.
    """

    net: int
    sent: int
    none: int
    held_out: int
    failed: int
    unknown: int
    pending: int
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def accounted(self) -> int:
        """Everybody counted anywhere."""
        parts = (self.sent, self.none, self.held_out, self.failed, self.unknown, self.pending)
        return sum(parts) + sum(self.dropped.values())

    def as_detail(self) -> dict[str, JsonValue]:
        """The counts as JSON."""
        return {
            "net": self.net,
            "sent": self.sent,
            "none": self.none,
            "held_out": self.held_out,
            "failed": self.failed,
            "unknown": self.unknown,
            "pending": self.pending,
            "dropped": dict(sorted(self.dropped.items())),
        }


def reconcile(ports: Ports, launch_id: str) -> Reconciliation:
    """Count where everybody of a launch stands now; at any moment the counts add up to the audience."""
    with ports.database.read() as session:
        return count_people(session, ports.warehouse, read_terms(session, launch_id, ports.clock.now()))


def count_people(session: Session, warehouse: Warehouse, terms: Terms) -> Reconciliation:
    """Count from the batches' choices and the ledger of messages."""
    net = terms.content.number(terms.content.audience.net)
    launch_id = terms.launch.launch_id
    dropped: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for tally in send_rows.tally(session, launch_id):
        if tally.status == "dropped":
            dropped[tally.layer or "unknown"] += tally.messages
        else:
            totals[_column(tally.status)] += tally.messages
    written = {tally.batch_id for tally in send_rows.tally(session, launch_id)}
    covered = 0
    for batch in launch_rows.batches_of(session, launch_id):
        covered += batch.people
        if batch.state == "planned":
            totals["pending"] += batch.people
        elif batch.state == "cancelled":
            dropped[f"{NOT_REACHED}:{batch.cancelled_by}"] += batch.people
        else:
            rows = read_choices(
                warehouse,
                batch.workspace_id,
                WrittenChoices(str(batch.choices_path), str(batch.choices_sha256)),
            )
            dropped[f"{NOT_REACHED}:forgotten"] += batch.people - len(rows)
            unwritten = batch.batch_id not in written
            for group, layer, arm in zip(rows.groups, rows.layers, rows.arm_ids(), strict=True):
                if arm != NONE_ARM:
                    totals["pending"] += unwritten
                elif group == HOLDOUT:
                    totals["held_out"] += 1
                elif layer:
                    dropped[layer] += 1
                else:
                    totals["none"] += 1
    dropped[f"{NOT_REACHED}:limit"] += net - covered
    return Reconciliation(
        net=net,
        sent=totals["sent"],
        none=totals["none"],
        held_out=totals["held_out"],
        failed=totals["failed"],
        unknown=totals["unknown"],
        pending=totals["pending"],
        dropped={name: count for name, count in sorted(dropped.items()) if count},
    )


def require_reconciled(session: Session, warehouse: Warehouse, terms: Terms) -> Reconciliation:
    """Return the counts of a launch that is over; ReconciliationError unless they are exact and nobody is pending."""
    counted = count_people(session, warehouse, terms)
    if counted.accounted != counted.net or counted.pending or min(counted.dropped.values(), default=0) < 0:
        raise ReconciliationError(
            f"the audience of {counted.net} people does not add up: {counted.as_detail()}",
            value=counted.accounted,
        )
    return counted


def _column(status: str) -> str:
    return "pending" if status in send_rows.UNSETTLED else status
