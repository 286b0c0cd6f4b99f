"""The lease on a thread: of all processes that have a home open, one runs it.

It keeps work from being done twice and questions from being asked twice; that nothing launches twice rests on the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.refusals import ThreadWaitsError
from agents.workbench import Workbench
from store.clock import WallClock
from store.repositories import leases
from store.repositories.threads import RunStatus, note_stop
from store.threads import in_thread

LEASE = timedelta(minutes=5)
FIRST_RUN = 1
"""The attempt under which a thread is held from the transaction on that begins it."""
_RENEWED_SECONDS = LEASE.total_seconds() / 3


@dataclass
class Run:
    """One run of a thread by this process; `left` is how the run leaves the thread."""

    thread_id: str
    attempt: int
    left: RunStatus = "failed"


@asynccontextmanager
async def leased(bench: Workbench, thread_id: str, held: int | None = None) -> AsyncIterator[Run]:
    """Hold a thread until the block ends; ThreadWaitsError while another run does.

    `held` is the attempt under which the caller holds it already. A run that is cancelled leaves its thread to be taken on.
    """
    attempt = await in_thread(_take, bench, thread_id, held)
    if attempt is None:
        raise ThreadWaitsError(f"the thread {thread_id} is running; wait until it stops", value=thread_id)
    run = Run(thread_id, attempt)
    ended = asyncio.Event()
    renewing = asyncio.create_task(_renew(bench, run, ended))
    try:
        yield run
    except asyncio.CancelledError:
        run.left = "running"
        raise
    finally:
        ended.set()
        await asyncio.gather(renewing, return_exceptions=True)
        await in_thread(_give_back, bench, run)


def _ends(bench: Workbench) -> bool:
    """Where a living process may wait for a dead one a lease ends by time; an owner voids those of the last owner."""
    return bench.database.dialect == "postgresql" and isinstance(bench.clock, WallClock)


def _until(bench: Workbench, now: datetime) -> datetime:
    return now + LEASE if _ends(bench) else leases.NEVER


def _take(bench: Workbench, thread_id: str, held: int | None) -> int | None:
    with bench.database.write() as session:
        now = bench.clock.now(session)
        until = _until(bench, now)
        if held is None:
            return leases.take_thread(session, thread_id, now=now, until=until)
        return held if leases.renew_thread(session, thread_id, held, until=until) else None


async def _renew(bench: Workbench, run: Run, ended: asyncio.Event) -> None:
    while _ends(bench) and await in_thread(_hold_longer, bench, run):
        try:
            async with asyncio.timeout(_RENEWED_SECONDS):
                await ended.wait()
                return
        except TimeoutError:
            continue


def _hold_longer(bench: Workbench, run: Run) -> bool:
    with bench.database.write() as session:
        until = _until(bench, bench.clock.now(session))
        return leases.renew_thread(session, run.thread_id, run.attempt, until=until)


def _give_back(bench: Workbench, run: Run) -> None:
    with bench.database.write() as session:
        note_stop(session, run.thread_id, run.attempt, run.left, bench.clock.now(session))
