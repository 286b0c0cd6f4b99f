"""What every node of both graphs gave while a campaign ran comes out of the checkpoints as it went in.

The reader is strict: it makes no type that a checkpoint names. What the nodes gave is taken down on its way to the saver.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agents.checkpoints import open_checkpoints, threads_with_checkpoints
from agents.state import ProposeState, ReviewState
from api.wiring import App
from policies.authority import Person, read_roles
from store.repositories.approvals import Resolution, resolve
from tests.api.conftest import Open
from tests.api.conftest import copied as copied_shop
from tests.postgres_databases import PostgresDatabases
from tests.shop_copies import BACKENDS
from tests.small_shop import VAGUE, Shop, make_shop

PROPOSE = {
    "sense", "plan", "clarify", "segment", "write", "design_experiment", "forecast", "check_policies",
    "freeze_proposal", "approve", "verify_approval", "launch",
}  # fmt: skip
REVIEW = {"measure", "analyse"}
INTERRUPT = "__interrupt__"
STATE = ProposeState.__annotations__.keys() | ReviewState.__annotations__.keys()


class Given(NamedTuple):
    """What one node gave, as the graph handed it to the saver."""

    thread_id: str
    checkpoint_id: str
    task_id: str
    node: str
    writes: tuple[tuple[str, Any], ...]


@pytest.fixture(params=BACKENDS)
def any_shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """A shop of this test's own on either database."""
    if request.param == "sqlite":
        return copied_shop(request.getfixturevalue("shop_template"), tmp_path / "home")
    databases: PostgresDatabases = request.getfixturevalue("postgres")
    return make_shop(tmp_path / "home", address=databases.empty())


async def test_what_every_node_gave_is_read_back_the_same(open_shop: Open, any_shop: Shop) -> None:
    given: list[Given] = []
    async with open_shop(any_shop) as opened:
        saver: Any = opened.app.threads.graph.checkpointer
        put = saver.aput_writes

        async def noted(config: Any, writes: Any, task_id: str, task_path: str = "") -> None:
            where = config["configurable"]
            node = task_path.rpartition(", ")[2]
            given.append(Given(where["thread_id"], where["checkpoint_id"], task_id, node, tuple(writes)))
            await put(config, writes, task_id, task_path)

        saver.aput_writes = noted
        await a_whole_campaign(opened.app, any_shop)
    assert {each.node for each in given} >= PROPOSE | REVIEW
    values = {channel for each in given for channel, _ in each.writes}
    assert values >= {"status", "plan_id", "digest", "launch_id", "readout_id", "findings_id"}
    async with open_checkpoints(any_shop.home.checkpoints) as strict:
        for each in given:
            config: Any = {"configurable": each._asdict() | {"checkpoint_ns": ""}}
            found = await strict.aget_tuple(config)
            assert found is not None, each.node
            kept = [
                (channel, value)
                for task, channel, value in found.pending_writes or []
                if task == each.task_id
            ]
            for written in each.writes:
                # the library's own list around interrupts goes in as a tuple
                plain = (written[0], list(written[1])) if written[0] == INTERRUPT else written
                assert plain in kept, f"{each.node}: {written}"
                assert types_in(plain) == types_in(kept[kept.index(plain)]), each.node
        for thread_id in await threads_with_checkpoints(strict):
            last = await strict.aget_tuple({"configurable": {"thread_id": thread_id}})
            assert last is not None
            state = {name: last.checkpoint["channel_values"].get(name) for name in STATE}
            assert all(value is None or type(value) in (str, int) for value in state.values()), state


async def a_whole_campaign(app: App, shop: Shop) -> None:
    """Propose with a question, countersign, launch, and review at the end of the replay."""
    ada = shop.users["Ada"]
    asked = await app.threads.start(workspace_id=shop.workspace_id, author_id=ada, text=VAGUE)
    waiting = await app.threads.waiting(asked.thread_id)
    assert waiting is not None
    made = await app.threads.answer(
        workspace_id=shop.workspace_id,
        user_id=ada,
        thread_id=asked.thread_id,
        interrupt_id=waiting.id,
        answers={"budget": "$40"},
    )
    countersign(app, shop, made.state)
    await app.engine.settle()


def countersign(app: App, shop: Shop, state: ProposeState) -> None:
    with app.database.write(durable=True) as session:
        resolve(
            session,
            app.audit,
            approval_id=state["approval_id"],
            signature_id=app.ids.new(),
            person=Person(shop.users["Grace"], read_roles(["campaign_manager"]), shop.workspace_id),
            resolution=Resolution("approve", state["digest"]),
            at=app.clock.now(),
        )


def types_in(value: object) -> list[type]:
    """Every type inside a value, in order: a tuple that came back as a list is another value."""
    found: list[type] = [type(value)]
    if isinstance(value, dict):
        found += [kind for item in value.items() for kind in types_in(item)]
    elif isinstance(value, list | tuple):
        found += [kind for item in value for kind in types_in(item)]
    return found
