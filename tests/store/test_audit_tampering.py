from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from store.audit import AuditLog, entry_hash
from store.audit_heads import GENESIS, Head
from store.database import Database
from store.home import Home
from store.tables.audit import AuditEntry, AuditHead
from tests.store.audit_example import append, fill, found, tamper

pytestmark = pytest.mark.promise


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE sequence = 6",
    ],
)
def test_the_database_refuses_to_change_an_entry(
    any_database: Database, log: AuditLog, workspace_id: str, statement: str
):
    fill(log, any_database, workspace_id)
    with pytest.raises(DBAPIError, match="append-only"), any_database.write() as session:
        session.connection().exec_driver_sql(statement)
    assert log.verify(any_database, workspace_id).ok


def test_the_database_refuses_to_replace_or_empty(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    if any_database.dialect == "sqlite":
        statement = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 2"
    else:
        statement = "TRUNCATE audit"
    with pytest.raises(DBAPIError, match="append-only"), any_database.write() as session:
        session.connection().exec_driver_sql(statement)


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'user:other'",
        "action = 'approval.revoke'",
        "subject = 'approval:9'",
        "at = '2026-11-21 10:00:00.000000+00:00'",
        """detail = '{"answer": "reject"}'""",
    ],
)
def test_an_altered_entry_is_found(any_database: Database, log: AuditLog, workspace_id: str, change: str):
    fill(log, any_database, workspace_id)
    tamper(any_database, f"UPDATE audit SET {change} WHERE sequence = 3")
    assert found(log.verify(any_database, workspace_id)) == [(3, "altered")]


def test_a_detail_that_is_no_longer_json_is_found(
    log: AuditLog, home: Home, database: Database, add_workspace
):
    workspace_id = add_workspace(database, "shop")
    fill(log, database, workspace_id)
    tamper(database, "UPDATE audit SET detail = '{' WHERE sequence = 3")
    assert (3, "altered") in found(log.verify(database, workspace_id))


def test_a_missing_entry_is_found(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    tamper(any_database, "DELETE FROM audit WHERE sequence IN (3, 4)")
    assert (3, "missing") in found(log.verify(any_database, workspace_id))
    assert (4, "missing") in found(log.verify(any_database, workspace_id))


def test_a_cut_tail_is_found_though_the_head_was_moved_back(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id)
    tamper(
        any_database,
        "DELETE FROM audit WHERE sequence > 4",
        "UPDATE audit_heads SET sequence = 4, hash = (SELECT hash FROM audit WHERE sequence = 4)",
    )
    assert found(log.verify(any_database, workspace_id)) == [(6, "cut off")]


def test_an_emptied_log_is_found(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    tamper(any_database, "DELETE FROM audit", "DELETE FROM audit_heads")
    assert found(log.verify(any_database, workspace_id)) == [(6, "cut off")]


def test_a_cut_that_was_written_over_is_found_for_ever(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id)
    tamper(
        any_database,
        "DELETE FROM audit WHERE sequence > 4",
        "UPDATE audit_heads SET sequence = 4, hash = (SELECT hash FROM audit WHERE sequence = 4)",
    )
    fill(log, any_database, workspace_id, 5)
    assert found(log.verify(any_database, workspace_id)) == [(6, "once broken")]


def test_a_recomputed_chain_is_found_by_its_signatures(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id)
    with any_database.read() as session:
        rows = session.exec(select(AuditEntry).order_by(col(AuditEntry.sequence))).all()
    tamper(any_database)
    previous = GENESIS
    with any_database.write() as session:
        for row in rows:
            columns = {**row.model_dump(), "previous_hash": previous, "actor": "user:nobody"}
            previous = entry_hash(columns)
            session.connection().execute(
                sa.update(AuditEntry)
                .where(col(AuditEntry.sequence) == row.sequence)
                .values(actor="user:nobody", previous_hash=columns["previous_hash"], hash=previous)
            )
        session.connection().execute(sa.update(AuditHead).values(hash=previous))
    assert found(log.verify(any_database, workspace_id)) == [
        *((number, "not signed by this home") for number in range(1, 6)),
        (6, "not signed by this home"),
        (6, "rewritten"),
    ]


def test_a_forged_head_is_found(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    tamper(any_database, f"UPDATE audit_heads SET sequence = 9, hash = '{'a' * 64}'")
    ((sequence, what),) = found(log.verify(any_database, workspace_id))
    assert sequence == 6
    assert "stored head says 9" in what


def test_a_forged_published_head_is_found(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    log.heads.publish(workspace_id, Head(sequence=7, hash="a" * 64, signature="bm8="))
    assert (7, "the published head is not signed by this home") in found(
        log.verify(any_database, workspace_id)
    )


def test_a_removed_heads_file_is_found(any_database: Database, log: AuditLog, workspace_id: str):
    fill(log, any_database, workspace_id)
    log.heads.file.unlink()
    assert found(log.verify(any_database, workspace_id)) == [(6, "no head was published")]


def test_a_removed_heads_file_is_found_after_more_was_written(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id)
    log.heads.file.unlink()
    fill(log, any_database, workspace_id, 2)
    assert found(log.verify(any_database, workspace_id)) == [(6, "once broken")]


def test_an_entry_of_another_home_is_found(
    any_database: Database, log: AuditLog, workspace_id: str, tmp_path: Path
):
    fill(log, any_database, workspace_id, 3)
    (tmp_path / "stranger").mkdir()
    stranger = AuditLog(tmp_path / "stranger")
    stranger.heads.publish(
        workspace_id, Head(sequence=1, hash=GENESIS, signature=stranger.keys.sign(GENESIS))
    )
    with any_database.write() as session:
        append(stranger, session, workspace_id, 4)
    assert found(log.verify(any_database, workspace_id)) == [(4, "not signed by this home")]


def test_an_old_signed_entry_put_back_into_a_new_chain_is_found(
    any_database: Database, log: AuditLog, workspace_id: str
):
    fill(log, any_database, workspace_id)
    with any_database.read() as session:
        old = session.exec(select(AuditEntry).where(AuditEntry.sequence == 5)).one().model_dump()
    tamper(
        any_database,
        "DELETE FROM audit WHERE sequence > 4",
        "UPDATE audit_heads SET sequence = 4, hash = (SELECT hash FROM audit WHERE sequence = 4)",
    )
    with any_database.write() as session:
        append(log, session, workspace_id, 9)
    fill(log, any_database, workspace_id, 3)
    tamper(any_database, "DELETE FROM audit WHERE sequence = 5")
    with any_database.write() as session:
        session.add(AuditEntry(**old))
    assert found(log.verify(any_database, workspace_id)) == [(6, "the chain is broken"), (6, "once broken")]
