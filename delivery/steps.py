"""One attempt at one batch: choosing and sending when its slot is due, observing when its outcomes are."""

from __future__ import annotations

from delivery.batches import choose_batch
from delivery.observe import observe_batch
from delivery.ports import Ports
from delivery.send import send_batch
from store.repositories.launches import get_batch
from store.tables import Batch
from store.threads import in_thread


async def run_batch(ports: Ports, launch_id: str, number: int, attempt: int) -> None:
    """Take a batch as far as it can go now. Doing it again, at once or after a crash, repeats no effect.

    Whoever no longer holds the batch under `attempt` does nothing.
    """
    batch = await in_thread(_batch, ports, launch_id, number)
    if batch.attempt != attempt:
        return
    if batch.state == "planned":
        await in_thread(choose_batch, ports, launch_id, number, attempt)
        batch = await in_thread(_batch, ports, launch_id, number)
    if batch.state == "chosen":
        await send_batch(ports, launch_id, number, attempt)
    elif batch.state == "sent":
        await observe_batch(ports, launch_id, number, attempt)


def _batch(ports: Ports, launch_id: str, number: int) -> Batch:
    with ports.database.read() as session:
        return get_batch(session, launch_id, number)
