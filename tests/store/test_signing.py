"""Which signatures count: several of them in any order, roles held before the proposal, and nobody twice."""

from __future__ import annotations

from itertools import permutations

import pytest
import sqlalchemy as sa

from policies.authority import RiskFacts, Role
from policies.errors import NotAuthorisedError
from store.repositories import workspaces
from store.repositories.approvals import ApprovalClosedError, signatures_of
from store.repositories.signing import SignatureNotNeededError, still_missing, who_may_sign
from store.tables import AuditEntry, Proposal
from tests.store.approval_desk import CLAIMS, DAY, HOUR, LARGE, OPENED, Desk, missing

BOTH = RiskFacts(reach=500_000, new_claims=("risk free",))


@pytest.mark.promise
@pytest.mark.parametrize("order", list(permutations(("Grace", "Lena", "Lars"))), ids=",".join)
def test_a_high_risk_with_new_claims_needs_three_people_in_any_order(
    desk: Desk, order: tuple[str, ...]
) -> None:
    approval = desk.propose(facts=BOTH)
    for name in order[:-1]:
        assert desk.answer(name, approval).approval.status == "pending"
    assert desk.answer(order[-1], approval).approval.status == "approved"


@pytest.mark.promise
def test_one_person_with_every_role_fills_one_requirement(desk: Desk) -> None:
    desk.user("Max", Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.LEGAL)
    approval = desk.propose(facts=BOTH)
    done = desk.answer("Max", approval)
    assert (done.approval.status, len(done.missing)) == ("pending", 2)


def test_a_yes_that_fills_nothing_is_refused_and_leaves_nothing(desk: Desk) -> None:
    approval = desk.propose(facts=CLAIMS)
    desk.answer("Grace", approval)
    with pytest.raises(SignatureNotNeededError, match="campaign manager"):
        desk.answer("Linus", approval)
    with desk.database.read() as session:
        assert len(signatures_of(session, approval.approval_id)) == 1
    assert desk.answer("Lars", approval).approval.status == "approved"


def test_a_no_needs_no_open_requirement(desk: Desk) -> None:
    approval = desk.propose(facts=CLAIMS)
    desk.answer("Grace", approval)
    assert desk.answer("Linus", approval, "reject", comment="not now").approval.status == "rejected"


@pytest.mark.promise
@pytest.mark.parametrize("name", ["Ada", "Nils", "Root", "Lars"])
def test_whom_no_rule_allows_cannot_approve_a_usual_campaign(desk: Desk, name: str) -> None:
    approval = desk.propose()
    with pytest.raises(NotAuthorisedError):
        desk.answer(name, approval)
    assert desk.read(approval).status == "pending"


@pytest.mark.promise
def test_a_role_granted_after_the_proposal_does_not_count(desk: Desk) -> None:
    approval = desk.propose()
    desk.grant("Nils", Role.CAMPAIGN_MANAGER, OPENED + HOUR)
    with pytest.raises(NotAuthorisedError, match="no rule"):
        desk.answer("Nils", approval, at=OPENED + 2 * HOUR)


@pytest.mark.promise
def test_whoever_was_let_in_again_after_the_proposal_cannot_approve_it(desk: Desk) -> None:
    with desk.database.write() as session:
        workspaces.disable_user(
            session, workspace_id=desk.workspace_id, user_id=desk.users["Grace"], at=OPENED - DAY
        )
    approval = desk.propose()
    with desk.database.write() as session:
        workspaces.enable_user(
            session, workspace_id=desk.workspace_id, user_id=desk.users["Grace"], at=OPENED + HOUR
        )
    with pytest.raises(NotAuthorisedError, match="no rule"):
        desk.answer("Grace", approval, at=OPENED + 2 * HOUR)


def test_whoever_was_let_in_again_before_the_proposal_can(desk: Desk) -> None:
    for change, at in ((workspaces.disable_user, OPENED - 2 * DAY), (workspaces.enable_user, OPENED - DAY)):
        with desk.database.write() as session:
            change(session, workspace_id=desk.workspace_id, user_id=desk.users["Grace"], at=at)
    assert desk.answer("Grace", desk.propose()).approval.status == "approved"


@pytest.mark.promise
def test_a_key_that_the_author_issued_after_proposing_signs_nothing(desk: Desk) -> None:
    approval = desk.propose("Root")
    with desk.database.write() as session:
        workspaces.issue_key(
            session,
            ids=desk.ids,
            at=OPENED + HOUR,
            workspace_id=desk.workspace_id,
            user_id=desk.users["Grace"],
            label="new",
            issued_by=desk.users["Root"],
        )
    with pytest.raises(NotAuthorisedError, match="issued you a key"):
        desk.answer("Grace", approval, at=OPENED + 2 * HOUR)


def test_the_same_answer_again_gives_the_stored_result(desk: Desk) -> None:
    approval = desk.propose(facts=LARGE)
    first = desk.answer("Grace", approval)
    again = desk.answer("Grace", approval)
    assert (first.changed, again.changed) == (True, False)
    assert missing(again) == [["marketing_leader"]]
    with pytest.raises(ApprovalClosedError, match="cannot be changed"):
        desk.answer("Grace", approval, "reject", comment="after all")


def test_who_may_sign_names_everybody_whose_yes_would_count(desk: Desk) -> None:
    approval = desk.propose("Linus", facts=CLAIMS)

    def names() -> set[str]:
        with desk.database.read() as session:
            proposal = session.get_one(Proposal, approval.proposal_id)
            given = signatures_of(session, approval.approval_id)
            found = who_may_sign(session, approval, proposal, given, OPENED + HOUR)
        by_id = {user_id: name for name, user_id in desk.users.items()}
        return {by_id[standing.person.user_id] for standing in found}

    assert names() == {"Grace", "Lena", "Lars"}
    desk.answer("Grace", approval)
    assert names() == {"Lars"}


@pytest.mark.promise
@pytest.mark.parametrize("how", ["disabled", "role taken away"])
def test_a_signature_lapses_with_the_role_it_was_given_with(desk: Desk, how: str) -> None:
    approval = desk.propose()
    desk.answer("Grace", approval)
    of_grace = {"workspace_id": desk.workspace_id, "user_id": desk.users["Grace"], "at": OPENED + DAY}
    with desk.database.write() as session:
        if how == "disabled":
            workspaces.disable_user(session, **of_grace)  # type: ignore[arg-type]  # by name
        else:
            workspaces.revoke_role(session, role=Role.CAMPAIGN_MANAGER, **of_grace)  # type: ignore[arg-type]
    with desk.database.read() as session:
        lapsed = still_missing(session, desk.read(approval), signatures_of(session, approval.approval_id))
    assert len(lapsed) == 1


def test_the_audit_log_tells_with_which_role_somebody_signed(desk: Desk) -> None:
    approval = desk.propose()
    desk.answer("Grace", approval)
    with desk.database.read() as session:
        query = sa.select(AuditEntry).where(AuditEntry.action == "approval.approve")  # type: ignore[arg-type]
        entry = session.execute(query).scalars().one()
    assert (entry.detail["role"], "on_behalf_of" in entry.detail) == ("campaign_manager", False)
