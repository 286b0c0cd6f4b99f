"""SQLAlchemy engines for SQLite and PostgreSQL with the settings the store relies on."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection as SqliteConnection
from sqlite3 import Error as SqliteError

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import ConnectionPoolEntry

IDENTITY_SCHEMA = "identity"
BUSY_MILLISECONDS = 10_000
CACHE_KIB = 16 * 1024
"""A connection's cache. A long list over proposals, whose rows are large, does not fit into SQLite's own 2 MiB."""


def sqlite_engine(url: URL, *, begin: str, pragmas: Mapping[str, str]) -> Engine:
    """An engine whose transactions start with the statement `begin`; WAL, 10 s busy time-out, foreign keys on."""
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_MILLISECONDS / 1000, "check_same_thread": False}
    )
    settings = {
        "journal_mode": "WAL",
        "busy_timeout": str(BUSY_MILLISECONDS),
        "foreign_keys": "ON",
        "cache_size": f"-{CACHE_KIB}",
        **pragmas,
    }

    def set_up(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
        # the driver's own implicit BEGIN would be a deferred one, so it is switched off
        connection.isolation_level = None
        for name, value in settings.items():
            connection.execute(f"PRAGMA {name}={value}").close()

    def start(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        try:
            driver.execute(begin)
        except SqliteError as error:
            raise sa.exc.DBAPIError.instance(
                begin, None, error, SqliteError, dialect=connection.dialect
            ) from error

    sa.event.listen(engine, "connect", set_up)
    sa.event.listen(engine, "begin", start)
    return engine


def postgres_engine(url: URL, *, schema: str | None = None) -> Engine:
    """An engine on PostgreSQL through psycopg 3; with `schema`, that schema is all its connections see."""
    options = f"-c search_path={schema}" if schema else "-c search_path=public"
    return sa.create_engine(url, connect_args={"options": options}, pool_pre_ping=True)
