"""A process that does what the people of a shop do and kills itself, with signal 9, at a named point.

Forked from a server that has imported everything; stores are opened after the fork.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401  # loaded once, in the server that is forked
import dbos  # noqa: F401
import ibis.backends.duckdb  # noqa: F401
import liquid  # noqa: F401
import pyarrow.compute
import pyarrow.parquet  # noqa: F401
import scipy.stats  # noqa: F401
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

import agents.threads
import api.wiring
import delivery.batches
import delivery.observe
import delivery.settle
from agents.propose.deciding import Deciding
from agents.propose.drafting import Drafting
from agents.threads import Threads
from api.settings import Settings
from delivery.channels.interface import Message, Receipt
from delivery.channels.replay import ReplayProvider
from store.home import open_home
from store.repositories import sends
from tests.agents.propose.shop_people import walk
from tests.small_shop import Shop

Plant = Callable[[], None]
NODES: Mapping[str, type] = {
    **dict.fromkeys(
        ("sense", "plan", "clarify", "segment", "write", "design_experiment", "forecast"), Drafting
    ),
    **dict.fromkeys(("check_policies", "freeze_proposal", "approve", "verify_approval", "launch"), Deciding),
}
WAITS = ("the question waits", "the approval waits", "the approval is resolved")


def die(*_: Any, **__: Any) -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def _after(place: Any, name: str) -> None:
    inner = getattr(place, name)

    @wraps(inner)
    def dying(*args: Any, **named: Any) -> None:
        inner(*args, **named)
        die()

    setattr(place, name, dying)


def _in_node(name: str) -> None:
    """Die when the node has committed what it keeps, before the checkpoint says so."""
    place = NODES[name]
    inner = getattr(place, name)

    @wraps(inner)
    async def dying(self: Any, state: Any) -> Any:
        await inner(self, state)
        die()

    setattr(place, name, dying)


def _at_checkpoint(name: str | None) -> None:
    """Die when the checkpoint after a node is durable; without a name, the one that the thread begins with."""
    ran: list[str] = [] if name is not None else [""]
    if name is not None:
        place = NODES[name]
        inner = getattr(place, name)

        @wraps(inner)
        async def noting(self: Any, state: Any) -> Any:
            result = await inner(self, state)
            ran.append(name)
            return result

        setattr(place, name, noting)
    for saver in _savers():
        _dies_after_put(saver, ran)


def _dies_after_put(saver: type, ran: list[str]) -> None:
    put = saver.aput  # type: ignore[attr-defined]

    @wraps(put)
    async def putting(self: Any, *args: Any, **named: Any) -> Any:
        result = await put(self, *args, **named)
        if ran:
            die()
        return result

    saver.aput = putting  # type: ignore[attr-defined]


def _savers() -> list[type]:
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    return [AsyncSqliteSaver, AsyncPostgresSaver]


def _at_resume(value: object) -> None:
    """Die when a waiting thread is held and its answer kept, before the graph is given it."""
    inner = Threads._step

    async def stepping(self: Threads, thread_id: str, given: Any, watch: Any) -> None:
        resumed = getattr(given, "resume", None)
        if resumed and (value in resumed.values()) == (value == "answered"):
            die()
        await inner(self, thread_id, given, watch)

    Threads._step = stepping  # type: ignore[method-assign]


def _around_provider(*, delivers: bool) -> None:
    """Die just before the provider hears of a batch's first messages, or just after."""
    inner = ReplayProvider.send

    async def send(self: ReplayProvider, messages: Any) -> list[Receipt]:
        given: list[Message] = list(messages)
        if delivers:
            await inner(self, given)
        die()
        return []

    ReplayProvider.send = send  # type: ignore[method-assign]


# in the order in which a campaign comes by them
POINTS: Mapping[str, Plant] = {
    "begun": partial(_after, agents.threads, "begin"),
    "at the first checkpoint": partial(_at_checkpoint, None),
    **{
        f"{'in' if inside else 'at the checkpoint after'} {node}": partial(
            _in_node if inside else _at_checkpoint, node
        )
        for node in NODES
        for inside in (True, False)
    },
    **{where: lambda: None for where in WAITS},
    "the answer is kept": partial(_at_resume, "answered"),
    "the approval is given to its thread": partial(_at_resume, None),
    "before the launch": lambda: setattr(api.wiring, "launch", die),
    "in the launch, before its commit": partial(_after, sends, "reserve_budget"),
    "in the launch, after its commit": partial(_after, api.wiring, "launch"),
    "before the choices are written": lambda: setattr(delivery.batches, "write_choices", die),
    "after the choices are written": partial(_after, delivery.batches, "write_choices"),
    "after the batch is chosen": partial(_after, delivery.batches, "_keep"),
    "before the provider call": partial(_around_provider, delivers=False),
    "after the provider call": partial(_around_provider, delivers=True),
    "before the outcomes are kept": lambda: setattr(delivery.observe, "_keep", die),
    "after the outcomes are kept": partial(_after, delivery.observe, "_keep"),
    "in the end of the launch": partial(_after, delivery.settle, "_complete"),
}


def walk_until_death(home: str, shop: Shop, point: str) -> None:
    """Open the home as its owner and do what its people do; the process does not return when it meets the point."""
    from dataclasses import replace
    from pathlib import Path

    POINTS[point]()
    opened = replace(shop, home=open_home(Path(home)))

    def reached(where: str) -> None:
        if where == point:
            die()

    async def main() -> None:
        async with api.wiring.open_app(opened.home, Settings()) as app:
            await walk(app, opened, reached)

    asyncio.run(main())
