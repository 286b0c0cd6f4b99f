from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from hashlib import sha256
from pathlib import Path

import pytest
from sqlmodel import select

from store.audit import AuditLog, AuditTransactionError, entry_hash
from store.audit_heads import Head, PublishedHeads
from store.database import Database
from store.home import Home
from store.tables.audit import AuditEntry, AuditHead
from tests.store.audit_example import AT, ON_SQLITE, append, fill

pytestmark = pytest.mark.promise


def test_a_chain_that_nobody_touched_verifies(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    result = log.verify(any_database, workspace_id)
    assert (result.ok, result.entries, result.problems) == (True, 6, ())
    with any_database.read() as session:
        head = session.get_one(AuditHead, workspace_id)
    assert (head.sequence, head.hash) == (6, result.head)


def test_a_workspace_without_entries_does_not_verify(
    any_database: Database, log: AuditLog, workspace_id: str
):
    with pytest.raises(ZeroDivisionError), any_database.write() as session:
        append(log, session, workspace_id)
        raise ZeroDivisionError
    result = log.verify(any_database, workspace_id)
    assert (result.ok, result.entries, result.head) == (False, 0, "")
    assert [problem.what.split(":")[0] for problem in result.problems] == ["nothing was ever logged"]


def test_the_hash_is_sha256_over_sorted_compact_json(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id, 1)
    with any_database.read() as session:
        entry = session.exec(select(AuditEntry)).one()
    content = {
        "workspace_id": workspace_id,
        "sequence": 1,
        "at": "2026-11-21T09:00:00.000000Z",
        "actor": "user:01M7",
        "action": "workspace.created",
        "subject": workspace_id,
        "detail": {"answer": "approve", "limits": None, "people": 0, "tags": ["a", "b"], "first": True},
        "previous_hash": "0" * 64,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert entry.hash == sha256(text.encode()).hexdigest()


def test_the_same_instant_in_another_zone_has_the_same_hash():
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    columns = {"workspace_id": "w", "detail": {}}
    assert entry_hash({**columns, "at": AT}) == entry_hash({**columns, "at": there})


def test_an_entry_is_undone_with_the_thing_it_tells_of(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id, 2)
    with pytest.raises(ZeroDivisionError), any_database.write() as session:
        append(log, session, workspace_id, 3)
        raise ZeroDivisionError
    published = log.heads.get(workspace_id)
    assert published is not None
    assert published.head.sequence == 2
    assert log.verify(any_database, workspace_id).ok


def test_one_transaction_may_add_several_entries(any_database: Database, log: AuditLog, workspace_id: str):
    with any_database.write() as session:
        sequences = [append(log, session, workspace_id, number).sequence for number in range(3)]
    assert sequences == [1, 2, 3]
    published = log.heads.get(workspace_id)
    assert published is not None
    assert published.head.sequence == 3
    assert log.verify(any_database, workspace_id).ok


def test_workspaces_have_chains_of_their_own(
    any_database: Database, log: AuditLog, add_workspace: Callable[[Database, str], str]
):
    names = [add_workspace(any_database, name) for name in ("one", "two")]
    for workspace_id in names:
        fill(log, any_database, workspace_id, 2)
    assert [log.verify(any_database, each).entries for each in names] == [2, 2]
    assert all(log.verify(any_database, each).ok for each in names)


def test_writers_that_race_make_one_chain(any_database: Database, log: AuditLog, workspace_id: str):
    other = Database(
        any_database.operational_url.render_as_string(hide_password=False),
        any_database.identity_url.render_as_string(hide_password=False),
    )

    def write(number: int) -> None:
        with (any_database, other)[number % 2].write(durable=True) as session:
            append(log, session, workspace_id, number)

    write(0)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(1, 24)))
    other.close()
    result = log.verify(any_database, workspace_id)
    assert (result.ok, result.entries) == (True, 24)
    published = log.heads.get(workspace_id)
    assert published is not None
    assert published.head.hash == result.head


def test_entries_beyond_the_published_head_are_in_order(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id, 4)
    before = log.heads.file.read_bytes()
    fill(log, any_database, workspace_id, 2)
    log.heads.file.write_bytes(before)
    assert log.verify(any_database, workspace_id).ok
    fill(log, any_database, workspace_id, 1)
    assert log.verify(any_database, workspace_id).ok


def test_a_crash_before_the_first_head_was_published_is_in_order(
    any_database: Database, log: AuditLog, workspace_id: str
):
    with any_database.write() as session:
        append(log, session, workspace_id)
        before = log.heads.file.read_bytes()
    log.heads.file.write_bytes(before)
    result = log.verify(any_database, workspace_id)
    assert (result.ok, result.entries) == (True, 1)


def test_a_published_head_never_goes_back(tmp_path: Path):
    heads = PublishedHeads(tmp_path)
    for sequence in (3, 1, 5, 2):
        heads.publish("w", Head(sequence=sequence, hash=str(sequence) * 64, signature="s"))
    published = heads.get("w")
    assert published is not None
    assert published.head.sequence == 5


def test_a_savepoint_does_not_lose_the_head_of_an_earlier_entry(
    any_database: Database, log: AuditLog, workspace_id: str
):
    with any_database.write() as session:
        append(log, session, workspace_id)
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            raise ZeroDivisionError
        with session.begin_nested():
            pass
        published = log.heads.get(workspace_id)
        assert published is not None
        assert published.head.sequence == 0
    published = log.heads.get(workspace_id)
    assert published is not None
    assert published.head.sequence == 1


def test_an_entry_inside_a_savepoint_is_refused(any_database: Database, log: AuditLog, workspace_id: str):
    with any_database.write() as session, session.begin_nested(), pytest.raises(AuditTransactionError):
        append(log, session, workspace_id)


def test_a_copy_without_the_private_key_still_verifies(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id, 2)
    log.keys.private_file.unlink()
    assert AuditLog(log.keys.private_file.parent).verify(any_database, workspace_id).ok


def test_the_triggers_are_in_the_file_itself(home: Home):
    connection = sqlite3.connect(home.operational_db)
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.close()
    assert {name for (name,) in names} >= set(ON_SQLITE)
