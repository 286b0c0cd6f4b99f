from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import Session, col, select

from policies.errors import InvalidInputError
from store.database import Database, NestedWriteError, StoreBusyError
from store.home import Home
from store.tables.identity import Identity
from store.tables.workspaces import HomeClock, User, Workspace
from store.threads import in_thread

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def clock_row(name: str) -> HomeClock:
    return HomeClock(home_id=name, now=AT)


def pragma(session: Session, name: str) -> object:
    return session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_write_is_kept_at_the_end_of_its_block(any_database: Database):
    with any_database.write() as session:
        session.add(clock_row("a"))
    with any_database.read() as session:
        assert session.get_one(HomeClock, "a").now == AT


def test_an_exception_undoes_the_whole_write(any_database: Database):
    with pytest.raises(ZeroDivisionError), any_database.write() as session:
        session.add(clock_row("a"))
        session.flush()
        raise ZeroDivisionError
    with any_database.read() as session:
        assert session.get(HomeClock, "a") is None
    with any_database.write() as session:
        session.add(clock_row("b"))


def test_what_was_written_can_be_read_after_the_block(any_database: Database):
    with any_database.write() as session:
        row = clock_row("a")
        session.add(row)
    assert row.now == AT


def test_a_read_refuses_to_write(any_database: Database):
    with pytest.raises(DBAPIError), any_database.read() as session:
        session.add(clock_row("a"))
        session.flush()


def test_commits_counts_finished_operational_writes_only(any_database: Database):
    before = any_database.commits
    with any_database.write() as session:
        session.add(clock_row("a"))
    with pytest.raises(ZeroDivisionError), any_database.write():
        raise ZeroDivisionError
    with any_database.identity_write():
        pass
    with any_database.read():
        pass
    assert any_database.commits == before + 1


def test_a_write_inside_a_write_of_the_same_thread_fails_clearly(any_database: Database):
    with any_database.write() as session:
        with pytest.raises(NestedWriteError, match="pass its session on"), any_database.write(durable=True):
            pass
        session.add(clock_row("a"))
    with any_database.read() as session:
        assert session.get(HomeClock, "a") is not None


def test_identities_can_be_written_inside_an_operational_write(any_database: Database):
    with any_database.write() as session, any_database.identity_write() as identities:
        session.add(clock_row("a"))
        identities.add(
            Identity(workspace_id="w", kind="email", value="a@example.invalid", person_id="p", created_at=AT)
        )
    with any_database.identity_read() as identities:
        assert identities.exec(select(Identity.person_id)).one() == "p"


def test_twenty_writers_take_turns(any_database: Database):
    with any_database.write() as session:
        session.add(clock_row("a"))

    def step(_: int) -> None:
        with any_database.write(durable=True) as session:
            row = session.exec(select(HomeClock).where(HomeClock.home_id == "a").with_for_update()).one()
            row.now += timedelta(seconds=1)
            session.add(row)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(step, range(20)))
    with any_database.read() as session:
        assert session.get_one(HomeClock, "a").now == AT + timedelta(seconds=20)


def test_a_foreign_key_that_points_nowhere_is_refused(any_database: Database):
    with pytest.raises(IntegrityError), any_database.write() as session:
        session.add(User(user_id="u", workspace_id="nowhere", name="n", created_at=AT))


def test_a_time_comes_back_in_utc(any_database: Database):
    there = datetime(2026, 11, 21, 4, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))
    with any_database.write() as session:
        session.add(HomeClock(home_id="a", now=there))
    with any_database.read() as session:
        found = session.get_one(HomeClock, "a").now
    assert found == there
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(any_database: Database):
    with pytest.raises(StatementError, match="without a zone"), any_database.write() as session:
        session.add(HomeClock(home_id="a", now=datetime(2026, 11, 21)))  # noqa: DTZ001  # the bad input itself


def test_times_are_compared_as_instants(any_database: Database):
    with any_database.write() as session:
        session.add(HomeClock(home_id="early", now=AT))
        session.add(HomeClock(home_id="late", now=AT + timedelta(microseconds=1)))
    with any_database.read() as session:
        found = session.exec(select(HomeClock.home_id).where(col(HomeClock.now) > AT)).all()
    assert found == ["late"]


def test_identities_stay_out_of_the_operational_database(any_database: Database):
    with any_database.read() as session:
        inspector = sa.inspect(session.connection())
        assert "identities" not in inspector.get_table_names(schema=inspector.default_schema_name)
    with any_database.identity_read() as session:
        assert set(sa.inspect(session.connection()).get_table_names()) >= {"identities", "person_names"}


def test_an_ordinary_write_is_at_synchronous_normal(database: Database):
    with database.write() as session:
        assert pragma(session, "synchronous") == 1
        assert pragma(session, "journal_mode") == "wal"
        assert pragma(session, "busy_timeout") == 10_000
        assert pragma(session, "foreign_keys") == 1


def test_a_durable_write_is_at_synchronous_full_whatever_came_before(database: Database):
    for durable in (True, False, True):
        with database.write(durable=durable) as session:
            assert pragma(session, "synchronous") == (2 if durable else 1)
            assert pragma(session, "foreign_keys") == 1


def test_an_identity_write_is_full_and_wipes_what_it_deletes(database: Database):
    with database.identity_write() as session:
        assert pragma(session, "synchronous") == 2
        assert pragma(session, "secure_delete") == 1


def test_a_write_holds_the_file_from_its_first_moment(home: Home, database: Database):
    with database.write():
        other = sqlite3.connect(home.operational_db, timeout=0.01)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_is_not_stopped_by_a_writer_and_sees_one_moment(any_database: Database):
    with any_database.write() as session:
        session.add(clock_row("a"))
        session.flush()
        with any_database.read() as reading:
            assert reading.get(HomeClock, "a") is None


def test_a_file_held_by_another_process_is_a_clear_error(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("store.engines.BUSY_MILLISECONDS", 20)
    database = home.database()
    other = sqlite3.connect(home.operational_db)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError, match="another process"), database.write():
        pass
    other.rollback()
    other.close()
    with database.write() as session:
        session.add(clock_row("a"))
    database.close()


def test_a_thread_that_waits_too_long_is_told_so(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("store.database.LOCK_WAIT_SECONDS", 0.02)
    failures: list[StoreBusyError] = []

    def late() -> None:
        try:
            with database.write():
                pass
        except StoreBusyError as error:
            failures.append(error)

    with database.write():
        thread = threading.Thread(target=late)
        thread.start()
        thread.join()
    assert len(failures) == 1


def test_a_deleted_identity_leaves_no_bytes_once_its_file_is_closed(home: Home):
    database = home.database()
    mark = "planted.person@example.invalid"
    with database.identity_write() as session:
        session.add(Identity(workspace_id="w", kind="email", value=mark, person_id="p", created_at=AT))
    with database.identity_write() as session:
        session.connection().execute(sa.delete(Identity))
    database.close()
    files = [each for each in home.path.rglob("*") if each.is_file()]
    assert files
    assert [each for each in files if mark.encode() in each.read_bytes()] == []


def test_database_files_are_private(home: Home, database: Database):
    with database.write() as session:
        session.add(clock_row("a"))
    with database.identity_write():
        pass
    modes = {each.name: each.stat().st_mode & 0o777 for each in home.path.glob("*.db*")}
    assert set(modes) >= {"operational.db", "operational.db-wal", "identity.db"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("url", ["sqlite://", "mysql://localhost/x", "no address", ""])
def test_an_address_that_cannot_serve_is_refused(url: str):
    with pytest.raises(InvalidInputError):
        Database(url, url)


def test_making_a_database_opens_nothing(tmp_path: Path):
    Database(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db").close()
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_name_is_taken_once(
    any_database: Database, add_workspace: Callable[[Database, str], str]
):
    workspace_id = add_workspace(any_database, "shop")
    with any_database.read() as session:
        assert session.get_one(Workspace, workspace_id).name == "shop"


async def test_async_code_writes_through_a_thread(database: Database):
    seen = contextvars.ContextVar("seen", default="nothing")
    seen.set("a graph's value")

    def write(name: str, *, mark: str) -> tuple[int, str]:
        with database.write() as session:
            session.add(clock_row(f"{name}:{mark}"))
        return threading.get_ident(), seen.get()

    results = await asyncio.gather(*(in_thread(write, str(number), mark="x") for number in range(10)))
    assert threading.get_ident() not in {thread for thread, _ in results}
    assert {value for _, value in results} == {"nothing"}
    with database.read() as session:
        assert (
            len(session.exec(select(HomeClock.home_id).where(col(HomeClock.home_id).endswith(":x"))).all())
            == 10
        )


async def test_an_error_in_the_thread_is_raised_to_the_caller(database: Database):
    def fail() -> None:
        with database.write():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_thread(fail)
