"""A countersigned campaign in a home of the test's own, copied from one made once a plan."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.delivery.small_plan import USUAL, Plan
from tests.delivery.small_world import World, make_world, reopen

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def world_templates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Plan, bool], tuple[Path, World]]:
    """Worlds made so far, by plan; they are copied and never opened."""
    made: dict[str, tuple[Path, World]] = {}

    def template(plan: Plan, approve: bool) -> tuple[Path, World]:
        key = f"{plan!r} {approve}"
        if key not in made:
            path = tmp_path_factory.mktemp("world")
            world = make_world(path, plan, approve=approve)
            world.ports.database.close()
            made[key] = (path, world)
        return made[key]

    return template


@pytest.fixture
def make(world_templates: Callable[[Plan, bool], tuple[Path, World]], tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world of a plan in this test's directory."""
    opened: list[World] = []

    def world_of(plan: Plan = USUAL, *, approve: bool = True) -> World:
        source, world = world_templates(plan, approve)
        shutil.copytree(source / "home", tmp_path / "home")
        opened.append(reopen(tmp_path, world))
        return opened[-1]

    yield world_of
    for world in opened:
        world.ports.database.close()
        world.ports.warehouse.close()


@pytest.fixture
def world(make: MakeWorld) -> World:
    """An approved campaign that has not been launched."""
    return make()
