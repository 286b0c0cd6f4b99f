from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.errors import InvalidInputError
from store.audit import AuditDetailError, AuditLog
from store.audit_heads import AuditHeadsDamagedError
from store.database import Database
from store.home import Home
from store.keys import SigningKeyError
from tests.store.audit_example import found, tamper

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def log(home: Home) -> AuditLog:
    return AuditLog(home.keys_dir)


@pytest.fixture
def workspace_id(database: Database, add_workspace: Callable[[Database, str], str]) -> str:
    return add_workspace(database, "shop")


def append(log: AuditLog, database: Database, workspace_id: str, **changes: Any) -> None:
    created = {"action": "workspace.created", "subject": workspace_id}
    entry = {"at": AT, "actor": "system", **created, "detail": {}, **changes}
    with database.write() as session:
        log.append(session, workspace_id=workspace_id, **entry)


@pytest.mark.parametrize(
    ("detail", "why"),
    [
        ({"rate": 0.5}, r"detail\.rate holds the float 0\.5"),
        ({"deep": [{"rate": float("nan")}]}, r"detail\.deep\[0\]\.rate holds the float nan"),
        ({"to": "write to ann@example.invalid today"}, r"detail\.to holds an e-mail address"),
        ({"ann@example.invalid": 1}, "holds an e-mail address"),
        ({"big": 2**53}, r"2\^53 - 1"),
        ({"at": AT}, "holds a datetime"),
        ({"raw": b"x"}, "holds a bytes"),
        ({1: "x"}, "the key 1"),
    ],
)
def test_a_detail_that_may_not_be_logged_is_refused(
    log: AuditLog, database: Database, workspace_id: str, detail: dict[Any, Any], why: str
):
    with pytest.raises(AuditDetailError, match=why):
        append(log, database, workspace_id, detail=detail)
    assert log.verify(database, workspace_id).entries == 0


@pytest.mark.parametrize("column", ["actor", "action", "subject"])
def test_an_address_in_a_column_is_refused(log: AuditLog, database: Database, workspace_id: str, column: str):
    with pytest.raises(AuditDetailError, match="e-mail"):
        append(log, database, workspace_id, **{column: "ann@example.invalid"})


def test_a_time_without_a_zone_is_refused(log: AuditLog, database: Database, workspace_id: str):
    with pytest.raises(InvalidInputError, match="no zone"):
        append(log, database, workspace_id, at=datetime(2026, 11, 21))  # noqa: DTZ001  # the bad input itself


@pytest.mark.parametrize(
    "damaged", [b'{"workspaces": {', b"", b"\xff\xfe", b"[]", b'{"workspaces": {"x": 1}}']
)
def test_a_damaged_heads_file_is_a_finding_for_ever_and_stops_no_entry(
    log: AuditLog, database: Database, workspace_id: str, damaged: bytes
):
    append(log, database, workspace_id)
    log.heads.file.write_bytes(damaged)
    with pytest.raises(AuditHeadsDamagedError, match="damaged"):
        log.heads.get(workspace_id)
    before = log.verify(database, workspace_id)
    assert not before.ok
    assert [problem.what.split(",")[0] for problem in before.problems] == ["audit_heads.json is damaged"]
    append(log, database, workspace_id)
    append(log, database, workspace_id)
    after = log.verify(database, workspace_id)
    assert (after.ok, after.entries) == (False, 3)
    assert [problem.what.split(",")[0] for problem in after.problems] == [
        "once broken: audit_heads.json is damaged"
    ]
    (aside,) = log.heads.file.parent.glob("audit_heads.json.damaged-*")
    assert aside.read_bytes() == damaged


def test_a_heads_file_that_cannot_be_read_is_a_finding_and_stops_no_entry(
    log: AuditLog, database: Database, workspace_id: str
):
    append(log, database, workspace_id)
    kept = log.heads.file.read_bytes()
    log.heads.file.unlink()
    log.heads.file.mkdir()
    append(log, database, workspace_id)
    result = log.verify(database, workspace_id)
    assert (result.ok, result.entries) == (False, 2)
    assert "cannot be read" in result.problems[0].what
    log.heads.file.rmdir()
    log.heads.file.write_bytes(kept)
    assert log.verify(database, workspace_id).ok


def test_a_damaged_heads_file_stops_no_first_entry(log: AuditLog, database: Database, workspace_id: str):
    log.heads.file.write_text("{")
    append(log, database, workspace_id)
    assert log.verify(database, workspace_id).entries == 1
    assert not log.verify(database, workspace_id).ok


def test_a_log_wiped_with_its_published_heads_does_not_verify(
    log: AuditLog, database: Database, workspace_id: str
):
    append(log, database, workspace_id)
    tamper(database, "DELETE FROM audit", "DELETE FROM audit_heads")
    log.heads.file.unlink()
    assert found(log.verify(database, workspace_id)) == [(0, "nothing was ever logged")]


@pytest.mark.parametrize("kept", [None, b"no key", b"\xff"])
def test_a_lost_or_damaged_public_key_is_one_finding_beside_the_others(
    log: AuditLog, database: Database, workspace_id: str, kept: bytes | None
):
    append(log, database, workspace_id)
    append(log, database, workspace_id)
    if kept is None:
        log.keys.public_file.unlink()
    else:
        log.keys.public_file.write_bytes(kept)
    again = AuditLog(log.keys.public_file.parent)
    (finding,) = again.verify(database, workspace_id).problems
    assert "audit_ed25519.pub" in finding.what
    assert "restore the file" in finding.what
    tamper(database, "UPDATE audit SET actor = 'user:other' WHERE sequence = 1")
    assert (1, "altered") in found(again.verify(database, workspace_id))


def test_a_damaged_private_key_is_named(log: AuditLog, database: Database, workspace_id: str, home: Home):
    append(log, database, workspace_id)
    Path(home.keys_dir / "audit_ed25519").write_text("no key")
    with pytest.raises(SigningKeyError, match="audit_ed25519"):
        append(AuditLog(home.keys_dir), database, workspace_id)


def test_a_detail_that_tells_of_rows_itself_is_refused(log: AuditLog, database: Database, workspace_id: str):
    with pytest.raises(AuditDetailError, match="row_digests"):
        append(log, database, workspace_id, detail={"row_digests": []})
