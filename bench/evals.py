"""What the harness costs beside the graph it runs, and what the commit tier takes.

The same campaigns are proposed in one shop, in a plain loop and as a suite. Both sides propose the same briefs with the scripted (offline) model; in turns, so that neither has the warmer machine.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

from evals.harness.case import Case
from evals.harness.record import RunMeta
from evals.harness.runner import run_suites
from evals.harness.suite import read_suite
from evals.models.provider import ScriptedModels
from evals.registry import PlannedSuite
from evals.running import Chosen, meta_of
from evals.running import run as run_all
from evals.scorers import scorer_named
from evals.tasks.campaigns import BuildCampaign, Offices
from evals.worlds.shop import CARRIER

ROUNDS, CASES, BAR = 5, 4, 2.0
COMMIT_SECONDS = 60.0


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of 5 rounds (or of the number given)."""
    rounds = int(argv[0]) if argv else ROUNDS
    plain, harness = asyncio.run(_measure(rounds))
    yield _row("campaigns in a plain loop, p50", statistics.median(plain) / CASES, "s")
    yield _row("campaigns as a suite, p50", statistics.median(harness) / CASES, "s")
    ratio = statistics.median(harness) / statistics.median(plain)
    yield _row("harness / plain loop, p50", ratio, "ratio", BAR)
    processor, clock, cases = asyncio.run(_commit_tier())
    yield _row("commit tier, cases", cases, "cases")
    yield _row("commit tier, processor time", processor, "s", COMMIT_SECONDS)
    yield _row("commit tier, by the clock", clock, "s", COMMIT_SECONDS)


async def _measure(rounds: int) -> tuple[list[float], list[float]]:
    offices = Offices(ScriptedModels())
    suite = read_suite("figures_traceable")
    cases = [Case(id=f"case-{n}", kind="brief", text=CARRIER) for n in range(CASES)]
    scorers = {name: scorer_named(name) for name in suite.scorers}
    planned = PlannedSuite(suite, cases, "", BuildCampaign(offices), scorers)
    meta = RunMeta(model="embedded-rules/1", tier="release", seed=1)
    plain, harness = [], []
    try:
        office = await offices.open()
        for _ in range(rounds + 1):
            started = time.process_time()
            for _ in range(CASES):
                await office.threads.start(
                    workspace_id=office.shop.workspace_id, author_id=office.shop.users["Ada"], text=CARRIER
                )
            plain.append(time.process_time() - started)
            started = time.process_time()
            await run_suites([planned], meta, epochs=1)
            harness.append(time.process_time() - started)
    finally:
        await offices.aclose()
    return plain[1:], harness[1:]


async def _commit_tier() -> tuple[float, float, int]:
    """Processor seconds, seconds by the clock and results of every suite's share of a commit, with the offline model."""
    offline = Chosen("offline")
    began, started = time.process_time(), time.perf_counter()
    made = await run_all((), offline, meta_of(offline, "commit", 1), jobs=2)
    return time.process_time() - began, time.perf_counter() - started, len(made.scored)


def _row(name: str, value: float, unit: str, bar: float | None = None) -> dict[str, object]:
    holds = None if bar is None else value <= bar
    return {"name": name, "value": round(value, 4), "unit": unit, "bar": bar, "holds": holds}
