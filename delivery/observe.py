"""What followed the choices of a batch: asked of the outcome source once, kept by choice, learnt from at once."""

from __future__ import annotations

from delivery.channels.interface import Assigned, Observation
from delivery.choice_file import ChoiceRows, WrittenChoices, read_choices
from delivery.ports import Ports
from delivery.receipts import ask_about_lost
from delivery.settle import settle_launch
from delivery.terms import NONE_ARM
from store.repositories import launches as launch_rows
from store.repositories import sends as send_rows
from store.tables import Batch
from store.threads import in_thread


async def observe_batch(ports: Ports, launch_id: str, number: int, attempt: int) -> None:
    """Keep the outcomes of a batch that is due for them, learn from it, and end the launch after the last one.

    Raises BatchMovedError where another attempt took the batch over, ReconciliationError when the people of a launch
    that is over do not add up.
    """
    await ask_about_lost(ports, launch_id, number, attempt, send_again=False)
    assigned = await in_thread(_assigned, ports, launch_id, number, attempt)
    if assigned is not None:
        seen = await ports.outcomes.observe(assigned)
        await in_thread(_keep, ports, launch_id, number, attempt, seen)


def _assigned(ports: Ports, launch_id: str, number: int, attempt: int) -> list[Assigned] | None:
    """The arm that each person of the batch really got; somebody whose message is unknown is left out."""
    with ports.database.read() as session:
        batch = launch_rows.get_batch(session, launch_id, number)
        if batch.state != "sent" or batch.attempt != attempt:
            return None
        rows = _choices(ports, batch)
        statuses = send_rows.statuses_of(session, batch.batch_id)
    assigned = []
    for choice_id, person_id, arm in zip(rows.choice_ids, rows.person_ids, rows.arm_ids(), strict=True):
        status = statuses.get(choice_id)
        if status != "unknown":
            assigned.append(Assigned(choice_id, person_id, arm if status == "sent" else NONE_ARM))
    return assigned


def _keep(ports: Ports, launch_id: str, number: int, attempt: int, seen: list[Observation]) -> None:
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        batch = launch_rows.get_batch(session, launch_id, number)
        rows = _choices(ports, batch)
        people = dict(zip(rows.choice_ids, rows.person_ids, strict=True))
        send_rows.add_outcomes(
            session,
            [
                {
                    "choice_id": one.choice_id,
                    "name": one.name,
                    "workspace_id": batch.workspace_id,
                    "launch_id": launch_id,
                    "batch_id": batch.batch_id,
                    "person_id": people[one.choice_id],
                    "value": one.value,
                    "unit": one.unit,
                    "source": ports.outcomes.name,
                    "observed_at": now,
                }
                for one in seen
            ],
        )
        launch_rows.advance_batch(session, batch, attempt=attempt, to="observed", due_at=None, release=True)
        settle_launch(session, ports, launch_id, now)


def _choices(ports: Ports, batch: Batch) -> ChoiceRows:
    written = WrittenChoices(str(batch.choices_path), str(batch.choices_sha256))
    return read_choices(ports.warehouse, batch.workspace_id, written)
