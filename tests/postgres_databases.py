"""Databases on the PostgreSQL server that COUNTERSIGN_TEST_POSTGRES_URL names, made for tests and removed after them."""

from __future__ import annotations

import os
import secrets

import sqlalchemy as sa

from store.database import Database, migrate

POSTGRES_URL = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL", "")


class PostgresDatabases:
    """Makes databases on the test server and removes every one of them at the end."""

    def __init__(self, url: str) -> None:
        self._server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self._url = sa.make_url(url)
        self._made: list[str] = []
        self._template: str | None = None

    def empty(self) -> str:
        """Return the address of a database without any table."""
        return self._make("")

    def migrated(self) -> str:
        """Return the address of a database of the newest schema."""
        if self._template is None:
            self._template = self.empty()
            database = Database(self._template, self._template)
            migrate(database)
            database.close()
        return self.copy(self._template)

    def copy(self, address: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        return self._make(f" TEMPLATE {sa.make_url(address).database}")

    def remove(self) -> None:
        """Remove everything that was made."""
        with self._server.connect() as connection:
            for name in self._made:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        self._server.dispose()

    def _make(self, clause: str) -> str:
        name = f"countersign_{secrets.token_hex(6)}"
        with self._server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}{clause}")
        self._made.append(name)
        return self._url.set(database=name).render_as_string(hide_password=False)
