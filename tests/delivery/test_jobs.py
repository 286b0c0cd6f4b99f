"""The job engine and the sweep: an attempt runs once, failures are bounded and shown, leases keep others out."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from delivery.drive import MAXIMUM_FAILURES, Driver, Handlers, job_handlers
from delivery.errors import DeliveryError
from delivery.jobs import Jobs, JobsBusyError, JobsNotRunningError, workflow_id
from delivery.launch import launch
from delivery.reconcile import reconcile
from store.repositories import leases
from store.tables import Approval, Batch, Launch
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import (
    Direct,
    drive,
    driver_of,
    launched,
    no_drafts,
    no_notifications,
    run_with_jobs,
    the_batches,
    the_launch,
)
from tests.delivery.small_plan import FIRST_SLOT, PEOPLE, Plan

SHORT = Plan(batches=2)


def test_the_engine_carries_a_campaign_to_its_review(make: MakeWorld) -> None:
    world, reviewed = make(SHORT), list[str]()
    asyncio.run(run_with_jobs(world, reviewed))
    found = the_launch(world)
    assert reviewed == [found.launch_id]
    assert found.finished_at is not None and found.readout_due_at is None
    assert world.ports.clock.now() == datetime(2026, 12, 15, 5, tzinfo=UTC), "the declared end, in New York"
    assert reconcile(world.ports, found.launch_id).accounted == PEOPLE


def test_a_repeated_attempt_runs_nothing_even_after_an_error(tmp_path: Path) -> None:
    ran: list[tuple[str, int, int]] = []

    async def handler(key: str, part: int, attempt: int) -> None:
        ran.append((key, part, attempt))
        if key == "bad":
            raise DeliveryError("it broke")

    async def main() -> None:
        for _ in range(2):
            jobs = Jobs(tmp_path / "jobs.db", {"batch": handler})
            await jobs.start()
            with pytest.raises(JobsBusyError):
                await Jobs(tmp_path / "other.db", {}).start()
            await jobs.run("batch", "good", 1, 1)
            for _ in range(2):
                with pytest.raises(DeliveryError, match="it broke"):
                    await jobs.run("batch", "bad", 1, 1)
            await jobs.run("batch", "good", 1, 2)
            await jobs.stop()
            assert await asyncio.to_thread(lambda: "the loop has threads again")
        with pytest.raises(JobsNotRunningError):
            await jobs.run("batch", "good", 1, 3)

    asyncio.run(main())
    assert ran == [("good", 1, 1), ("bad", 1, 1), ("good", 1, 2)]


def test_ids_name_the_unit_and_its_attempt() -> None:
    assert workflow_id("resume", "A", 0, 2) == "resume:A:2"
    assert workflow_id("batch", "L", 7, 1) == "batch:L:7:1"


def test_the_module_opens_nothing_on_import() -> None:
    import subprocess

    code = (
        "import delivery.jobs, delivery.drive, sys; assert not {'dbos', 'sklearn', 'ibis'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_failing_batch_is_tried_again_later_and_then_shown(make: MakeWorld) -> None:
    world = make(SHORT)
    launched(world)

    async def broken(_key: str, _part: int, _attempt: int) -> None:
        raise DeliveryError("the provider's contract ended")

    async def nothing(_key: str, _part: int, _attempt: int) -> None:
        return

    direct = Direct({"resume": nothing, "batch": broken, "review": nothing})
    asyncio.run(Driver(world.ports, direct).drive_replay())
    for batch in the_batches(world):
        assert (batch.failures, batch.attempt) == (MAXIMUM_FAILURES, MAXIMUM_FAILURES)
        assert batch.due_at is None and batch.failure == "the provider's contract ended"
    assert direct.ran.count(("batch", 1, 1)) == 1
    waited = world.ports.clock.now() - FIRST_SLOT
    assert timedelta(hours=24) <= waited <= timedelta(hours=25)


def test_a_failing_resume_waits_for_the_next_owner(make: MakeWorld) -> None:
    world = make(SHORT)

    async def broken(_key: str, _part: int, _attempt: int) -> None:
        raise DeliveryError("the graph cannot be opened")

    asyncio.run(Driver(world.ports, Direct({"resume": broken})).drive_replay())
    with world.ports.database.read() as session:
        approval = session.get(Approval, world.approval_id)
    assert approval is not None and approval.attempt == MAXIMUM_FAILURES and approval.resumed_at is None
    assert driver_of(world).free_leases() == 1
    drive(world)
    assert the_launch(world).finished_at is not None


def test_a_leased_batch_is_left_to_its_worker_until_the_lease_runs_out(make: MakeWorld) -> None:
    world = make(SHORT)
    launched(world)
    clock = world.ports.clock
    clock.advance_to(FIRST_SLOT)  # type: ignore[attr-defined]
    with world.ports.database.write() as session:
        (work,) = [w for w in leases.due_work(session, clock.now()) if w.kind == "batch"]
        until = FIRST_SLOT + timedelta(minutes=5)
        assert leases.lease(session, work, now=clock.now(), until=until) == 1
        assert leases.lease(session, work, now=clock.now(), until=until) is None
        assert leases.holds(session, "batch", work.key, 1)
        assert not [w for w in leases.due_work(session, clock.now()) if w.kind == "batch"]
        taken_over = [w for w in leases.due_work(session, until) if w.kind == "batch"]
        assert [w.attempt for w in taken_over] == [1]
        assert leases.lease(session, taken_over[0], now=until, until=until) == 2
        assert not leases.holds(session, "batch", work.key, 1)


def test_a_failing_review_is_shown_on_the_launch(make: MakeWorld) -> None:
    world = make(SHORT)

    async def resume(approval_id: str) -> None:
        launch(world.ports, approval_id)

    async def review(_launch_id: str) -> None:
        raise DeliveryError("no analyst")

    handlers = job_handlers(world.ports, Handlers(resume, review, no_drafts, no_notifications))
    asyncio.run(Driver(world.ports, Direct(handlers)).drive_replay())
    found = the_launch(world)
    assert (found.failures, found.failure, found.readout_due_at) == (MAXIMUM_FAILURES, "no analyst", None)
    world.change(sa.update(Launch).values(readout_due_at=world.ports.clock.now()))
    drive(world)
    assert the_launch(world).failure is None
    with world.ports.database.read() as session:
        assert session.exec(sa.select(sa.func.sum(Batch.failures))).scalar_one() == 0
