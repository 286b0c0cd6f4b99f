"""What was measured of a campaign, and who is behind a send: for showing and exporting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from store.tables import AuditEntry, Readout, Send

REVIEWED = "launch.reviewed"


def readouts_of(session: Session, workspace_id: str, campaign_id: str) -> Sequence[Readout]:
    """Return the readouts of a campaign, the newest first."""
    query = select(Readout).where(Readout.workspace_id == workspace_id, Readout.campaign_id == campaign_id)
    return session.exec(query.order_by(col(Readout.created_at).desc(), col(Readout.readout_id).desc())).all()


class SendLine(NamedTuple):
    """One line of an export: ids and decisions, nothing that names a person."""

    person_id: str
    arm: str
    channel: str
    status: str
    layer: str
    rule: str
    cost_minor: int
    creative_digest: str
    batch_id: str
    sent_at: str


def sends_of_campaign(
    session: Session, workspace_id: str, launch_ids: Sequence[str], *, after: str, limit: int
) -> list[tuple[str, SendLine]]:
    """Return up to `limit` messages of these launches with their keys, in order of key, from after one on."""
    query = (
        select(Send)
        .where(
            Send.workspace_id == workspace_id, col(Send.launch_id).in_(launch_ids), col(Send.send_key) > after
        )
        .order_by(col(Send.send_key))
        .limit(limit)
    )
    return [(row.send_key, _line(row)) for row in session.exec(query)]


def audit_entries(session: Session, workspace_id: str, *, after: int, limit: int) -> Sequence[AuditEntry]:
    """Return entries of the audit log from after a number on, in order."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.workspace_id == workspace_id, AuditEntry.sequence > after)
        .order_by(col(AuditEntry.sequence))
        .limit(limit)
    )
    return session.exec(query).all()


def review_threads(session: Session, workspace_id: str, launch_id: str) -> list[str]:
    """Return the threads in which a launch was reviewed, the oldest first."""
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == workspace_id,
        AuditEntry.subject == launch_id,
        AuditEntry.action == REVIEWED,
    )
    return [str(entry.detail["thread"]) for entry in session.exec(query.order_by(col(AuditEntry.sequence)))]


def newest_entry(session: Session, workspace_id: str, action: str, subject: str) -> AuditEntry | None:
    """Return the newest entry of the audit log about an action on a subject."""
    query = (
        select(AuditEntry)
        .where(
            AuditEntry.workspace_id == workspace_id,
            AuditEntry.subject == subject,
            AuditEntry.action == action,
        )
        .order_by(col(AuditEntry.sequence).desc())
        .limit(1)
    )
    return session.exec(query).first()


def _line(row: Send) -> SendLine:
    return SendLine(
        row.person_id,
        row.arm,
        row.channel,
        row.status,
        row.layer or "",
        row.rule or "",
        row.cost_minor,
        row.creative_digest or "",
        row.batch_id or "",
        row.sent_at.isoformat() if row.sent_at else "",
    )


def newest_entries(
    session: Session, workspace_id: str, *, before: int | None, find: str, limit: int
) -> Sequence[AuditEntry]:
    """Return entries of the audit log, the newest first, from before a number on, those whose action or subject holds `find`."""
    query = select(AuditEntry).where(AuditEntry.workspace_id == workspace_id)
    if before is not None:
        query = query.where(AuditEntry.sequence < before)
    if find:
        action, subject = col(AuditEntry.action), col(AuditEntry.subject)
        query = query.where(
            action.icontains(find, autoescape=True) | subject.icontains(find, autoescape=True)
        )
    return session.exec(query.order_by(col(AuditEntry.sequence).desc()).limit(limit)).all()
