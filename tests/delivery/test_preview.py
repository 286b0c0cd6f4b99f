"""The arithmetic of an audience: at every moment, whatever happens, everybody is counted once."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery import control
from delivery.errors import LaunchRefusedError
from delivery.preview import preview
from delivery.steps import run_batch
from delivery.uncertain import NotUncertainError, say_what_became, uncertain
from policies.campaign import TransitionNotAllowedError
from store.repositories.people import suppress
from store.tables import Batch, Person, Send, ServedProfile
from tests.delivery.conftest import MakeWorld
from tests.delivery.runs import Flaky, drive, launched, the_launch, the_sends
from tests.delivery.small_plan import FIRST_SLOT, PEOPLE, Plan
from tests.delivery.small_world import World, reopen

SHORT = Plan(batches=2, budget_minor=100_000)


def balanced(world: World) -> None:
    found = preview(world.ports, world.workspace_id, world.campaign_id)
    assert found.funnel.gross == found.funnel.net + sum(found.funnel.removed.values()) == PEOPLE
    if found.launched is None:
        assert found.now is not None and found.now.accounted == PEOPLE
        assert min(found.now.dropped.values(), default=1) > 0
    else:
        assert found.launched.accounted == found.launched.net == PEOPLE


def test_before_the_launch_it_says_who_fell_out_since(make: MakeWorld) -> None:
    world = make(SHORT, approve=False)
    with world.ports.database.write() as session:
        for person in world.people[:5]:
            suppress(session, world.workspace_id, person, "email", "complained", at=FIRST_SLOT)
    world.change(
        sa.update(ServedProfile).where(ServedProfile.person_id.in_(world.people[5:9])).values(consent_bits=0)
    )
    world.change(sa.update(Person).where(Person.person_id == world.people[9]).values(forgotten_at=FIRST_SLOT))
    found = preview(world.ports, world.workspace_id, world.campaign_id).now
    assert found is not None and found.held_out == 20
    fallen = {"gate.suppressed": 5, "gate.consent_unknown": 4, "gate.not_eligible": 1}
    assert all(found.dropped.get(rule, 0) <= most for rule, most in fallen.items())
    assert set(found.dropped) <= set(fallen) and sum(found.dropped.values()) >= 7
    balanced(world)


def digests(place: Path) -> dict[str, str]:
    return {
        str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


@pytest.mark.promise
def test_looking_changes_no_byte(make: MakeWorld, tmp_path: Path) -> None:
    world = make(SHORT)
    preview(world.ports, world.workspace_id, world.campaign_id)
    before = digests(tmp_path / "home")
    for _ in range(3):
        preview(world.ports, world.workspace_id, world.campaign_id)
    assert digests(tmp_path / "home") == before


MOMENTS = st.lists(
    st.sampled_from(
        ["suppress", "withdraw", "forget", "pause", "resume", "batch 1", "batch 2", "stop", "drive"]
    ),
    min_size=1,
    max_size=6,
)


@given(moments=MOMENTS, data=st.data())
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_net_is_what_became_of_everybody_at_every_moment(
    world_templates: object, tmp_path_factory: pytest.TempPathFactory, moments: list[str], data: st.DataObject
) -> None:
    source, made = world_templates(SHORT, True)  # type: ignore[operator]
    place = tmp_path_factory.mktemp("moments")
    shutil.copytree(source / "home", place / "home")
    world = reopen(place, made)
    launch_id = ""
    try:
        balanced(world)
        for moment in moments:
            some = data.draw(st.lists(st.integers(0, PEOPLE - 1), max_size=30, unique=True), label=moment)
            happen(world, moment, [world.people[i] for i in some])
            try:
                launch_id = launch_id or launched(world)
            except LaunchRefusedError:  # it was stopped before it began
                balanced(world)
                return
            balanced(world)
        drive(world)
        balanced(world)
    finally:
        world.ports.database.close()
        world.ports.warehouse.close()


def happen(world: World, moment: str, people: list[str]) -> None:
    if moment == "suppress":
        with world.ports.database.write() as session:
            for person in people:
                suppress(session, world.workspace_id, person, "email", "complained", at=FIRST_SLOT)
    elif moment == "withdraw":
        world.change(
            sa.update(ServedProfile).where(ServedProfile.person_id.in_(people)).values(consent_bits=0)
        )
    elif moment == "forget":
        world.change(sa.update(Person).where(Person.person_id.in_(people)).values(forgotten_at=FIRST_SLOT))
    elif moment.startswith("batch"):
        number = int(moment[-1])
        launch_id = launched(world)
        clock = world.ports.clock
        clock.advance_to(max(clock.now(), FIRST_SLOT))  # type: ignore[attr-defined]
        world.change(sa.update(Batch).where(Batch.number == number).values(attempt=Batch.attempt + 1))
        with world.ports.database.read() as session:
            attempt = session.exec(sa.select(Batch.attempt).where(Batch.number == number)).scalar_one()
        asyncio.run(run_batch(world.ports, launch_id, number, attempt))
    elif moment == "drive":
        drive(world)
    else:
        with contextlib.suppress(TransitionNotAllowedError):  # such as resuming what was never paused
            getattr(control, moment)(world.ports, world.approver, world.campaign_id)


def test_a_person_says_what_became_of_the_unknown(make: MakeWorld) -> None:
    base = make(SHORT)
    world = base.with_channel(Flaky(base.provider, delivers=False, answers_lookup=False))
    drive(world)
    listed = uncertain(world.ports, world.workspace_id, world.campaign_id)
    unknown = {send.send_key for send in the_sends(world) if send.status == "unknown"}
    assert {one.send_key for one in listed} == unknown and unknown
    first, second, *_ = sorted(unknown)
    say_what_became(world.ports, world.approver, world.campaign_id, first, sent=True)
    say_what_became(world.ports, world.approver, world.campaign_id, second, sent=False)
    with pytest.raises(NotUncertainError):
        say_what_became(world.ports, world.approver, world.campaign_id, first, sent=False)
    statuses = {send.send_key: send.status for send in the_sends(world)}
    assert (statuses[first], statuses[second]) == ("sent", "failed")
    assert len(uncertain(world.ports, world.workspace_id, world.campaign_id)) == len(unknown) - 2
    balanced(world)
    with world.ports.database.read() as session:
        assert session.get(Send, second) is not None and the_launch(world).finished_at is not None
