"""Statements prepared once and given to the driver itself, inside the session's transaction.

The hot path's few statements run thousands of times; SQLAlchemy's own execution costs five times the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

Process = Callable[[Any], Any]
"""Turns a value into the driver's, or back; Any because each column has its own type."""


class Prepared:
    """One statement without lists among its parameters; every parameter is given by name."""

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update) -> None:
        self._statement = statement
        self._for_dialect = lru_cache(maxsize=4)(self._compile)

    # Any: each parameter and each column has its own type, which the table knows.
    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        made = self._for_dialect(session.get_bind().dialect)
        with _cursor(session) as cursor:
            cursor.execute(made.text, made.bound(values))
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [made.row(row) for row in found] if made.converts else found

    def each(self, session: Session, asked: Sequence[dict[str, Any]]) -> list[list[tuple[Any, ...]]]:
        """Return the rows of a query for each set of values, in order, over one cursor."""
        if not asked:
            return []
        made = self._for_dialect(session.get_bind().dialect)
        found: list[list[tuple[Any, ...]]] = []
        with _cursor(session) as cursor:
            for values in asked:
                cursor.execute(made.text, made.bound(values))
                got = cursor.fetchall()
                found.append([made.row(row) for row in got] if made.converts else got)
        return found

    def mappings(self, session: Session, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query by column name."""
        names = [str(column.key) for column in getattr(self._statement, "selected_columns", ())]
        return [dict(zip(names, row, strict=True)) for row in self.rows(session, **values)]

    def one(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query, if there is any."""
        return next(iter(self.rows(session, **values)), None)

    def run(self, session: Session, **values: Any) -> int:
        """Change rows; return how many."""
        made = self._for_dialect(session.get_bind().dialect)
        with _cursor(session) as cursor:
            cursor.execute(made.text, made.bound(values))
            return int(cursor.rowcount)

    def run_each(self, session: Session, asked: Sequence[dict[str, Any]]) -> None:
        """Change rows for each set of values, in order."""
        if asked:
            made = self._for_dialect(session.get_bind().dialect)
            run_many(session, made.text, [made.bound(values) for values in asked])

    def _compile(self, dialect: sa.Dialect) -> _Made:
        compiled = self._statement.compile(dialect=dialect)
        binds: dict[str, Process | None] = {
            key: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, key in compiled.bind_names.items()
        }
        fixed = {key: value for key, value in compiled.params.items() if value is not None}
        columns = getattr(self._statement, "selected_columns", ())
        results = tuple(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        )
        return _Made(
            compiled.string,
            None if compiled.positiontup is None else tuple(compiled.positiontup),
            binds,
            fixed,
            results,
            any(results),
        )


class _Made(NamedTuple):
    text: str
    order: tuple[str, ...] | None
    binds: dict[str, Process | None]
    fixed: dict[str, Any]
    results: tuple[Process | None, ...]
    converts: bool

    def bound(self, values: dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        given = {**self.fixed, **values}
        ready = {
            name: process(given[name]) if process else given[name] for name, process in self.binds.items()
        }
        return ready if self.order is None else tuple(ready[name] for name in self.order)

    def row(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            process(value) if process else value for process, value in zip(self.results, found, strict=True)
        )


def run_many(session: Session, text: str, rows: Sequence[Any]) -> None:
    """Run one statement of the driver's own form for each row of parameters."""
    with _cursor(session) as cursor:
        if len(rows) == 1:
            cursor.execute(text, rows[0])
        else:
            cursor.executemany(text, rows)


# Any: sqlite3 and psycopg share no base class for cursors.
@contextmanager
def _cursor(session: Session) -> Iterator[Any]:
    """A cursor of the session's own connection; what the driver raises comes out as SQLAlchemy's error."""
    connection = session.connection()
    driver = connection.connection.driver_connection
    dbapi = connection.dialect.dbapi
    if driver is None or dbapi is None:
        raise sa.exc.InvalidRequestError("the session's connection has no driver")
    cursor = driver.cursor()
    try:
        yield cursor
    except dbapi.Error as error:
        raise sa.exc.DBAPIError.instance(
            None, None, error, dbapi.Error, dialect=connection.dialect
        ) from error
    finally:
        cursor.close()
