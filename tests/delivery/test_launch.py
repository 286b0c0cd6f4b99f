"""The launch: once, and only what another person countersigned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from delivery.errors import LaunchRefusedError
from delivery.launch import launch, launch_id_of
from policies.errors import NotFoundError
from store.repositories.workspaces import stop_workspace
from store.tables import Approval, Campaign, Proposal, Reservation, Signature
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import launched, the_batches, the_campaign, the_launch
from tests.delivery.small_plan import COST, FIRST_SLOT, PEOPLE, START, Plan
from tests.delivery.small_world import World


@pytest.mark.promise
def test_a_second_launch_returns_the_first(world: World) -> None:
    first = launch(world.ports, world.approval_id)
    second = launch(world.ports, world.approval_id)
    assert first.changed and not second.changed
    assert second.launch_id == first.launch_id == launch_id_of(the_launch(world).digest, world.campaign_id)
    assert first.people == PEOPLE and first.starts_at == FIRST_SLOT
    assert len(the_batches(world)) == 4


@pytest.mark.promise
def test_launches_at_once_launch_once(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: launch(world.ports, world.approval_id), range(16)))
    assert [one.changed for one in done].count(True) == 1
    assert len({one.launch_id for one in done}) == 1
    assert len(the_batches(world)) == 4


def test_launch_moves_campaign_and_proposal_and_sets_money_aside(world: World) -> None:
    launched(world)
    with world.ports.database.read() as session:
        proposal = session.get(Proposal, world.proposal_id)
        reservation = session.exec(sa.select(Reservation)).scalar_one()
    assert the_campaign(world).state == "scheduled"
    assert proposal is not None and proposal.status == "launched"
    assert (reservation.amount, reservation.confirmed, reservation.unit) == (2000, 0, "minor:USD")


def test_limits_of_the_approval_lower_people_and_money(make: MakeWorld) -> None:
    limits = {"maximum_people": 120, "budget_minor": 10 * COST, "first_step_people": 5}
    world = make(Plan(limits=limits))
    launched(world)
    assert the_batches(world)[0].people == 5
    assert sum(batch.people for batch in the_batches(world)) == 120
    with world.ports.database.read() as session:
        assert session.exec(sa.select(Reservation)).scalar_one().amount == 200


@pytest.mark.promise
def test_nothing_is_launched_before_somebody_approved(make: MakeWorld) -> None:
    world = make(approve=False)
    with pytest.raises(LaunchRefusedError, match="pending"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_a_forged_status_approves_nothing(make: MakeWorld) -> None:
    world = make(approve=False)
    world.change(sa.update(Approval).values(status="approved"))
    world.change(sa.update(Proposal).values(status="approved"))
    world.change(sa.update(Campaign).values(state="approved"))
    with pytest.raises(LaunchRefusedError, match="a signature is missing"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_an_edit_after_the_approval_blocks_the_launch(world: World) -> None:
    with world.ports.database.read() as session:
        text = session.exec(sa.select(Proposal.canonical_json)).scalar_one()  # type: ignore[call-overload]
    edited = text.replace('"value":2000', '"value":900000')
    assert edited != text
    world.change(sa.update(Proposal).values(canonical_json=edited))
    with pytest.raises(LaunchRefusedError, match="not the one that was approved"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_an_edit_with_forged_digests_lacks_a_signature(world: World) -> None:
    from policies.proposal import digest_of

    with world.ports.database.read() as session:
        text = session.exec(sa.select(Proposal.canonical_json)).scalar_one()  # type: ignore[call-overload]
    edited = text.replace('"value":2000', '"value":900000')
    world.change(sa.update(Proposal).values(canonical_json=edited, digest=digest_of(edited)))
    world.change(sa.update(Approval).values(digest=digest_of(edited)))
    with pytest.raises(LaunchRefusedError, match="a signature is for another content"):
        launch(world.ports, world.approval_id)


@pytest.mark.promise
def test_the_author_cannot_countersign(world: World) -> None:
    signed_by_author = sa.update(Signature).values(
        user_id=world.author.user_id, author_id=world.approver.user_id
    )
    with pytest.raises(IntegrityError, match="four_eyes"):
        world.change(signed_by_author)
    # and where somebody with full rights took the trigger away
    world.change(sa.text("DROP TRIGGER signatures_four_eyes_update"))
    world.change(signed_by_author)
    with pytest.raises(LaunchRefusedError, match="had a part in the proposal"):
        launch(world.ports, world.approval_id)


def test_an_expired_approval_launches_nothing(world: World) -> None:
    world.change(sa.update(Approval).values(expires_at=START - timedelta(hours=1)))
    with pytest.raises(LaunchRefusedError, match="expired"):
        launch(world.ports, world.approval_id)


def test_a_revoked_approval_launches_nothing(world: World) -> None:
    world.change(sa.update(Approval).values(status="revoked"))
    with pytest.raises(LaunchRefusedError, match="revoked"):
        launch(world.ports, world.approval_id)


def test_a_newer_proposal_takes_the_place(world: World) -> None:
    world.change(sa.update(Campaign).values(proposal_id="another"))
    with pytest.raises(LaunchRefusedError, match="newer proposal"):
        launch(world.ports, world.approval_id)


def test_a_stopped_workspace_launches_nothing(world: World) -> None:
    with world.ports.database.write() as session:
        stop_workspace(session, world.workspace_id, START)
    with pytest.raises(LaunchRefusedError, match="stopped"):
        launch(world.ports, world.approval_id)
    assert the_campaign(world).state == "approved"


def test_an_unknown_approval_is_named(world: World) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        launch(world.ports, "nobody")


def test_a_channel_without_a_provider_is_named(world: World) -> None:
    from dataclasses import replace

    from delivery.errors import ChannelMissingError

    with pytest.raises(ChannelMissingError, match="email"):
        launch(replace(world.ports, channels={}), world.approval_id)
