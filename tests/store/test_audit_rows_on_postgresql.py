"""What is found of changed, removed and added rows on SQLite (`test_audit_rows`) is found on PostgreSQL too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from store.audit import AuditLog
from store.database import Database
from store.ids import SeededIds
from store.repositories.proposing import log_frozen
from store.repositories.told_people import tell_of_people
from store.repositories.workspaces import create_workspace, issue_key
from store.row_evidence import COVERED
from store.tables import Approval, Launch, Proposal
from tests.postgres_databases import PostgresDatabases
from tests.store.approval_desk import AT, HOUR, OPENED, Desk

pytestmark = pytest.mark.promise

CHANGED = {
    "VARCHAR": "'changed'",
    "JSON": "'{\"changed\": 1}'",
    "DATETIME": "'2031-01-01 00:00:00+00'",
    "INTEGER": "77",
    "BIGINT": "77",
}
TABLES = sorted(COVERED)


@pytest.fixture
def signed(postgres: PostgresDatabases, log: AuditLog, ids: SeededIds) -> Iterator[Desk]:
    """A proposal that was frozen, signed and launched, each with its entry."""
    address = postgres.migrated()
    database = Database(address, address)
    with database.write() as session:
        workspace_id = create_workspace(
            session, ids=ids, at=AT, name="shop", currency="USD", timezone="UTC"
        ).workspace_id
        log.append(
            session,
            workspace_id=workspace_id,
            at=AT,
            actor="system",
            action="workspace.created",
            subject=workspace_id,
            detail={},
        )
    desk = Desk(database, log, ids, workspace_id)
    desk.everybody()
    with database.write() as session:
        issue_key(
            session,
            ids=ids,
            at=AT,
            workspace_id=workspace_id,
            user_id=desk.users["Grace"],
            label="first key",
        )
    tell_of_people(database, log, AT)
    desk.lend("Lena", "Nils", "marketing_leader")
    approval = desk.propose()
    with database.write(durable=True) as session:
        stored, proposal = session.exec(select(Approval)).one(), session.exec(select(Proposal)).one()
        log_frozen(session, log, proposal, stored, OPENED)
    desk.answer("Grace", approval)
    with database.write(durable=True) as session:
        intend(session, desk, approval)
    yield desk
    database.close()


def intend(session: Session, desk: Desk, approval: Approval) -> None:
    proposal = session.exec(select(Proposal)).one()
    launch = Launch(
        launch_id="launch",
        workspace_id=desk.workspace_id,
        proposal_id=proposal.proposal_id,
        approval_id=approval.approval_id,
        campaign_id=proposal.campaign_id,
        digest=proposal.digest,
        bandit_state={},
        intended_at=OPENED + HOUR,
    )
    session.add(launch)
    desk.audit.append(
        session,
        workspace_id=desk.workspace_id,
        at=OPENED + HOUR,
        actor="system",
        action="launch.intended",
        subject="launch",
        detail={},
        rows=(launch,),
    )


def tamper(desk: Desk, statement: str) -> None:
    """Change rows with no trigger and no foreign key in the way."""
    with desk.database.write() as session:
        session.connection().exec_driver_sql("SET LOCAL session_replication_role = replica")
        session.connection().exec_driver_sql(statement)


def found(desk: Desk) -> set[tuple[str, str, str]]:
    problems = desk.audit.verify(desk.database, desk.workspace_id).problems
    return {(each.table, each.row, each.what.split(":")[0]) for each in problems}


@pytest.mark.parametrize("table", TABLES)
def test_each_changed_column_is_found_and_the_row_is_named(signed: Desk, table: str) -> None:
    covered = COVERED[table]
    key = covered.key.name
    assert found(signed) == set()
    tamper(signed, f"CREATE TABLE kept AS SELECT * FROM {table}")
    checks = f"SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = '{table}'::regclass"
    with signed.database.read() as session:
        names = list(session.connection().exec_driver_sql(checks).scalars())
    for name in names:
        tamper(signed, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    with signed.database.read() as session:
        row_id, *_ = session.connection().execute(sa.select(covered.key).order_by(covered.key)).scalars()
    for column in covered.table.columns:
        kind = str(column.type).split("(")[0]
        if column.name in (key, "workspace_id"):
            continue
        tamper(signed, f"UPDATE {table} SET {column.name} = {CHANGED[kind]} WHERE {key} = '{row_id}'")
        assert found(signed) == (set() if column.name in covered.work else {(table, row_id, "altered")}), (
            column.name
        )
        tamper(
            signed,
            f"UPDATE {table} SET {column.name} = (SELECT {column.name} FROM kept WHERE {key} = '{row_id}') WHERE {key} = '{row_id}'",
        )
    assert found(signed) == set()


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_and_one_that_nobody_logged_are_found_by_name(signed: Desk, table: str) -> None:
    key = COVERED[table].key.name
    query = sa.select(COVERED[table].key).order_by(COVERED[table].key)
    with signed.database.read() as session:
        row_id, *_ = session.connection().execute(query).scalars()
    tamper(signed, f"CREATE TABLE kept AS SELECT * FROM {table} WHERE {key} = '{row_id}'")
    tamper(signed, f"DELETE FROM {table} WHERE {key} = '{row_id}'")
    assert (table, row_id, "removed") in found(signed)
    tamper(signed, f"UPDATE kept SET {key} = 'planted'; INSERT INTO {table} SELECT * FROM kept")
    assert found(signed) >= {(table, row_id, "removed"), (table, "planted", "added")}


def test_the_last_entries_cannot_be_cut_off_unseen(signed: Desk) -> None:
    for kept in (3, 2, 1, 0):
        tamper(signed, f"DELETE FROM audit WHERE sequence > {kept}")
        tamper(
            signed,
            f"UPDATE audit_heads SET sequence = {kept},"
            f" hash = coalesce((SELECT hash FROM audit WHERE sequence = {kept}), '{'0' * 64}')",
        )
        assert ("audit", "", "cut off") in found(signed)
