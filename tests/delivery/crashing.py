"""A process that runs a small world and kills itself, with signal 9, at a named point."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401  # loaded once, in the server that is forked
import duckdb  # noqa: F401
import ibis.backends.duckdb  # noqa: F401
import liquid  # noqa: F401
import pyarrow.compute
import pyarrow.parquet  # noqa: F401

import delivery.batches
import delivery.drive
import delivery.launch
import delivery.observe
import delivery.settle
import tests.delivery.runs as runs
from delivery.channels.interface import Message, Receipt
from delivery.channels.replay import ReplayProvider
from store.repositories import sends
from tests.delivery.small_world import World, reopen


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def _before(place: Any, name: str) -> None:
    setattr(place, name, lambda *_a, **_k: die())


def _after(place: Any, name: str) -> None:
    inner: Callable[..., Any] = getattr(place, name)

    @wraps(inner)
    def dying(*args: Any, **named: Any) -> None:
        inner(*args, **named)
        die()

    setattr(place, name, dying)


def _around_provider(*, delivers: bool) -> None:
    """Kill the process just before the provider hears of a message, or just after."""
    inner = ReplayProvider.send

    async def send(self: ReplayProvider, messages: Sequence[Message]) -> list[Receipt]:
        if delivers:
            await inner(self, messages)
        die()
        return []

    ReplayProvider.send = send  # type: ignore[method-assign]


# in the order in which a campaign comes by them
POINTS: Mapping[str, Callable[[], None]] = {
    "before the launch": lambda: _before(runs, "launch"),
    "inside the launch, before its commit": lambda: _after(sends, "reserve_budget"),
    "after the launch": lambda: _after(runs, "launch"),
    "before the choices are written": lambda: _before(delivery.batches, "write_choices"),
    "after the choices are written": lambda: _after(delivery.batches, "write_choices"),
    "after the batch is chosen": lambda: _after(delivery.batches, "_keep"),
    "before the provider call": lambda: _around_provider(delivers=False),
    "after the provider call": lambda: _around_provider(delivers=True),
    "before the outcomes are kept": lambda: _before(delivery.observe, "_keep"),
    "after the outcomes are kept": lambda: _after(delivery.observe, "_keep"),
    "inside the end of the launch": lambda: _after(delivery.settle, "_complete"),
}


def run_until_death(path: str, world: World, point: str, on_jobs: bool) -> None:
    """Open the home at `path` as its new owner and drive it; the process does not return when it meets the point."""
    world = reopen(Path(path), world)
    POINTS[point]()
    if on_jobs:
        asyncio.run(runs.run_with_jobs(world, []))
    runs.driver_of(world).free_leases()
    runs.drive(world)
