"""Roles that were lent until a date: what they sign, and what they never sign."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from policies.authority import Role
from policies.errors import NotAuthorisedError
from store.repositories import workspaces
from store.repositories.approvals import signatures_of
from store.repositories.delegations import delegations_of
from store.repositories.signing import SignatureNotNeededError, still_missing
from store.tables import AuditEntry
from tests.store.approval_desk import AT, CLAIMS, DAY, HOUR, LARGE, OPENED, Desk


@pytest.mark.promise
def test_a_delegate_signs_on_behalf_of_who_lent_the_role(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager")
    done = desk.answer("Nils", desk.propose())
    signature = done.signature
    assert done.approval.status == "approved"
    assert (signature.user_id, signature.on_behalf_of) == (desk.users["Nils"], desk.users["Grace"])
    assert (signature.role, signature.delegation_id) == ("campaign_manager", delegation.delegation_id)
    with desk.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "approval.approve")
        assert session.exec(query).one().detail["on_behalf_of"] == desk.users["Grace"]


def test_own_roles_come_before_those_that_were_lent(desk: Desk) -> None:
    desk.lend("Grace", "Linus", "campaign_manager")
    assert desk.answer("Linus", desk.propose()).signature.on_behalf_of is None


def test_a_lent_role_is_used_where_the_own_one_fills_nothing(desk: Desk) -> None:
    desk.lend("Lars", "Linus", "legal")
    approval = desk.propose(facts=CLAIMS)
    desk.answer("Grace", approval)
    done = desk.answer("Linus", approval)
    assert (done.signature.role, done.approval.status) == ("legal", "approved")


@pytest.mark.promise
def test_a_delegation_made_after_the_proposal_does_not_count(desk: Desk) -> None:
    approval = desk.propose()
    desk.lend("Grace", "Nils", "campaign_manager", at=OPENED + HOUR)
    with pytest.raises(NotAuthorisedError, match="no rule"):
        desk.answer("Nils", approval, at=OPENED + 2 * HOUR)


@pytest.mark.promise
def test_a_delegation_signs_until_its_end_and_not_at_it(desk: Desk) -> None:
    desk.lend("Grace", "Nils", "campaign_manager", ends_at=OPENED + DAY)
    early, late = desk.propose(), desk.propose()
    assert desk.answer("Nils", early, at=OPENED + DAY - timedelta(seconds=1)).approval.status == "approved"
    with pytest.raises(NotAuthorisedError):
        desk.answer("Nils", late, at=OPENED + DAY)


@pytest.mark.promise
def test_a_delegation_that_was_taken_back_signs_nothing(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager")
    approval = desk.propose()
    desk.take_back("Grace", delegation, OPENED + HOUR)
    with pytest.raises(NotAuthorisedError):
        desk.answer("Nils", approval, at=OPENED + HOUR)


@pytest.mark.promise
def test_the_author_signs_nothing_as_a_delegate(desk: Desk) -> None:
    desk.lend("Grace", "Ada", "campaign_manager")
    with pytest.raises(NotAuthorisedError, match="author of a proposal never resolves it"):
        desk.answer("Ada", desk.propose("Ada"))


@pytest.mark.promise
def test_nobody_signs_on_behalf_of_the_author(desk: Desk) -> None:
    desk.lend("Grace", "Nils", "campaign_manager")
    with pytest.raises(NotAuthorisedError, match="no rule"):
        desk.answer("Nils", desk.propose("Grace"))


@pytest.mark.promise
def test_a_person_and_their_delegate_count_once(desk: Desk) -> None:
    desk.user("Max", Role.CAMPAIGN_MANAGER, Role.LEGAL)
    desk.lend("Max", "Nils", "legal")
    approval = desk.propose(facts=CLAIMS)
    desk.answer("Max", approval)
    with pytest.raises(SignatureNotNeededError, match="counts once"):
        desk.answer("Nils", approval)


@pytest.mark.promise
def test_who_was_signed_for_does_not_fill_another_requirement(desk: Desk) -> None:
    desk.user("Max", Role.CAMPAIGN_MANAGER, Role.LEGAL)
    desk.lend("Max", "Nils", "legal")
    approval = desk.propose(facts=CLAIMS)
    desk.answer("Nils", approval)
    with pytest.raises(SignatureNotNeededError, match="counts once"):
        desk.answer("Max", approval)


@pytest.mark.promise
def test_a_lent_role_never_signs_a_policy_change(desk: Desk) -> None:
    desk.lend("Grace", "Nils", "campaign_manager")
    approval = desk.propose("Root", kind="policy_change")
    with pytest.raises(NotAuthorisedError):
        desk.answer("Nils", approval)


@pytest.mark.promise
def test_a_lent_leader_signs_only_as_leader(desk: Desk) -> None:
    desk.lend("Lena", "Grace", "marketing_leader")
    approval = desk.propose(facts=LARGE)
    first = desk.answer("Grace", approval)
    # one person, one signature: Grace gave her own
    assert (first.signature.role, first.approval.status) == ("campaign_manager", "pending")


@pytest.mark.promise
@pytest.mark.parametrize("how", ["the lender lost the role", "the lender is disabled"])
def test_what_the_lender_no_longer_holds_is_no_longer_lent(desk: Desk, how: str) -> None:
    desk.lend("Grace", "Nils", "campaign_manager")
    approval = desk.propose()
    of_grace = {"workspace_id": desk.workspace_id, "user_id": desk.users["Grace"], "at": OPENED + HOUR}
    with desk.database.write() as session:
        if how == "the lender is disabled":
            workspaces.disable_user(session, **of_grace)  # type: ignore[arg-type]  # by name
        else:
            workspaces.revoke_role(session, role="campaign_manager", **of_grace)  # type: ignore[arg-type]
    with pytest.raises(NotAuthorisedError):
        desk.answer("Nils", approval, at=OPENED + 2 * HOUR)


@pytest.mark.promise
def test_a_signature_lapses_when_its_delegation_is_taken_back_but_not_when_it_ends(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager", ends_at=OPENED + DAY)
    approval = desk.propose()
    desk.answer("Nils", approval)

    def lapsed() -> int:
        with desk.database.read() as session:
            signatures = signatures_of(session, approval.approval_id)
            return len(still_missing(session, approval, signatures))

    assert lapsed() == 0
    desk.take_back("Grace", delegation, OPENED + 2 * HOUR)
    assert lapsed() == 1


def test_an_admin_may_end_a_delegation_and_a_stranger_may_not(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager")
    with pytest.raises(NotAuthorisedError):
        desk.take_back("Linus", delegation, OPENED)
    assert desk.take_back("Root", delegation, OPENED).revoked_by == desk.users["Root"]


def test_taking_back_twice_changes_nothing(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager")
    first = desk.take_back("Grace", delegation, OPENED)
    again = desk.take_back("Grace", delegation, OPENED + DAY)
    assert again.revoked_at == first.revoked_at == OPENED


def test_lending_and_taking_back_stand_in_the_audit_log(desk: Desk) -> None:
    delegation = desk.lend("Grace", "Nils", "campaign_manager")
    desk.take_back("Grace", delegation, OPENED)
    with desk.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.subject == delegation.delegation_id)
        entries = session.exec(query.order_by(sa.text("sequence"))).all()
        listed = delegations_of(session, desk.workspace_id)
    assert [entry.action for entry in entries] == ["delegation.granted", "delegation.revoked"]
    assert {entry.actor for entry in entries} == {desk.users["Grace"]}
    assert [each.delegation_id for each in listed] == [delegation.delegation_id]


def test_a_delegation_reaches_no_other_workspace(desk: Desk) -> None:
    with desk.database.write() as session:
        other = workspaces.create_workspace(
            session, ids=desk.ids, at=AT, name="other", currency="USD", timezone="UTC"
        )
    home, desk.workspace_id = desk.workspace_id, other.workspace_id
    desk.user("Olga", Role.CAMPAIGN_MANAGER)
    desk.workspace_id = home
    with pytest.raises(workspaces.UserNotFoundError):
        desk.lend("Grace", "Olga", "campaign_manager")
