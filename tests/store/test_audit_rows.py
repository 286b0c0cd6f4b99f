"""Whoever changes, removes or adds a row that a launch rests on is found by `countersign audit verify`, row by row."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from delivery.errors import LaunchRefusedError
from delivery.launch import launch
from store.audit import AuditLog, entry_hash
from store.audit_heads import GENESIS, Head
from store.audit_rows import LoggedRows
from store.audit_verify import AuditVerification
from store.bulk import table_of
from store.home import Home, open_home
from store.repositories.approval_endings import revoke
from store.repositories.approvals import Resolution, get_approval, resolve
from store.repositories.delegations import lend_role
from store.row_evidence import COVERED
from store.tables import AuditEntry
from tests.delivery.small_world import START, countersign, make_world

pytestmark = pytest.mark.promise

CHANGED = {
    "VARCHAR": ("changed", b"\x00\xff"),
    "JSON": ('{"changed": 1}', "{"),
    "DATETIME": ("2031-01-01 00:00:00.000000", "not a time", 5),
    "INTEGER": (77, "x"),
    "BIGINT": (77, "x"),
}
"""Another value of the column's type, and what no such column can hold."""
AUDIT_COLUMNS = [column.name for column in table_of(AuditEntry).columns]
TABLES = sorted(COVERED)
COLUMNS = [(name, column.name) for name in TABLES for column in COVERED[name].table.columns]


class Launched:
    """A home whose campaign was proposed, countersigned and launched, in the hands of somebody who owns its files."""

    def __init__(self, home: Home, workspace_id: str) -> None:
        self.home, self.workspace_id = home, workspace_id
        self.database = home.database()
        self.log = AuditLog(home.keys_dir)
        self._file = sqlite3.connect(home.operational_db)
        self._file.row_factory = sqlite3.Row
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("PRAGMA ignore_check_constraints = ON")
        names = self._file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            self._file.execute(f"DROP TRIGGER {name}")

    def verify(self) -> AuditVerification:
        return self.log.verify(self.database, self.workspace_id)

    def tamper(self, statement: str, *values: Any) -> None:
        """Change rows with no trigger, foreign key or check in the way."""
        self._file.execute(statement, values)
        self._file.commit()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self._file.execute(f"SELECT * FROM {table}")]

    def found(self) -> list[tuple[str, str, str]]:
        """Table, row and kind of every problem."""
        return [(each.table, each.row, each.what.split(":")[0]) for each in self.verify().problems]

    def close(self) -> None:
        self._file.close()
        self.database.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    world = make_world(tmp_path_factory.mktemp("launched"))
    with world.ports.database.write(durable=True) as session:
        lend_role(
            session,
            world.ports.audit,
            delegation_id="lent",
            person=world.approver,
            delegate_id=world.author.user_id,
            role="campaign_manager",
            at=START,
            ends_at=START + timedelta(days=1),
        )
    launch(world.ports, world.approval_id)
    world.ports.database.close()
    return world.home.path, world.workspace_id


@pytest.fixture(scope="module")
def mended(template: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """A launched home whose every change is taken back by the test that makes it."""
    path = tmp_path_factory.mktemp("mended") / "home"
    shutil.copytree(template[0], path)
    with closing(Launched(open_home(path), template[1])) as launched:
        yield launched


@pytest.fixture
def launched(template: tuple[Path, str], tmp_path: Path) -> Iterator[Launched]:
    """A launched home of this test's own."""
    shutil.copytree(template[0], tmp_path / "home")
    with closing(Launched(open_home(tmp_path / "home"), template[1])) as launched:
        yield launched


def test_what_nobody_touched_verifies(launched: Launched):
    result = launched.verify()
    assert (result.ok, result.problems) == (True, ())
    assert {name for name in TABLES if launched.rows(name)} == set(TABLES)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_column_is_found_and_its_row_named_unless_it_is_listed_as_work(
    mended: Launched, table: str, column: str
):
    covered = COVERED[table]
    row, *_ = mended.rows(table)
    first = f"WHERE rowid = (SELECT MIN(rowid) FROM {table})"
    key = covered.key.name
    empty = row[column] in (None, "null")
    for value in (*CHANGED[_kind(covered.table, column)], *([] if empty else [None])):
        if value is None and not covered.table.c[column].nullable:
            continue
        mended.tamper(f"UPDATE {table} SET {column} = ? {first}", value)
        problems = mended.verify().problems
        found = {(each.table, each.row, each.what.split(":")[0]) for each in problems}
        if column in covered.work:
            assert not found, "what is listed as not covered is not covered"
        elif column in (key, "workspace_id"):
            assert (table, row[key], "removed") in found
            assert column != key or (table, str(value), "added") in found
        else:
            assert found == {(table, row[key], "altered")}
        mended.tamper(f"UPDATE {table} SET {column} = ? {first}", row[column])
    assert mended.verify().ok


def test_a_changed_state_is_told_from_a_changed_content(mended: Launched):
    (row,) = mended.rows("approvals")
    for column, words in (("status", "its state is not"), ("digest", "its content is not")):
        mended.tamper(f"UPDATE approvals SET {column} = 'rejected'")
        (problem,) = mended.verify().problems
        assert words in problem.what
        mended.tamper(f"UPDATE approvals SET {column} = ?", row[column])


def _kind(table: sa.Table, column: str) -> str:
    return str(table.c[column].type).split("(")[0]


@pytest.mark.parametrize("table", TABLES)
def test_a_removed_row_is_found_by_name(launched: Launched, table: str):
    row, *_ = launched.rows(table)
    key = COVERED[table].key.name
    launched.tamper(f"DELETE FROM {table} WHERE {key} = ?", row[key])
    assert (table, row[COVERED[table].key.name], "removed") in launched.found()


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_nobody_logged_is_found_by_name(launched: Launched, table: str):
    row, *_ = launched.rows(table)
    key = COVERED[table].key.name
    unique = {"proposals": ["thread_id"], "approvals": ["proposal_id"], "signatures": ["user_id"]}
    unique |= {"launches": ["proposal_id", "approval_id"], "users": ["name"], "api_keys": ["sha256"]}
    planted = {**row, **dict.fromkeys([key, *unique.get(table, [])], "planted")}
    marks = ", ".join("?" for _ in planted)
    launched.tamper(f"INSERT INTO {table} ({', '.join(planted)}) VALUES ({marks})", *planted.values())
    assert launched.found() == [(table, "planted", "added")]


@pytest.mark.parametrize("column", AUDIT_COLUMNS)
def test_a_changed_column_of_any_entry_is_found(mended: Launched, column: str):
    value = CHANGED[_kind(table_of(AuditEntry), column)][0]
    for entry in mended.rows("audit"):
        number = entry["sequence"]
        mended.tamper(f"UPDATE audit SET {column} = ? WHERE sequence = ?", value, number)
        assert number in {each.sequence for each in mended.verify().problems if each.table == "audit"}
        back = 77 if column == "sequence" else number
        mended.tamper(f"UPDATE audit SET {column} = ? WHERE sequence = ?", entry[column], back)
    assert mended.verify().ok


def test_every_removed_entry_and_every_cut_is_found(launched: Launched):
    entries = launched.rows("audit")
    for entry in entries:
        launched.tamper("DELETE FROM audit WHERE sequence = ?", entry["sequence"])
        assert entry["sequence"] in {each.sequence for each in launched.verify().problems}
        _put_back(launched, [entry])
    for last in range(len(entries)):
        launched.tamper("DELETE FROM audit WHERE sequence > ?", last)
        launched.tamper(
            "UPDATE audit_heads SET sequence = ?, hash = ?",
            last,
            entries[last - 1]["hash"] if last else GENESIS,
        )
        assert ("audit", "", "cut off") in launched.found()
        _put_back(launched, entries[last:])
        launched.tamper("UPDATE audit_heads SET sequence = ?, hash = ?", len(entries), entries[-1]["hash"])
    assert launched.verify().ok


def _put_back(launched: Launched, entries: list[dict[str, Any]]) -> None:
    for entry in entries:
        marks = ", ".join("?" for _ in entry)
        launched.tamper(f"INSERT INTO audit ({', '.join(entry)}) VALUES ({marks})", *entry.values())


@pytest.mark.parametrize("key", ["no key", "a fresh key"])
def test_a_chain_recomputed_to_vouch_for_a_change_is_found(launched: Launched, tmp_path: Path, key: str):
    (tmp_path / "stranger").mkdir()
    stranger = AuditLog(tmp_path / "stranger")
    with launched.database.read() as session:
        query = select(AuditEntry).order_by(col(AuditEntry.sequence))
        entries = [entry.model_dump() for entry in session.exec(query)]
    launched.tamper("UPDATE approvals SET required = '[]'")
    previous = GENESIS
    for entry in entries:
        told = entry["detail"].get("row_digests", [])
        for row in told:
            row.get("state", {})["sha256"] = "0" * 64
        entry["previous_hash"], entry["hash"] = previous, ""
        previous = entry["hash"] = entry_hash(entry)
        signature = stranger.keys.sign(previous) if key == "a fresh key" else entry["signature"]
        launched.tamper(
            "UPDATE audit SET detail = ?, previous_hash = ?, hash = ?, signature = ? WHERE sequence = ?",
            json.dumps(entry["detail"]), entry["previous_hash"], previous, signature, entry["sequence"],
        )  # fmt: skip
    launched.tamper("UPDATE audit_heads SET hash = ?", previous)
    problems = launched.verify().problems
    changed = [entry["sequence"] for entry in entries if "row_digests" in entry["detail"]]
    assert {each.sequence for each in problems if each.what == "not signed by this home"} >= set(changed)
    assert any(each.what.startswith("rewritten") for each in problems)


def test_a_key_put_in_the_place_of_the_homes_is_found(launched: Launched, tmp_path: Path):
    (tmp_path / "stranger").mkdir()
    stranger = AuditLog(tmp_path / "stranger")
    stranger.heads.publish("w", Head(sequence=1, hash=GENESIS, signature=stranger.keys.sign(GENESIS)))
    for name in ("audit_ed25519", "audit_ed25519.pub"):
        shutil.copy(stranger.keys.private_file.with_name(name), launched.home.keys_dir / name)
    launched.log = AuditLog(launched.home.keys_dir)
    assert {what for _, _, what in launched.found()} >= {"not signed by this home"}


def test_a_log_that_was_wiped_and_begun_anew_is_found(launched: Launched):
    launched.tamper("DELETE FROM audit")
    launched.tamper("DELETE FROM audit_heads")
    launched.log.heads.file.unlink()
    with launched.database.write() as session:
        launched.log.append(
            session, workspace_id=launched.workspace_id, at=START, actor="system",
            action="workspace.stopped", subject=launched.workspace_id, detail={},
        )  # fmt: skip
    found = launched.found()
    assert ("audit", "", "begun anew") in found
    from_the_start = {name for name in TABLES if COVERED[name].from_the_start}
    assert {table for table, _, what in found if what == "added"} == from_the_start


def test_a_change_is_not_vouched_for_by_the_entries_that_follow(tmp_path: Path):
    world = make_world(tmp_path, approve=False)
    before = Launched(world.home, world.workspace_id)
    assert before.verify().ok
    before.tamper("UPDATE approvals SET expires_at = '2031-01-01 00:00:00.000000'")
    countersign(world)
    with pytest.raises(LaunchRefusedError, match="not what the signed audit log tells of it"):
        launch(world.ports, world.approval_id)
    (problem,) = before.verify().problems
    assert (problem.table, problem.row) == ("approvals", world.approval_id)
    assert "its content is" in problem.what
    before.close()


def test_a_delegation_of_an_earlier_release_is_held_to_what_its_entry_named(launched: Launched):
    """Before entries told of whole rows, the one of a delegation named lender, delegate, role and end."""
    (entry,) = [row for row in launched.rows("audit") if row["action"] == "delegation.granted"]
    detail = {name: value for name, value in json.loads(entry["detail"]).items() if name != "row_digests"}
    early = LoggedRows()
    early.add(AuditEntry(**{**entry, "detail": detail}))

    def problems() -> list[tuple[str, str]]:
        with launched.database.read() as session:
            found = early.problems(session, launched.workspace_id)
            return [(each.row, each.what.split(":")[0]) for each in found if each.table == "delegations"]

    assert problems() == []
    launched.tamper("UPDATE delegations SET ends_at = '2031-01-01 00:00:00.000000'")
    assert problems() == [("lent", "added"), ("lent", "altered or removed")]


@pytest.mark.parametrize("answer", ["reject", "request_changes", "revoked"])
def test_every_way_an_approval_ends_is_told(tmp_path: Path, answer: Any):
    world = make_world(tmp_path, approve=answer == "revoked")
    ports = world.ports
    with ports.database.write(durable=True) as session:
        approval = get_approval(session, world.workspace_id, world.approval_id)
        if answer == "revoked":
            revoke(session, ports.audit, approval, at=START, actor="system", reason="told so")
        else:
            resolve(
                session,
                ports.audit,
                approval_id=approval.approval_id,
                signature_id=ports.ids.new(),
                person=world.approver,
                resolution=Resolution(answer, approval.digest, comment="say more"),
                at=START,
            )
    ended = Launched(world.home, world.workspace_id)
    assert ended.verify().ok
    for table, row_id in (("approvals", world.approval_id), ("proposals", world.proposal_id)):
        (row,) = ended.rows(table)
        ended.tamper(f"UPDATE {table} SET status = 'approved'")
        assert ended.found() == [(table, row_id, "altered")]
        ended.tamper(f"UPDATE {table} SET status = ?", row["status"])
    ended.close()
