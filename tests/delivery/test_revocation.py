"""Taking an approval back: before its launch, after it until the first message, and what a lapsed signer means."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from delivery import control
from delivery.errors import LaunchRefusedError
from delivery.launch import launch
from delivery.revocation import Revoked, revoke_approval
from policies.authority import Person, Role
from policies.campaign import AlreadySentError
from policies.errors import InvalidInputError, NotAuthorisedError, NotFoundError
from store.repositories.approvals import ApprovalClosedError, open_approval
from store.repositories.workspaces import add_user, disable_user, revoke_role
from store.tables import Approval, AuditEntry, Delegation, Proposal, Signature, User
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import drive, the_campaign, the_launch, the_sends
from tests.delivery.small_plan import START
from tests.delivery.small_world import World, countersign


def take_back(world: World, person: Person | None = None, reason: str = "the offer ran out") -> Revoked:
    return revoke_approval(world.ports, person or world.approver, world.approval_id, reason)


def statuses(world: World) -> tuple[str, str, str]:
    """Of the approval, the proposal and the campaign."""
    with world.ports.database.read() as session:
        approval = session.get_one(Approval, world.approval_id)
        proposal = session.get_one(Proposal, world.proposal_id)
    return approval.status, proposal.status, the_campaign(world).state


@pytest.mark.promise
def test_a_revoked_approval_never_launches(world: World) -> None:
    assert take_back(world) == (world.approval_id, "revoked", True)
    assert statuses(world) == ("revoked", "revoked", "draft")
    with pytest.raises(LaunchRefusedError, match="revoked"):
        launch(world.ports, world.approval_id)


def test_the_audit_log_keeps_who_took_it_back_and_why(world: World) -> None:
    take_back(world)
    with world.ports.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "approval.revoked")
        entry = session.exec(query).one()
    assert (entry.actor, entry.detail["reason"]) == (world.approver.user_id, "the offer ran out")
    assert world.ports.audit.verify(world.ports.database, world.workspace_id).ok


def test_taking_back_again_changes_nothing(world: World) -> None:
    take_back(world)
    assert take_back(world) == (world.approval_id, "revoked", False)


@pytest.mark.promise
def test_a_launch_that_has_sent_nothing_is_taken_back_and_sends_nothing(world: World) -> None:
    launch(world.ports, world.approval_id)
    take_back(world)
    assert statuses(world) == ("revoked", "revoked", "draft")
    drive(world)
    assert world.provider.calls() == {}
    assert [send for send in the_sends(world) if send.status == "sent"] == []
    assert the_launch(world).state == "finished"


@pytest.mark.promise
def test_a_paused_launch_that_has_sent_nothing_is_taken_back(world: World) -> None:
    launch(world.ports, world.approval_id)
    control.pause(world.ports, world.author, world.campaign_id)
    take_back(world)
    drive(world)
    assert (statuses(world)[2], world.provider.calls()) == ("draft", {})


def test_once_a_message_has_left_nothing_is_taken_back(world: World) -> None:
    launch(world.ports, world.approval_id)
    drive(world, stop_when=lambda: bool(world.provider.calls()))
    before = statuses(world)
    with pytest.raises(AlreadySentError, match="Pause or stop"):
        take_back(world)
    assert statuses(world) == before


def test_a_pending_approval_is_rejected_not_revoked(make: MakeWorld) -> None:
    world = make(approve=False)
    with pytest.raises(ApprovalClosedError, match="pending one is rejected"):
        take_back(world)


def test_the_author_may_pause_but_not_revoke_without_the_role(world: World) -> None:
    launch(world.ports, world.approval_id)
    with pytest.raises(NotAuthorisedError):
        take_back(world, world.author)
    assert control.pause(world.ports, world.author, world.campaign_id).state == "paused"


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_taking_back_needs_a_reason_of_bounded_length(world: World, reason: str) -> None:
    with pytest.raises(InvalidInputError, match="1 to 500"):
        take_back(world, reason=reason)
    assert statuses(world)[0] == "approved"


def test_an_approval_of_another_workspace_is_not_there(world: World) -> None:
    stranger = Person("x", frozenset(Role), "other")
    with pytest.raises(NotFoundError):
        take_back(world, stranger)


@pytest.mark.promise
@pytest.mark.parametrize("how", ["disabled", "role taken away"])
def test_what_a_revoked_person_countersigned_does_not_launch(world: World, how: str) -> None:
    user_id = world.approver.user_id
    with world.ports.database.write() as session:
        if how == "disabled":
            disable_user(session, workspace_id=world.workspace_id, user_id=user_id, at=START)
        else:
            role = Role.CAMPAIGN_MANAGER.value
            revoke_role(session, workspace_id=world.workspace_id, user_id=user_id, role=role, at=START)
    with pytest.raises(LaunchRefusedError, match="no longer holds the role"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_a_requirement_that_was_struck_out_of_the_row_is_noticed(world: World) -> None:
    # as somebody with full rights would take a signature out of what is required
    world.change(sa.update(Approval).values(required=[["campaign_manager"]]))
    with pytest.raises(LaunchRefusedError, match="not what the signed audit log tells"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_a_forged_lender_proves_nothing(world: World) -> None:
    with world.ports.database.write() as session:
        other = add_user(
            session, ids=world.ports.ids, at=START, workspace_id=world.workspace_id, name="zoe"
        ).user_id
    world.change(sa.update(Signature).values(on_behalf_of=other))
    with pytest.raises(LaunchRefusedError, match="does not stand in the signed audit log"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_a_forged_delegation_lends_nothing(make: MakeWorld) -> None:
    """A row of a delegation that nobody made, and an answer given with it as any other."""
    world = make(approve=False)
    stranger, ports = "stranger", world.ports
    with ports.database.write() as session:
        session.add(User(user_id=stranger, workspace_id=world.workspace_id, name="zoe", created_at=START))
        session.flush()
        session.add(
            Delegation(
                delegation_id="forged",
                workspace_id=world.workspace_id,
                delegator_id=world.approver.user_id,
                delegate_id=stranger,
                role="campaign_manager",
                granted_at=START - timedelta(days=1),
                ends_at=START + timedelta(days=9),
            )
        )
    countersign(world._replace(approver=Person(stranger, frozenset(), world.workspace_id)))
    with pytest.raises(LaunchRefusedError, match="nobody lent"):
        launch(ports, world.approval_id)
    problems = ports.audit.verify(ports.database, world.workspace_id).problems
    assert ("delegations", "forged") in {(each.table, each.row) for each in problems}


@pytest.mark.promise
def test_the_same_content_launches_under_one_approval_only(world: World) -> None:
    launch(world.ports, world.approval_id)
    with world.ports.database.write(durable=True) as session:
        first = session.get_one(Proposal, world.proposal_id)
        again = Proposal(
            **{
                **first.model_dump(),
                "proposal_id": world.ports.ids.new(),
                "thread_id": world.ports.ids.new(),
                "status": "approved",
            }
        )
        session.add(again)
        session.flush()
        approval = open_approval(
            session,
            approval_id=world.ports.ids.new(),
            proposal=again,
            required=(),
            at=START,
            expires_at=session.get_one(Approval, world.approval_id).expires_at,
        )
        second = approval.approval_id
        session.get_one(Approval, second).status = "approved"
    with pytest.raises(LaunchRefusedError, match="launched before"):
        launch(world.ports, second)
