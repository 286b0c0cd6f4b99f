"""Databases of each supported kind: SQLite always, PostgreSQL when COUNTERSIGN_TEST_POSTGRES_URL names a server."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.audit import AuditLog
from store.database import Database, migrate
from store.home import Home
from store.ids import SeededIds
from store.repositories.workspaces import create_workspace

POSTGRES_URL = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL", "")
KINDS = ("sqlite", "postgresql") if POSTGRES_URL else ("sqlite",)


class PostgresDatabases:
    """Makes databases on the test server and removes every one of them at the end."""

    def __init__(self, url: str) -> None:
        self._server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        self._url = sa.make_url(url)
        self._made: list[str] = []
        self._template: str | None = None

    def empty(self) -> str:
        return self._make("")

    def migrated(self) -> str:
        if self._template is None:
            url = self.empty()
            database = Database(url, url)
            migrate(database)
            database.close()
            self._template = self._made[-1]
        return self._make(f" TEMPLATE {self._template}")

    def remove(self) -> None:
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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    """Only asked for when a server is named."""
    databases = PostgresDatabases(POSTGRES_URL)
    yield databases
    databases.remove()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on; each test runs once for every kind there is."""
    return str(request.param)


@pytest.fixture
def empty_urls(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Addresses of an operational and an identity database without any table."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/operational.db", f"sqlite:///{tmp_path}/identity.db"
    url = request.getfixturevalue("postgres").empty()
    return url, url


@pytest.fixture
def any_database(kind: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Migrated databases of each kind."""
    if kind == "sqlite":
        home: Home = request.getfixturevalue("home")
        opened = home.database()
    else:
        url = request.getfixturevalue("postgres").migrated()
        opened = Database(url, url)
    yield opened
    opened.close()


@pytest.fixture
def add_workspace(ids: SeededIds, start: datetime) -> Callable[[Database, str], str]:
    """Makes a workspace by name and gives its id."""

    def add(database: Database, name: str = "shop") -> str:
        with database.write() as session:
            return create_workspace(
                session, ids=ids, at=start, name=name, currency="USD", timezone="America/New_York"
            ).workspace_id

    return add


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    keys = tmp_path / "audit keys"
    keys.mkdir()
    return AuditLog(keys)


@pytest.fixture
def workspace_id(any_database: Database, add_workspace: Callable[[Database, str], str]) -> str:
    return add_workspace(any_database, "shop")
