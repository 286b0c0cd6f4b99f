from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from store.database import Database, migrate
from store.migrations.runner import differences, target_metadata
from store.tables.campaigns import Campaign


@pytest.fixture
def fresh(empty_urls: tuple[str, str]) -> Iterator[Database]:
    database = Database(*empty_urls)
    yield database
    database.close()


def both(database: Database) -> list[object]:
    return differences(database.operational_engine(), "operational") + differences(
        database.identity_engine(), "identity"
    )


def test_migrations_and_tables_agree(fresh: Database):
    migrate(fresh)
    assert both(fresh) == []


def test_an_empty_database_differs_from_the_tables(any_database: Database):
    with any_database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE home_clock")
    found = both(any_database)
    assert [change[0] for change in found if isinstance(change, tuple)] == ["add_table"]


def test_migrating_again_changes_nothing(fresh: Database):
    migrate(fresh)
    with fresh.write() as session:
        session.connection().exec_driver_sql("INSERT INTO home_clock VALUES ('h', '2026-11-21 09:00:00')")
    migrate(fresh)
    with fresh.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM home_clock").scalar() == 1


def test_two_processes_may_migrate_at_once(fresh: Database, empty_urls: tuple[str, str]):
    program = (
        "import sys; from store.database import Database, migrate; import store.migrations.runner;"
        "print('ready', flush=True); sys.stdin.readline(); migrate(Database(*sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, *empty_urls],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdout.readline()
        other.stdin.write("go\n")
        other.stdin.flush()
        migrate(fresh)
        assert other.wait(30) == 0
    assert both(fresh) == []


def test_two_threads_may_migrate_at_once(fresh: Database, empty_urls: tuple[str, str]):
    other = Database(*empty_urls)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrate, (fresh, other)))
    other.close()
    assert both(fresh) == []


def test_every_table_names_its_workspace():
    without = {
        name
        for name, table in target_metadata("operational").tables.items()
        if "workspace_id" not in table.columns
    }
    assert without == {"home_clock"}
    assert all("workspace_id" in table.columns for table in target_metadata("identity").tables.values())


def test_no_table_holds_a_binary_fraction():
    tables = [*target_metadata("operational").tables.values(), *target_metadata("identity").tables.values()]
    floats = [
        str(column) for table in tables for column in table.columns if isinstance(column.type, sa.Float)
    ]
    assert floats == []


@pytest.mark.promise
def test_the_author_cannot_sign_whatever_the_program_does(any_database: Database):
    statement = (
        "INSERT INTO signatures (signature_id, workspace_id, approval_id, user_id, author_id, role, digest, answer,"
        " comment, answer_digest, rules_digest, signed_at)"
        " VALUES ('s', 'w', 'a', 'ann', 'ann', 'legal', 'd', 'approve', '', 'x', 'y', '2026-11-21 09:00:00')"
    )
    with pytest.raises(IntegrityError, match="four_eyes"), any_database.write() as session:
        session.connection().exec_driver_sql(statement)


def test_a_refused_migration_leaves_nothing_behind(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/o.db", f"sqlite:///{tmp_path}/i.db")
    with database.write() as session:
        # stands in the way of the second migration's own table
        session.connection().exec_driver_sql(f"CREATE TABLE {Campaign.__tablename__} (x INTEGER)")
    with pytest.raises(DBAPIError, match="already exists"):
        migrate(database)
    with database.read() as session:
        assert sa.inspect(session.connection()).get_table_names() == ["campaigns"]
    database.close()
