"""Databases of each supported kind: SQLite always, PostgreSQL when COUNTERSIGN_TEST_POSTGRES_URL names a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from store.audit import AuditLog
from store.database import Database
from store.home import Home
from store.ids import SeededIds
from store.repositories.workspaces import create_workspace
from tests.postgres_databases import POSTGRES_URL
from tests.store.approval_desk import Desk

KINDS = ("sqlite", "postgresql") if POSTGRES_URL else ("sqlite",)


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


@pytest.fixture
def desk(any_database: Database, log: AuditLog, ids: SeededIds, workspace_id: str) -> Desk:
    """A workspace with people of every role."""
    made = Desk(any_database, log, ids, workspace_id)
    made.everybody()
    return made
