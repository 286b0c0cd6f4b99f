"""Durable jobs on DBOS: the only file that knows it.

One workflow a unit and attempt: a repeated id runs nothing, even after an error. Safety comes from the ledger's leases; the
engine remembers what was started and runs it inside the owner's event loop. DBOS is one object a process, so `Jobs` starts
and ends it as a whole, any number of times. At its start the engine runs again what a dead process of the same executor name
left, so processes that share a home have a name each: what one of them leaves is taken over by lease.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from delivery.errors import DeliveryError

if TYPE_CHECKING:
    from dbos import DBOSConfig

Handler = Callable[[str, int, int], Awaitable[None]]
"""Called with the key of a row, the part of it (a batch's number or 0) and the attempt."""

APPLICATION: Final = "countersign"
VERSION: Final = "1"
OWNER: Final = "owner"
_THREADS = 8
_BUSY_SECONDS = 30.0
_running: list[Jobs] = []


class JobsNotRunningError(DeliveryError):
    """Jobs were used before they were started, or after they were stopped."""

    code = "jobs_not_running"


class JobsBusyError(DeliveryError):
    """Another job engine of this process is running."""

    code = "jobs_busy"


class Jobs:
    """The home's job engine. `place` is a SQLite file or the address of a PostgreSQL database; opened by `start`.

    `executor` is this process's name among those that use the database at the same time.
    """

    def __init__(self, place: str | Path, handlers: Mapping[str, Handler], *, executor: str = OWNER) -> None:
        self._url = f"sqlite:///{place}" if isinstance(place, Path) else place
        self._executor = executor
        self._handlers = dict(handlers)
        self._engine: sa.Engine | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._run: Callable[[str, str, int, int], Coroutine[None, None, None]] | None = None

    async def start(self) -> None:
        """Open the engine inside the running event loop; work that a dead owner left is not resumed by itself."""
        from dbos import DBOS

        if _running:
            raise JobsBusyError("a job engine is already running in this process; stop it first")
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        _running.append(self)
        self._loop = asyncio.get_running_loop()
        DBOS.destroy(destroy_registry=True)
        DBOS(config=self._config())

        async def unit(kind: str, key: str, part: int, attempt: int) -> None:
            await self._unit(kind, key, part, attempt)

        # a plain function: DBOS marks what it registers, and a bound method cannot be marked
        self._run = DBOS.workflow(name="unit")(unit)
        await asyncio.to_thread(DBOS.launch)

    async def stop(self) -> None:
        """Close the engine; what is running is cancelled where it stands, which the ledger survives."""
        from dbos import DBOS

        if self not in _running:
            return
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS puts its own thread pool into the loop and closes it; the loop gets a working one back
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=_THREADS))
        self._loop = self._run = None
        if self._engine is not None:
            self._engine.dispose()
        _running.remove(self)

    async def run(self, kind: str, key: str, part: int, attempt: int) -> None:
        """Run one unit's attempt to its end; its error is raised here. An id that was run before runs nothing."""
        from dbos import DBOS, SetWorkflowID

        if self._run is None or self not in _running:
            raise JobsNotRunningError("the job engine is not running; start it first", value=kind)
        with SetWorkflowID(workflow_id(kind, key, part, attempt)):
            handle = await DBOS.start_workflow_async(self._run, kind, key, part, attempt)
        await handle.get_result()

    async def _unit(self, kind: str, key: str, part: int, attempt: int) -> None:
        """Run the handler in the owner's loop: a recovered workflow would find itself in the engine's own."""
        assert self._loop is not None
        if self._loop is asyncio.get_running_loop():
            await self._handlers[kind](key, part, attempt)
            return
        work = asyncio.run_coroutine_threadsafe(
            _awaited(self._handlers[kind](key, part, attempt)), self._loop
        )
        await asyncio.wrap_future(work)

    def _config(self) -> DBOSConfig:
        self._engine = _sqlite_engine(self._url) if self._url.startswith("sqlite") else None
        return {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "system_database_url": self._url,
            "application_version": VERSION,
            "executor_id": self._executor,
            "enable_otlp": False,
            "log_level": "CRITICAL",
            "max_executor_threads": _THREADS,
            "notification_listener_polling_interval_sec": 1.0,
            "scheduler_polling_interval_sec": 30.0,
        }


def workflow_id(kind: str, key: str, part: int, attempt: int) -> str:
    """The id under which a unit's attempt is run: `resume:KEY:ATTEMPT`, `batch:KEY:NUMBER:ATTEMPT`."""
    return ":".join([kind, key, *([str(part)] if part else []), str(attempt)])


def _sqlite_engine(url: str) -> sa.Engine:
    """An engine as DBOS makes it, but with a write-ahead log.

    A commit then waits for no disk: what a power cut takes from the engine, the ledger still holds.
    """
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    def set_up(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = "IMMEDIATE"
        for name, value in (("journal_mode", "WAL"), ("synchronous", "NORMAL"), ("foreign_keys", "ON")):
            connection.execute(f"PRAGMA {name}={value}").close()

    sa.event.listen(engine, "connect", set_up)
    return engine


async def _awaited(work: Awaitable[None]) -> None:
    await work
