"""Statements prepared once and given to the driver itself, inside the session's transaction.

The hot path's few statements run thousands of times; SQLAlchemy's own execution costs five times the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

_DRIVER = "driver_of_transaction"
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
        return self._rows(_driver_of(session), session.get_bind().dialect, [values])[0]

    def rows_alone(self, engine: sa.Engine, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query that is a transaction of its own, without a session's cost."""
        connection = engine.raw_connection()
        try:
            return self._rows(connection.driver_connection, engine.dialect, [values])[0]
        finally:
            connection.close()

    def each(self, session: Session, asked: Sequence[dict[str, Any]]) -> list[list[tuple[Any, ...]]]:
        """Return the rows of a query for each set of values, in order, over one cursor."""
        return self._rows(_driver_of(session), session.get_bind().dialect, asked)

    def _rows(
        self, driver: Any, dialect: sa.Dialect, asked: Sequence[dict[str, Any]]
    ) -> list[list[tuple[Any, ...]]]:
        made = self._for_dialect(dialect)
        found: list[list[tuple[Any, ...]]] = []
        cursor = driver.cursor()
        try:
            for values in asked:
                cursor.execute(made.text, made.bound(values))
                found.append(cursor.fetchall())
        except _family(dialect) as error:
            raise _as_sqlalchemy(error, dialect) from error
        finally:
            cursor.close()
        return [made.read(rows) for rows in found] if made.converted else found

    def mappings(self, session: Session, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a query by column name."""
        names = self._for_dialect(session.get_bind().dialect).names
        return [dict(zip(names, row, strict=True)) for row in self.rows(session, **values)]

    def one(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query, if there is any."""
        return next(iter(self.rows(session, **values)), None)

    def run(self, session: Session, **values: Any) -> int:
        """Change rows; return how many."""
        dialect = session.get_bind().dialect
        made = self._for_dialect(dialect)
        return _change(session, dialect, made.text, [made.bound(values)])

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
        results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        return _Made(
            compiled.string,
            None if compiled.positiontup is None else tuple(compiled.positiontup),
            binds,
            fixed,
            tuple((place, process) for place, process in enumerate(results) if process),
            tuple(str(column.key) for column in columns),
        )


class _Made(NamedTuple):
    text: str
    order: tuple[str, ...] | None
    binds: dict[str, Process | None]
    fixed: dict[str, Any]
    converted: tuple[tuple[int, Process], ...]
    names: tuple[str, ...]

    def bound(self, values: dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        given = {**self.fixed, **values} if self.fixed else values
        ready = {
            name: process(given[name]) if process else given[name] for name, process in self.binds.items()
        }
        return ready if self.order is None else tuple([ready[name] for name in self.order])

    def read(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Give rows the values of their types, column by column: a long page costs a third of going row by row."""
        if not rows:
            return rows
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, process in self.converted:
            columns[place] = [process(cell) for cell in columns[place]]
        return list(zip(*columns, strict=True))


def run_many(session: Session, text: str, rows: Sequence[Any]) -> None:
    """Run one statement of the driver's own form for each row of parameters."""
    _change(session, session.get_bind().dialect, text, rows)


def _change(session: Session, dialect: sa.Dialect, text: str, rows: Sequence[Any]) -> int:
    cursor = _driver_of(session).cursor()
    try:
        if len(rows) == 1:
            cursor.execute(text, rows[0])
        else:
            cursor.executemany(text, rows)
        return int(cursor.rowcount)
    except _family(dialect) as error:
        raise _as_sqlalchemy(error, dialect) from error
    finally:
        cursor.close()


# Any: sqlite3 and psycopg share no base class for connections.
def _driver_of(session: Session) -> Any:
    """The driver's connection of the session's transaction, which begins with it; asking the session each time is slow."""
    transaction = session.get_transaction()
    known = session.info.get(_DRIVER)
    if known is not None and known[0] is transaction:
        return known[1]
    driver = session.connection().connection.driver_connection
    if driver is None:
        raise sa.exc.InvalidRequestError("the session's connection has no driver")
    session.info[_DRIVER] = (session.get_transaction(), driver)
    return driver


def _family(dialect: sa.Dialect) -> type[Exception]:
    if dialect.dbapi is None:
        raise sa.exc.InvalidRequestError("the database's dialect has no driver")
    return dialect.dbapi.Error


def _as_sqlalchemy(error: Exception, dialect: sa.Dialect) -> BaseException:
    """What the driver raises comes out as SQLAlchemy's error."""
    family = _family(dialect)
    return sa.exc.DBAPIError.instance(None, None, error, family, dialect=dialect)
