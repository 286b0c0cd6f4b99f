"""Approvals that nobody answers: escalated by the sweep after half of their time, expired at its end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from delivery import control
from delivery.expiry import escalate_waiting, expire_overdue
from policies.authority import RiskFacts, RiskThresholds, assess_risk
from store.clock import ReplayClock
from store.repositories.approvals import get_approval
from store.tables import Approval, Campaign
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import driver_of, the_campaign
from tests.delivery.small_plan import START
from tests.delivery.small_world import World

HALF = START + timedelta(days=3, hours=12)


@pytest.fixture
def waiting(make: MakeWorld) -> World:
    """A low-risk campaign that waits for a signature and would escalate halfway."""
    world = make(approve=False)
    low = assess_risk(RiskFacts(), RiskThresholds()).model_dump(mode="json")
    world.change(sa.update(Approval).values(risk=low, escalates_at=HALF))
    return world


def advance(world: World, to: timedelta) -> None:
    clock = world.ports.clock
    assert isinstance(clock, ReplayClock)
    clock.advance_to(START + to)


def approval_of(world: World) -> Approval:
    with world.ports.database.read() as session:
        return get_approval(session, world.workspace_id, world.approval_id)


def test_the_sweep_escalates_what_has_waited_half_of_its_time(waiting: World) -> None:
    asyncio.run(driver_of(waiting).run_due())
    assert approval_of(waiting).escalated_at is None
    advance(waiting, timedelta(days=4))
    asyncio.run(driver_of(waiting).run_due())
    now = approval_of(waiting)
    assert (now.status, now.escalated_at) == ("pending", START + timedelta(days=4))
    assert now.required == [["admin", "campaign_manager", "marketing_leader"]]


def test_what_was_escalated_still_expires(waiting: World) -> None:
    advance(waiting, timedelta(days=4))
    assert (escalate_waiting(waiting.ports), escalate_waiting(waiting.ports)) == (1, 0)
    advance(waiting, timedelta(days=7))
    assert (expire_overdue(waiting.ports), escalate_waiting(waiting.ports)) == (1, 0)
    assert (approval_of(waiting).status, the_campaign(waiting).state) == ("expired", "draft")


def test_what_is_overdue_expires_without_being_escalated_first(waiting: World) -> None:
    advance(waiting, timedelta(days=8))
    asyncio.run(driver_of(waiting).run_due())
    assert (approval_of(waiting).status, approval_of(waiting).escalated_at) == ("expired", None)


def test_a_stop_takes_back_what_waits_and_the_sweep_goes_on(make: MakeWorld) -> None:
    waiting = make(approve=False)
    assert control.stop(waiting.ports, waiting.author, waiting.campaign_id).state == "cancelled"
    assert approval_of(waiting).status == "revoked"
    assert waiting.ports.audit.verify(waiting.ports.database, waiting.workspace_id).ok
    advance(waiting, timedelta(days=8))
    asyncio.run(driver_of(waiting).run_due())
    assert (approval_of(waiting).status, the_campaign(waiting).state) == ("revoked", "cancelled")


def test_a_stop_takes_back_what_was_approved_and_has_not_launched(make: MakeWorld) -> None:
    world = make()
    assert approval_of(world).status == "approved"
    assert control.stop(world.ports, world.author, world.campaign_id).state == "cancelled"
    assert approval_of(world).status == "revoked"
    asyncio.run(driver_of(world).run_due())
    assert world.provider.calls() == {}


def test_an_approval_left_open_by_an_ended_campaign_expires(waiting: World) -> None:
    """As homes of earlier releases hold it, where a stop left the approval open."""
    waiting.change(sa.update(Campaign).values(state="cancelled"))
    advance(waiting, timedelta(days=8))
    assert expire_overdue(waiting.ports) == 1
    assert (approval_of(waiting).status, the_campaign(waiting).state) == ("expired", "cancelled")
