"""Many sequences on every core: shards of a seed each, so that any of them can be run again by itself.

`python -m tests.machine.soak FIRST LAST [WORKERS]` runs the shards [FIRST, LAST) and prints one line of JSON a shard.
"""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from typing import Any

from tests.machine.figures import Figures
from tests.machine.house import Street
from tests.machine.machine import run_sequences
from tests.machine.sequence import ACTIONS

SHARD = 50
"""Sequences of a shard."""
SHARDS = 60


@cache
def _street() -> Street:
    """The street of this process, whose shop is made once for all its shards."""
    street = Street()
    atexit.register(street.close)
    return street


def run_shard(seeded: int) -> dict[str, Any]:
    """Run one shard in a worker's process; gives its figures."""
    return {"shard": seeded, **run_sequences(SHARD, seeded=seeded, street=_street()).as_json()}


def run_shards(seeds: Iterable[int], workers: int | None = None) -> Iterator[dict[str, Any]]:
    """Run shards side by side, each yielded as it ends; the first Broken is raised."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context) as pool:
        for done in as_completed([pool.submit(run_shard, seeded) for seeded in seeds]):
            yield done.result()


def shortcomings(figures: Figures, *, sequences: int, each: int = 0, launches: int) -> list[str]:
    """Say in what the sequences fell short of what they have to reach to prove anything."""
    found = []
    if figures.sequences < sequences:
        found.append(f"{figures.sequences} sequences of {figures.least} actions or more, not {sequences}")
    if figures.reached < 0.3 * figures.sequences:
        found.append(f"{figures.reached} of {figures.sequences} reached a pending approval")
    if figures.launches < launches:
        found.append(f"{figures.launches} legitimate launches, not {launches}")
    found += [
        f"{name}: {figures.actions[name]} times, not {each}"
        for name in sorted(ACTIONS)
        if figures.actions[name] < each
    ]
    return found


if __name__ == "__main__":
    first, last, *more = (int(word) for word in sys.argv[1:])
    for figures in run_shards(range(first, last), *more):
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()
