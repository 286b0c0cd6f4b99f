"""What the audit log tells of a workspace's people: users, their roles and their keys, row by row."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, SQLModel, col, select

from store.audit import AuditLog
from store.database import Database
from store.repositories.workspaces import all_workspaces
from store.row_evidence import ROWS
from store.tables import ApiKey, AuditEntry, RoleGrant, User

TOLD = "people.told"
_CREATED = "workspace.created"


def tell_of_people(database: Database, audit: AuditLog, at: datetime) -> int:
    """Let the log answer for the people of each workspace whose log does not yet: homes of releases before it did.

    It vouches for the rows that are there now, once; later ones come with an entry of their own. Returns how many
    workspaces were told of.
    """
    with database.read() as session:
        untold = [
            each.workspace_id for each in all_workspaces(session) if not _told(session, each.workspace_id)
        ]
    for workspace_id in untold:
        with database.write(durable=True) as session:
            if _told(session, workspace_id):
                continue
            rows = people_of(session, workspace_id)
            audit.append(
                session,
                workspace_id=workspace_id,
                at=at,
                actor="system",
                action=TOLD,
                subject=workspace_id,
                detail={"rows": len(rows)},
                rows=rows,
            )
    return len(untold)


def people_of(session: Session, workspace_id: str) -> list[SQLModel]:
    """Return every user of a workspace, every role given and every key issued, ended ones too."""
    users = session.exec(select(User).where(User.workspace_id == workspace_id))
    grants = session.exec(select(RoleGrant).where(RoleGrant.workspace_id == workspace_id))
    keys = session.exec(select(ApiKey).where(ApiKey.workspace_id == workspace_id))
    return [*users, *grants, *keys]


def _told(session: Session, workspace_id: str) -> bool:
    """Whether an entry tells of the workspace's people; one without a single entry has no log to tell of them yet."""
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == workspace_id, col(AuditEntry.action).in_((_CREATED, TOLD))
    )
    entries = session.exec(query).all()
    tables = {row["table"] for entry in entries for row in entry.detail.get(ROWS, ())}
    return User.__tablename__ in tables or any(entry.action == TOLD for entry in entries) or not entries
