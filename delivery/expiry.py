"""Approvals that wait: after a while the next role may sign too, and in the end they are closed by the clock."""

from __future__ import annotations

from delivery.ports import Ports
from store.repositories.approval_escalation import due_escalations, escalate
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


def escalate_waiting(ports: Ports) -> int:
    """Let the next role sign every approval that has waited long enough, once, and return how many there were."""
    now = ports.clock.now()
    with ports.database.read() as session:
        if not due_escalations(session, now):
            return 0
    with ports.database.write(durable=True) as session:
        waiting = due_escalations(session, now)
        for approval in waiting:
            escalate(session, ports.audit, approval, now)
        return len(waiting)


def sweep_approvals(ports: Ports) -> None:
    """Expire what is overdue and escalate what waits."""
    expire_overdue(ports)
    escalate_waiting(ports)
