"""A PostgreSQL server of a home: its address, whether it can be reached, and the schemas a home keeps there.

One database holds one home: tables in `public`, identities in `identity`, checkpoints in `checkpoints`, jobs in `dbos`.
"""

from __future__ import annotations

from importlib.util import find_spec

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from policies.errors import ConflictError, CountersignError, InvalidInputError

CHECKPOINTS_SCHEMA = "checkpoints"
DRIVER = "postgresql+psycopg"
EXTRA = "postgres"
_NEEDED = ("psycopg", "psycopg_pool", "langgraph.checkpoint.postgres")
_CONNECT_SECONDS = 5
_SCHEMA_LOCK = 7_402_026
"""Any number that nothing else on the server locks."""


class PostgresAddressError(InvalidInputError):
    """What was given is not the address of a PostgreSQL database."""

    code = "postgres_address"


class PostgresMissingError(CountersignError):
    """The packages for PostgreSQL are not installed."""

    code = "postgres_missing"


class PostgresUnreachableError(CountersignError):
    """The server does not answer, or lets nobody in."""

    code = "postgres_unreachable"


class DatabaseTakenError(ConflictError):
    """The database holds a home already, or something else."""

    code = "database_taken"


def is_postgres(address: str | None) -> bool:
    """Whether an address is one of PostgreSQL; None and files are not."""
    return address is not None and address.startswith("postgresql")


def read_address(text: str) -> URL:
    """Return the address of a PostgreSQL database, for psycopg 3; PostgresAddressError for any other."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise PostgresAddressError(
            f"the database address cannot be read; write {DRIVER}://user@host:5432/name"
        ) from error
    if url.get_backend_name() != "postgresql" or not url.database:
        raise PostgresAddressError(
            f"the database address must name a PostgreSQL database: {DRIVER}://user@host:5432/name",
            value=url.render_as_string(),
        )
    return url.set(drivername=DRIVER)


def require_postgres(url: URL) -> None:
    """Raise PostgresMissingError without the extra, PostgresUnreachableError when the database lets nobody in."""
    _require_extra()
    engine = sa.create_engine(
        url, connect_args={"connect_timeout": _CONNECT_SECONDS}, poolclass=sa.pool.NullPool
    )
    try:
        engine.connect().close()
    except OperationalError as error:
        where = url.render_as_string()
        reason = str(error.orig).strip().splitlines()[0]
        raise PostgresUnreachableError(
            f"the database {where} cannot be opened ({reason}); start the server, or correct the address",
            value=where,
        ) from error


def require_unused(url: URL) -> None:
    """Raise DatabaseTakenError unless the database holds no table yet, so that no two homes share one."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    tables = sa.inspect(engine).get_table_names(schema="public")
    if tables:
        raise DatabaseTakenError(
            f"the database {url.database} holds {len(tables)} tables already; make an empty one with "
            "`createdb NAME` and name that",
            value=url.database,
        )


def create_schema(url: URL, name: str) -> None:
    """Make a schema if it is not there; of two processes that try at once both succeed."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        # IF NOT EXISTS alone still races: of two that create it at once one fails
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")


def _require_extra() -> None:
    missing = [name for name in _NEEDED if not _found(name)]
    if missing:
        raise PostgresMissingError(
            f"PostgreSQL needs the package {missing[0].split('.')[0]}, which is not installed; "
            f"install the extra: pip install 'countersign[{EXTRA}]', or make setup EXTRAS=dev,{EXTRA}",
            value=missing[0],
        )


def _found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
