"""Approvals that nobody resolved in time: closed by the clock, so that the campaign can be proposed again."""

from __future__ import annotations

from delivery.ports import Ports
from store.repositories.approvals import expire, overdue_approvals


def expire_overdue(ports: Ports) -> int:
    """Close every pending approval whose time has run out and return how many; their threads are then due to end."""
    now = ports.clock.now()
    with ports.database.read() as session:
        if not overdue_approvals(session, now):
            return 0
    with ports.database.write(durable=True) as session:
        overdue = overdue_approvals(session, now)
        for approval in overdue:
            expire(session, ports.audit, approval, now)
        return len(overdue)
