"""What waits half of its time goes to the next role as well; legal is never replaced."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from policies.authority import Role
from policies.errors import NotAuthorisedError
from store.repositories.approval_escalation import due_escalations, escalate
from store.tables import Approval, AuditEntry
from tests.store.approval_desk import CLAIMS, DAY, HOUR, LARGE, OPENED, Desk

HALF = OPENED + 3 * DAY


def sweep(desk: Desk, at: datetime) -> list[Approval]:
    with desk.database.write(durable=True) as session:
        found = list(due_escalations(session, at))
        for approval in found:
            escalate(session, desk.audit, approval, at)
    return found


def test_an_approval_escalates_after_half_of_its_time_and_once(desk: Desk) -> None:
    approval = desk.propose()
    assert approval.escalates_at == HALF
    assert sweep(desk, HALF - timedelta(seconds=1)) == []
    assert len(sweep(desk, HALF)) == 1
    assert sweep(desk, HALF + HOUR) == []
    now = desk.read(approval)
    assert now.required == [["admin", "campaign_manager", "marketing_leader"]]
    assert now.escalated_at == HALF


@pytest.mark.promise
def test_the_next_role_signs_only_after_the_escalation(desk: Desk) -> None:
    approval = desk.propose()
    with pytest.raises(NotAuthorisedError):
        desk.answer("Root", approval, at=HALF)
    sweep(desk, HALF)
    assert desk.answer("Root", approval, at=HALF).approval.status == "approved"


@pytest.mark.promise
def test_a_role_granted_after_the_proposal_does_not_profit_from_an_escalation(desk: Desk) -> None:
    approval = desk.propose()
    desk.grant("Nils", Role.ADMIN, OPENED + HOUR)
    sweep(desk, HALF)
    with pytest.raises(NotAuthorisedError):
        desk.answer("Nils", approval, at=HALF)


@pytest.mark.promise
def test_the_signature_of_legal_is_never_replaced(desk: Desk) -> None:
    approval = desk.propose(facts=CLAIMS)
    sweep(desk, HALF)
    assert desk.read(approval).required[1] == ["legal"]
    desk.answer("Root", approval, at=HALF)
    assert desk.read(approval).status == "pending"


@pytest.mark.promise
def test_a_high_risk_and_a_policy_change_plan_no_escalation(desk: Desk) -> None:
    assert desk.propose(facts=LARGE).escalates_at is None
    assert desk.propose("Ada", kind="policy_change").escalates_at is None
    assert sweep(desk, HALF) == []


def test_a_resolved_or_expired_approval_does_not_escalate(desk: Desk) -> None:
    desk.answer("Grace", desk.propose())
    desk.propose()
    assert sweep(desk, OPENED + 6 * DAY) == []


def test_an_escalation_stands_in_the_audit_log_with_the_roles_it_added(desk: Desk) -> None:
    approval = desk.propose()
    sweep(desk, HALF)
    with desk.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "approval.escalated")
        entry = session.exec(query).one()
    assert (entry.actor, entry.subject) == ("system", approval.approval_id)
    assert entry.detail["roles"] == "admin"
