"""The two databases of a home, operational and identity, and the only ways to open a transaction on them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from policies.errors import CountersignError, InvalidInputError
from store.driver import Prepared
from store.engines import IDENTITY_SCHEMA, postgres_engine, sqlite_engine
from store.postgres import create_schema

LOCK_WAIT_SECONDS = 60.0


class StoreError(CountersignError):
    """Root of what the databases refuse."""

    code = "store"


class NestedWriteError(StoreError):
    """A write was opened inside another write of the same thread."""

    code = "nested_write"


class StoreBusyError(StoreError):
    """Another writer held the database for too long."""

    code = "store_busy"


class _Side:
    """One of the two databases: its engines, its write lock and the marks of threads that are writing."""

    def __init__(self, name: str, read: Engine, write: Engine, durable: Engine) -> None:
        self.name = name
        self.read, self.write, self.durable = read, write, durable
        self.lock = threading.Lock()
        self.writing = threading.local()

    def dispose(self) -> None:
        for engine in {self.read, self.write, self.durable}:
            engine.dispose()


class Database:
    """Transactions on the operational and the identity database, the same on SQLite and PostgreSQL.

    `operational_url` and `identity_url` are `sqlite:////path/file.db` or `postgresql+psycopg://…`; on
    PostgreSQL identities live in the schema `identity` of the server named. Making one opens nothing.
    """

    def __init__(self, operational_url: str, identity_url: str) -> None:
        self.operational_url = _parsed(operational_url)
        self.identity_url = _parsed(identity_url)
        self.dialect = self.operational_url.get_backend_name()
        self.commits = 0
        self._counting = threading.Lock()
        self._operational = _operational_side(self.operational_url)
        self._identity = _identity_side(self.identity_url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Read the operational database as it stands at the first statement; writing in it is an error."""
        with _reading(self._operational) as session:
            yield session

    def ask(self, query: Prepared, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of one query of the operational database, asked by itself: for what each request asks.

        Any: each parameter and each column has its own type, which the table knows.
        """
        return query.rows_alone(self._operational.read, **values)

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[Session]:
        """One operational transaction: committed at exit, rolled back on an exception.

        `durable` makes the commit survive a power cut (SQLite synchronous=FULL): for approvals, signatures,
        launches and sends. NestedWriteError inside another write of this thread; StoreBusyError when other
        writers hold the database for too long.
        """
        side = self._operational
        with _writing(side, side.durable if durable else side.write) as session:
            if durable and self.dialect == "postgresql":
                session.connection().exec_driver_sql("SET LOCAL synchronous_commit TO on")
            yield session
        with self._counting:
            self.commits += 1

    @contextmanager
    def identity_read(self) -> Iterator[Session]:
        """Read the identity database."""
        with _reading(self._identity) as session:
            yield session

    @contextmanager
    def identity_write(self) -> Iterator[Session]:
        """One durable identity transaction; deleted rows are overwritten with zeros on SQLite."""
        with _writing(self._identity, self._identity.durable) as session:
            yield session

    def operational_engine(self) -> Engine:
        """The engine migrations and bulk readers use."""
        return self._operational.durable

    def identity_engine(self) -> Engine:
        """The identity engine migrations use."""
        return self._identity.durable

    def close(self) -> None:
        """Close every connection; the object may be used again afterwards."""
        self._operational.dispose()
        self._identity.dispose()


def migrate(database: Database) -> None:
    """Bring both databases to the newest schema; running it again changes nothing."""
    from store.migrations.runner import upgrade

    for url in (database.operational_url, database.identity_url):
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).touch(mode=0o600, exist_ok=True)
    if database.identity_url.get_backend_name() == "postgresql":
        create_schema(database.identity_url, IDENTITY_SCHEMA)
    upgrade(database.operational_engine(), "operational")
    upgrade(database.identity_engine(), "identity")


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as error:
        raise InvalidInputError(
            "the database address cannot be read; write sqlite:////path/file.db or "
            "postgresql+psycopg://user@host/name"
        ) from error
    backend = url.get_backend_name()
    if backend == "sqlite" and not url.database:
        raise InvalidInputError("a database in memory is not kept; give sqlite:////path/file.db", value=text)
    if backend not in ("sqlite", "postgresql"):
        raise InvalidInputError(
            f"{backend} is not supported; use sqlite or postgresql+psycopg", value=url.render_as_string()
        )
    return url.set(drivername="postgresql+psycopg") if backend == "postgresql" else url


def _operational_side(url: URL) -> _Side:
    if url.get_backend_name() == "sqlite":
        return _Side(
            "operational",
            sqlite_engine(url, begin="BEGIN", pragmas={"query_only": "ON"}),
            sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas={"synchronous": "NORMAL"}),
            sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas={"synchronous": "FULL"}),
        )
    engine = postgres_engine(url)
    return _Side("operational", engine, engine, engine)


def _identity_side(url: URL) -> _Side:
    if url.get_backend_name() == "sqlite":
        wiping = {"synchronous": "FULL", "secure_delete": "ON"}
        write = sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas=wiping)
        read = sqlite_engine(url, begin="BEGIN", pragmas={"query_only": "ON"})
        return _Side("identity", read, write, write)
    engine = postgres_engine(url, schema=IDENTITY_SCHEMA)
    return _Side("identity", engine, engine, engine)


@contextmanager
def _reading(side: _Side) -> Iterator[Session]:
    with Session(side.read, expire_on_commit=False) as session:
        if side.read.dialect.name == "postgresql":
            session.connection().exec_driver_sql("SET TRANSACTION READ ONLY")
        yield session


@contextmanager
def _writing(side: _Side, engine: Engine) -> Iterator[Session]:
    if getattr(side.writing, "open", False):
        raise NestedWriteError(
            f"a write to the {side.name} database is already open in this thread; "
            "pass its session on instead of opening a second one"
        )
    # SQLite has one writer at a time; waiting here is fair and wakes at once, its own busy wait is neither
    serial = engine.dialect.name == "sqlite"
    if serial and not side.lock.acquire(timeout=LOCK_WAIT_SECONDS):
        raise StoreBusyError(
            f"the {side.name} database was held by another write for more than {LOCK_WAIT_SECONDS:.0f} s; try again"
        )
    side.writing.open = True
    try:
        with Session(engine, expire_on_commit=False) as session:
            _begin(session, side.name)
            yield session
            session.commit()
    finally:
        side.writing.open = False
        if serial:
            side.lock.release()


def _begin(session: Session, name: str) -> None:
    try:
        session.connection()
    except OperationalError as error:
        if "locked" not in str(error.orig):
            raise
        raise StoreBusyError(f"another process is writing to the {name} database; try again") from error
