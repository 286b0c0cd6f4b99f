"""The sweep: finds what the ledger says is due, leases it, and has it done, attempt by attempt.

The ledger's own rows are the outbox, so nothing is lost with a queue. A home whose clock is `replay` has its time moved
here, and only to the next instant at which something is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from delivery.expiry import sweep_approvals
from delivery.jobs import Handler
from delivery.journeys.advancing import run_journey
from delivery.ports import Ports
from delivery.steps import run_batch
from policies.errors import CountersignError
from store.clock import ReplayClock
from store.repositories import leases
from store.repositories.launches import get_batch
from store.repositories.leases import Kind, Work
from store.threads import in_thread

LEASE = timedelta(minutes=5)
MAXIMUM_FAILURES = 5
HOME = "home"
"""What a daily job is about: the home as a whole."""
_FIRST_RETRY = timedelta(minutes=1)
_TOGETHER = 8
_log = logging.getLogger("countersign.delivery")


@dataclass(frozen=True)
class Handlers:
    """What jobs do that delivery knows nothing of: resume an approval's thread, review a launch that is over, take on
    a thread that was left while drafting, under the attempt that holds it, and tell one row of the notifications.
    """

    resume: Callable[[str], Awaitable[None]]
    review: Callable[[str], Awaitable[None]]
    draft: Callable[[str, int], Awaitable[None]]
    tell: Callable[[str], Awaitable[None]]


class Runner(Protocol):
    """Whatever runs one unit's attempt to its end and raises its error: `delivery.jobs.Jobs`."""

    async def run(self, kind: str, key: str, part: int, attempt: int) -> None: ...


def job_handlers(ports: Ports, handlers: Handlers) -> Mapping[str, Handler]:
    """Return the handlers to start jobs with; each does nothing for an attempt that no longer holds its row."""

    async def resume(approval_id: str, _part: int, attempt: int) -> None:
        if await in_thread(_holds, ports, "resume", approval_id, attempt):
            await handlers.resume(approval_id)

    async def review(launch_id: str, _part: int, attempt: int) -> None:
        if await in_thread(_holds, ports, "review", launch_id, attempt):
            await handlers.review(launch_id)

    async def batch(launch_id: str, number: int, attempt: int) -> None:
        batch_id = await in_thread(_batch_id, ports, launch_id, number)
        if await in_thread(_holds, ports, "batch", batch_id, attempt):
            await run_batch(ports, launch_id, number, attempt)

    async def draft(thread_id: str, _part: int, attempt: int) -> None:
        if await in_thread(_holds, ports, "draft", thread_id, attempt):
            await handlers.draft(thread_id, attempt)

    async def tell(notification_id: str, _part: int, attempt: int) -> None:
        if await in_thread(_holds, ports, "tell", notification_id, attempt):
            await handlers.tell(notification_id)

    async def journey(run_id: str, _part: int, attempt: int) -> None:
        if await in_thread(_holds, ports, "journey", run_id, attempt):
            await run_journey(ports, run_id, attempt)

    return {
        "resume": resume,
        "review": review,
        "batch": batch,
        "draft": draft,
        "tell": tell,
        "journey": journey,
    }


class Driver:
    """Carries out what is due in one home. `told` hears of each unit before it runs; `sweeps` are plain functions that
    run before each look, such as making rows of what is to be told; `daily` are kinds of jobs that keep the home in order.
    """

    def __init__(
        self,
        ports: Ports,
        jobs: Runner,
        *,
        told: Callable[[Work], None] | None = None,
        sweeps: Sequence[Callable[[], object]] = (),
        daily: Sequence[str] = (),
    ) -> None:
        self._ports = ports
        self._jobs = jobs
        self._told = told
        self._sweeps = sweeps
        self._daily = daily
        self._day: int | None = None

    def free_leases(self) -> int:
        """Void the leases of a home's earlier owner; call it once, while owning the home. Returns how many."""
        with self._ports.database.write(durable=True) as session:
            return leases.free_leases(session)

    def next_due(self) -> datetime | None:
        """The next instant at which something is due; None when nothing will be by itself."""
        with self._ports.database.read() as session:
            return leases.next_due(session)

    async def run_due(self, *, stop_when: Callable[[], bool] | None = None) -> int:
        """Do everything that is due now, or until `stop_when` says so between two units; returns how many units ran.

        Units of one launch or approval go one after another in the order they were due, others side by side. A unit
        that fails is tried again later, `MAXIMUM_FAILURES` times in a row at most, and then shown with its reason.
        """
        await in_thread(sweep_approvals, self._ports)
        for sweep in self._sweeps:
            await in_thread(sweep)
        await self._run_daily()
        due = await in_thread(self._due)
        chains = [
            list(chain) for _, chain in groupby(sorted(due, key=lambda w: w.owner), key=lambda w: w.owner)
        ]
        room = asyncio.Semaphore(_TOGETHER)
        ran = await asyncio.gather(*(self._run_chain(chain, room, stop_when) for chain in chains))
        return sum(ran)

    async def drive_replay(
        self, *, until: datetime | None = None, stop_when: Callable[[], bool] | None = None
    ) -> None:
        """Run a replay home until nothing is due any more, `stop_when` says so, or the next thing lies after `until`."""
        clock = self._ports.clock
        if not isinstance(clock, ReplayClock):
            raise CountersignError("this home's clock is the wall's; its time cannot be moved")
        while not (stop_when is not None and stop_when()):
            if await self.run_due(stop_when=stop_when):
                continue
            following = await in_thread(self.next_due)
            if following is None or (until is not None and following > until):
                return
            if following > clock.now():
                await in_thread(clock.advance_to, following)

    async def _run_daily(self) -> None:
        """Run each daily job at the first look of a day of the home's clock, in UTC, in one of the home's processes.

        The day is the attempt, and an id that was run before runs nothing; one that fails is tried again the next day.
        """
        day = (await in_thread(self._ports.clock.now)).toordinal()
        if day == self._day:
            return
        self._day = day
        for kind in self._daily:
            (failure,) = await asyncio.gather(self._jobs.run(kind, HOME, 0, day), return_exceptions=True)
            if isinstance(failure, Exception):
                _log.error("the daily job %s failed", kind, exc_info=failure)
            elif failure is not None:
                raise failure

    def _due(self) -> list[Work]:
        with self._ports.database.read() as session:
            return leases.due_work(session, self._ports.clock.now())

    async def _run_chain(
        self, chain: list[Work], room: asyncio.Semaphore, stop_when: Callable[[], bool] | None
    ) -> int:
        ran = 0
        async with room:
            for work in sorted(chain, key=lambda w: (w.due_at, w.part)):
                if stop_when is not None and stop_when():
                    break
                attempt = await in_thread(self._lease, work)
                if attempt is None:
                    continue
                ran += 1
                if self._told is not None:
                    self._told(work)
                (failure,) = await asyncio.gather(
                    self._jobs.run(work.kind, work.owner, work.part, attempt), return_exceptions=True
                )
                await in_thread(self._settle, work, attempt, failure)
                if failure is not None:
                    break
        return ran

    def _lease(self, work: Work) -> int | None:
        now = self._ports.clock.now()
        with self._ports.database.write(durable=True) as session:
            return leases.lease(session, work, now=now, until=now + LEASE)

    def _settle(self, work: Work, attempt: int, failure: BaseException | None) -> None:
        now = self._ports.clock.now()
        if failure is not None and not isinstance(failure, Exception):
            raise failure
        if failure is None and not _holds(self._ports, work.kind, work.key, attempt):
            return
        with self._ports.database.write(durable=True) as session:
            if failure is None:
                leases.finish(session, work.kind, work.key, attempt, at=now)
                return
            failed = leases.failures_of(session, work.kind, work.key)
            last = failed + 1 >= MAXIMUM_FAILURES
            retry_at = None if last else now + _FIRST_RETRY * 2**failed
            reason = failure.message if isinstance(failure, CountersignError) else repr(failure)
            leases.fail(session, work.kind, work.key, attempt, reason=reason[:500], retry_at=retry_at)
        _log.error("%s %s failed in attempt %d", work.kind, work.key, attempt, exc_info=failure)


def _holds(ports: Ports, kind: Kind, key: str, attempt: int) -> bool:
    with ports.database.read() as session:
        return leases.holds(session, kind, key, attempt)


def _batch_id(ports: Ports, launch_id: str, number: int) -> str:
    with ports.database.read() as session:
        return get_batch(session, launch_id, number).batch_id
