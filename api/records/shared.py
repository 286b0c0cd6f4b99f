"""Links to readouts, kept in the audit log alone: the entry that shares one, and the entry that takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from store.tables import AuditEntry

SHARED, TAKEN_BACK = "readout.shared", "readout.link_revoked"


class Link(NamedTuple):
    """A link as the log tells it; `revoked_at` is None while nobody has taken it back."""

    link_id: str
    workspace_id: str
    campaign_id: str
    readout_id: str
    shared_by: str
    shared_at: datetime
    until: datetime
    revoked_at: datetime | None

    def opens(self, now: datetime) -> bool:
        """Whether the link leads anywhere at an instant."""
        return self.revoked_at is None and now < self.until


def link_by_id(session: Session, link_id: str) -> Link | None:
    """Return a link of any workspace by its id, for whoever holds its token; None for one that was never shared."""
    entries = session.exec(select(AuditEntry).where(AuditEntry.subject == link_id)).all()
    return _link(entries)


def links_of(session: Session, workspace_id: str, campaign_id: str) -> list[Link]:
    """Return the links to the readouts of a campaign, the newest first, ended ones too."""
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == workspace_id,
        col(AuditEntry.action).in_((SHARED, TAKEN_BACK)),
        AuditEntry.detail["campaign"].as_string() == campaign_id,
    )
    by_link: dict[str, list[AuditEntry]] = {}
    for entry in session.exec(query.order_by(col(AuditEntry.sequence).desc())):
        by_link.setdefault(entry.subject, []).append(entry)
    newest_first = sorted(by_link.values(), key=lambda entries: entries[-1].sequence, reverse=True)
    return [link for entries in newest_first if (link := _link(entries)) is not None]


def _link(entries: Sequence[AuditEntry]) -> Link | None:
    shared = next((entry for entry in entries if entry.action == SHARED), None)
    if shared is None:
        return None
    back = next((entry for entry in entries if entry.action == TAKEN_BACK), None)
    return Link(
        link_id=shared.subject,
        workspace_id=shared.workspace_id,
        campaign_id=str(shared.detail["campaign"]),
        readout_id=str(shared.detail["readout"]),
        shared_by=shared.actor,
        shared_at=shared.at,
        until=datetime.fromisoformat(str(shared.detail["until"])),
        revoked_at=None if back is None else back.at,
    )
