"""A process with a job engine of its own name whose one unit writes down that it ran, and stays in it."""

from __future__ import annotations

import asyncio
import contextlib
from multiprocessing.synchronize import Event
from pathlib import Path

from delivery.jobs import Jobs
from store.threads import in_thread

SECONDS = 30.0


def run_slowly(address: str, notes: str, began: Event, end: Event) -> None:
    """Run a unit until told to end."""

    async def unit(key: str, _part: int, attempt: int) -> None:
        await in_thread(_note, notes, f"first {key} {attempt}")
        began.set()
        await in_thread(end.wait, SECONDS)

    async def main() -> None:
        jobs = Jobs(address, {"batch": unit}, executor="first")
        await jobs.start()
        await jobs.run("batch", "key", 1, 1)
        await jobs.stop()

    asyncio.run(main())


def look_on(address: str, notes: str, name: str, seconds: float) -> None:
    """Start an engine beside it, for so many seconds."""

    async def unit(key: str, _part: int, attempt: int) -> None:
        await in_thread(_note, notes, f"{name} {key} {attempt}")

    async def main() -> None:
        jobs = Jobs(address, {"batch": unit}, executor=name)
        await jobs.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
        await jobs.stop()

    asyncio.run(main())


def _note(notes: str, line: str) -> None:
    with Path(notes).open("a") as file:
        file.write(f"{line}\n")
