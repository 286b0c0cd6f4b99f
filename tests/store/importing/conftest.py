"""A home with one workspace, and an importer of small customers files into it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from store.database import Database
from store.home import Home
from store.ids import SeededIds
from store.importing.csv_table import TextTable, read_csv_rows
from store.importing.customers import CustomersImported, import_customers
from store.repositories.workspaces import create_workspace
from store.warehouse import Warehouse

Import = Callable[[str], CustomersImported]


@pytest.fixture
def workspace(database: Database, ids: SeededIds, start: datetime) -> str:
    with database.write() as session:
        made = create_workspace(
            session, ids=ids, at=start, name="shop", currency="USD", timezone="America/New_York"
        )
        return made.workspace_id


@pytest.fixture
def warehouse(home: Home) -> Warehouse:
    return Warehouse(home.history_dir)


@pytest.fixture
def as_table() -> Callable[[str], TextTable]:
    """Turns CSV text into a table, blanks around lines taken away."""

    def table(text: str) -> TextTable:
        lines: Sequence[str] = [line.strip() for line in text.strip().splitlines()]
        return read_csv_rows(csv.reader(io.StringIO("\n".join(lines))), "customers.csv", "0" * 64)

    return table


@pytest.fixture
def import_text(
    database: Database,
    warehouse: Warehouse,
    workspace: str,
    ids: SeededIds,
    start: datetime,
    as_table: Callable[[str], TextTable],
) -> Import:
    """Imports CSV text as customers."""

    def run(text: str) -> CustomersImported:
        return import_customers(
            database,
            warehouse,
            as_table(text),
            workspace_id=workspace,
            ids=ids,
            at=start,
            default_timezone="America/New_York",
        )

    return run
