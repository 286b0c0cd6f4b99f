"""What the audit tests share: entries to write, and what an intruder with full rights would do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from store.audit import AuditLog
from store.audit_verify import AuditVerification
from store.database import Database
from store.tables.audit import AuditEntry

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ON_SQLITE = ("audit_refuses_update", "audit_refuses_delete", "audit_refuses_replace")


def append(log: AuditLog, session: Session, workspace_id: str, number: int = 0) -> AuditEntry:
    return log.append(
        session,
        workspace_id=workspace_id,
        at=AT + timedelta(seconds=number),
        actor="user:01M7",
        action="approval.resolve" if number else "workspace.created",
        subject=f"approval:{number}" if number else workspace_id,
        detail={"answer": "approve", "limits": None, "people": number, "tags": ["a", "b"], "first": True},
    )


def fill(log: AuditLog, database: Database, workspace_id: str, entries: int = 6) -> None:
    for number in range(entries):
        with database.write(durable=True) as session:
            append(log, session, workspace_id, number)


def tamper(database: Database, *statements: str) -> None:
    """What somebody with full rights on the database can do: take the triggers away first."""
    with database.write() as session:
        connection = session.connection()
        if database.dialect == "postgresql":
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER USER")
        else:
            for trigger in ON_SQLITE:
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def found(result: AuditVerification) -> list[tuple[int, str]]:
    assert not result.ok
    return [(each.sequence, each.what.split(":")[0]) for each in result.problems]
