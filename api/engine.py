"""The home's work that nobody waits for: one loop that carries out whatever the ledger says is due."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from delivery.drive import Driver
from delivery.jobs import Jobs
from policies.errors import CountersignError
from store.clock import Clock, ReplayClock

_IDLE_SECONDS = 1.0
_log = logging.getLogger("countersign.engine")


class Engine:
    """Jobs and driver of one home. Nothing is opened before the first `start` or `settle`."""

    def __init__(self, clock: Clock, jobs: Jobs, driver: Driver) -> None:
        self._clock = clock
        self._jobs = jobs
        self._driver = driver
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._turn = asyncio.Lock()
        self._opened = False
        self._loop: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the loop is carrying out due work by itself."""
        return self._loop is not None and not self._loop.done()

    async def start(self) -> None:
        """Carry out due work from now on, until closed."""
        await self._open()
        if self._loop is None:
            self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Say that something may have become due, so that nobody waits for the next look."""
        self._wake.set()

    async def settle(self, until: datetime | None = None) -> None:
        """Return once nothing is due; in a replay home once nothing will ever be due by itself, or before `until`."""
        await self._open()
        async with self._turn:
            await self._work(until)

    async def close(self) -> None:
        """Stop looking for work, let the running unit end, close the job engine."""
        self._stopping.set()
        self._wake.set()
        if self._loop is not None:
            await self._loop
        if self._opened:
            await self._jobs.stop()
            self._opened = False

    async def _open(self) -> None:
        if not self._opened:
            await self._jobs.start()
            self._opened = True

    async def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                async with self._turn:
                    await self._work()
            except CountersignError as error:
                _log.exception("due work could not be looked for: %s", error.message)
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _work(self, until: datetime | None = None) -> None:
        if isinstance(self._clock, ReplayClock):
            await self._driver.drive_replay(until=until, stop_when=self._stopping.is_set)
        else:
            stopping = self._stopping.is_set
            while not stopping() and await self._driver.run_due(stop_when=stopping):
                continue
