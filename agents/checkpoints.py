"""The checkpoint database: strict about what it reads back, durable about what it writes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiosqlite
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from store.postgres import CHECKPOINTS_SCHEMA, create_schema, read_address

if TYPE_CHECKING:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg import AsyncConnection

# Any: LangGraph's version of a channel is a number or a text, by the saver
Checkpoints = BaseCheckpointSaver[Any]
_CONNECTIONS: Final = 8
_SETTING_UP: Final = 7_402_027
_PAUSE_SECONDS: Final = 0.05
_THREADS: Final = "SELECT DISTINCT thread_id FROM checkpoints ORDER BY thread_id"
_SETTINGS: Final = f"-c search_path={CHECKPOINTS_SCHEMA} -c synchronous_commit=on"


@asynccontextmanager
async def open_checkpoints(place: Path | str) -> AsyncIterator[Checkpoints]:
    """Open the checkpoints of a home: a SQLite file, or the address of a PostgreSQL database.

    Commits wait for the disk, and msgpack revives no foreign type.
    """
    opened = _open_file(place) if isinstance(place, Path) else _open_server(place)
    async with opened as saver:
        yield saver


async def threads_with_checkpoints(checkpoints: Checkpoints) -> list[str]:
    """Return the ids of all threads that have a checkpoint, in order; the library itself lists checkpoints only whole."""
    if isinstance(checkpoints, AsyncSqliteSaver):
        async with checkpoints.lock, checkpoints.conn.execute(_THREADS) as found:
            return [str(row[0]) for row in await found.fetchall()]
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    assert isinstance(checkpoints, AsyncPostgresSaver)
    async with checkpoints._cursor() as cursor:
        await cursor.execute(_THREADS)
        return [str(row["thread_id"]) for row in await cursor.fetchall()]


@asynccontextmanager
async def _open_file(path: Path) -> AsyncIterator[Checkpoints]:
    """One writer, synchronous=FULL."""
    await asyncio.to_thread(path.touch, mode=0o600, exist_ok=True)
    async with aiosqlite.connect(path) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        await connection.execute("PRAGMA busy_timeout=10000")
        saver = AsyncSqliteSaver(connection, serde=_serializer())
        await saver.setup()
        yield saver


@asynccontextmanager
async def _open_server(address: str) -> AsyncIterator[Checkpoints]:
    """A pool of connections, in a schema of their own; any number of processes."""
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
    from psycopg.rows import DictRow, dict_row
    from psycopg_pool import AsyncConnectionPool

    url = read_address(address)
    await asyncio.to_thread(create_schema, url, CHECKPOINTS_SCHEMA)
    pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
        url.set(drivername="postgresql").render_as_string(hide_password=False),
        min_size=1,
        max_size=_CONNECTIONS,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "options": _SETTINGS,
        },
        open=False,
    )
    async with pool:
        saver = AsyncPostgresSaver(pool, serde=_serializer())
        async with pool.connection() as connection:
            await _set_up(saver, connection)
        yield saver


async def _set_up(
    saver: AsyncPostgresSaver, connection: AsyncConnection[dict[str, Any]]
) -> None:  # any column
    """Make the tables, one process at a time.

    The lock is tried again and again and not waited for: its statements build indexes concurrently, which would wait
    for the waiting process, and that one for them.
    """
    while True:
        cursor = await connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (_SETTING_UP,))
        row = await cursor.fetchone()
        if row is not None and row["taken"]:
            break
        await asyncio.sleep(_PAUSE_SECONDS)
    try:
        await saver.setup()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (_SETTING_UP,))


def _serializer() -> JsonPlusSerializer:
    return JsonPlusSerializer(allowed_msgpack_modules=None)
