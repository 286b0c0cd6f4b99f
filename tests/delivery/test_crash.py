"""Killed with signal 9 at every point of its way, a campaign launches once and reaches each person at most once."""

from __future__ import annotations

import asyncio
import hashlib
import multiprocessing
import signal
from pathlib import Path

import pytest
import sqlalchemy as sa

from delivery.reconcile import reconcile
from store.tables import Approval, Launch
from tests.delivery.conftest import MakeWorld
from tests.delivery.crashing import POINTS, run_until_death
from tests.delivery.runs import (
    drive,
    driver_of,
    run_with_jobs,
    the_batches,
    the_campaign,
    the_choices,
    the_launch,
    the_sends,
)
from tests.delivery.small_plan import COST, PEOPLE, Plan
from tests.delivery.small_world import World

SHORT = Plan(batches=2)


def kill_at(tmp_path: Path, world: World, point: str, *, on_jobs: bool = False) -> None:
    """Run the home in another process until it dies at the point."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.delivery.crashing"])
    portable = world._replace(home=None, ports=None)  # type: ignore[arg-type]  # opened again over there
    process = context.Process(target=run_until_death, args=(str(tmp_path), portable, point, on_jobs))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, point


def hashes(world: World) -> dict[str, str]:
    parts = world.ports.warehouse.parts(world.workspace_id, "choices")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in parts}


def launches(world: World) -> int:
    with world.ports.database.read() as session:
        return int(session.exec(sa.select(sa.func.count()).select_from(Launch)).scalar_one())


def check_end(world: World) -> None:
    counted = reconcile(world.ports, the_launch(world).launch_id)
    calls = world.provider.calls()
    with world.ports.database.read() as session:
        approval = session.get(Approval, world.approval_id)
    assert approval is not None and approval.status == "approved" and approval.resumed_at is not None
    assert set(calls.values()) == {1}
    assert counted.sent == len(calls) == sum(send.status == "sent" for send in the_sends(world)) > 40
    assert counted.accounted == counted.net == PEOPLE and counted.pending == counted.unknown == 0
    assert COST * counted.sent <= 2000
    assert len({row["person_id"] for row in the_choices(world)}) == PEOPLE
    assert [batch.state for batch in the_batches(world)] == ["observed"] * 2
    assert the_launch(world).learned_until == 2 and the_campaign(world).state == "completed"
    assert world.ports.audit.verify(world.ports.database, world.workspace_id).ok


@pytest.mark.promise
def test_killed_at_every_point_in_turn_it_launches_once_and_sends_once(
    make: MakeWorld, tmp_path: Path
) -> None:
    world = make(SHORT)
    written: dict[str, str] = {}
    for place, point in enumerate(POINTS):
        kill_at(tmp_path, world, point)
        assert launches(world) == (place >= list(POINTS).index("after the launch")), point
        assert set(world.provider.calls().values()) <= {1}, point
        assert written.items() <= hashes(world).items(), "choices were drawn again"
        written = hashes(world)
    driver_of(world).free_leases()
    drive(world)
    assert launches(world) == 1
    check_end(world)


@pytest.mark.promise
@pytest.mark.parametrize("point", ["after the choices are written", "after the provider call"])
def test_killed_once_and_restarted_it_goes_on_where_it_was(
    make: MakeWorld, tmp_path: Path, point: str
) -> None:
    world = make(SHORT)
    kill_at(tmp_path, world, point)
    written = hashes(world)
    driver_of(world).free_leases()
    drive(world)
    assert written and written.items() <= hashes(world).items()
    check_end(world)


@pytest.mark.promise
def test_work_that_the_job_engine_remembers_is_not_done_twice(make: MakeWorld, tmp_path: Path) -> None:
    world = make(SHORT)
    kill_at(tmp_path, world, "after the provider call", on_jobs=True)
    asyncio.run(run_with_jobs(world, []))
    check_end(world)
