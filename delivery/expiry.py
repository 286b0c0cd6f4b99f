"""Approvals that wait: after a while the next role may sign too, and in the end they are closed by the clock."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from delivery.ports import Ports
from store.repositories.approval_escalation import due_escalations, escalate
from store.repositories.approvals import expire, locked_approval, overdue_approvals
from store.tables import Approval


def expire_overdue(ports: Ports) -> int:
    """Close every pending approval whose time has run out and return how many; their threads are then due to end."""
    now = ports.clock.now()
    with ports.database.read() as session:
        if not overdue_approvals(session, now):
            return 0
    with ports.database.write(durable=True) as session:
        overdue = _held(session, overdue_approvals(session, now))
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
        waiting = [each for each in _held(session, due_escalations(session, now)) if not each.escalated_at]
        for approval in waiting:
            escalate(session, ports.audit, approval, now)
        return len(waiting)


def sweep_approvals(ports: Ports) -> None:
    """Expire what is overdue and escalate what waits."""
    expire_overdue(ports)
    escalate_waiting(ports)


def _held(session: Session, found: Sequence[Approval]) -> list[Approval]:
    """Hold what is still pending: another process may sweep, and an approver answer, at the same moment."""
    held = [
        locked_approval(session, each.workspace_id, each.approval_id)
        for each in sorted(found, key=lambda each: each.approval_id)
    ]
    return [each for each in held if each.status == "pending"]
