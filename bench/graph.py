"""What the propose graph costs beside its models and tools, against bare LangGraph with the same nodes and edges.

Both run from start to the approve interrupt in one process, in turns, each on its own checkpoint file opened by the same
function with the same pragmas, at durability `sync`. Ours reads and writes the store of a home with all 64,000 customers;
models, tools and retrieval answer from a recording of the first thread. The bare graph's nodes return the very updates
that ours made, so its state has the same size, and do nothing else. A third graph counts the commits on both sides: the
bare one, whose nodes also go to a thread and commit one row wherever ours commit. Both ratios have the bar. Processor time
is what this process and its threads worked meanwhile: what is left of a time on a busy machine, whose waits for the disk
hide what a graph costs.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast
from unittest.mock import patch

from langgraph.types import interrupt

from agents.analyst import desk as analyst_desk
from agents.checkpoints import open_checkpoints
from agents.crew import Crew, LiveCrew
from agents.planner.agent import reading_of
from agents.propose import drafting, graph
from agents.propose.graph import ProposeGraph, build_propose
from agents.state import ProposeState
from agents.thread_beginning import begin
from agents.thread_stand import config_of
from agents.threads import Threads
from agents.workbench import Workbench
from bench.place import Place, brief, never, open_place
from bench.rows import at_most
from bench.tape import Tape, Taped, TapedAgents, taped_class, taped_function
from store.database import Database
from store.threads import in_thread

ROUNDS, WARM_UP = 30, 5
RATIO_BAR, COMMIT_BAR = 1.5, 1


class Took(NamedTuple):
    """Milliseconds on the clock, and of the processor."""

    clock: float
    processor: float

    @classmethod
    def since(cls, before: Took) -> Took:
        """Return what has passed since a moment."""
        return cls(*(now - then for now, then in zip(cls.now(), before, strict=True)))

    @classmethod
    def now(cls) -> Took:
        """Return this moment."""
        return cls(time.perf_counter() * 1e3, time.process_time() * 1e3)


@dataclass(frozen=True)
class Timed:
    """One round: our whole start, the graph run inside it, the bare graph's run, that with commits."""

    start: Took
    ours: Took
    bare: Took
    committing: Took


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of 30 rounds (or of the number given)."""
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        timed, commits, nodes = asyncio.run(_measure(Path(folder), rounds))
    yield at_most("nodes run", nodes, "count")
    for kind in Took._fields:
        ours, bare, committing = (
            statistics.median(getattr(getattr(t, name), kind) for t in timed)
            for name in ("ours", "bare", "committing")
        )
        yield at_most(f"our graph, {kind} p50", ours, "ms")
        yield at_most(f"bare graph, {kind} p50", bare, "ms")
        yield at_most(f"bare graph with a one-row commit a node, {kind} p50", committing, "ms")
        yield at_most(f"our graph / bare graph, {kind} p50", ours / bare, "ratio", RATIO_BAR)
        yield at_most(
            f"our graph / bare graph with as many commits, {kind} p50", ours / committing, "ratio", RATIO_BAR
        )
    starts = statistics.median(t.start.clock for t in timed)
    yield at_most("with the campaign's rows written before, clock p50", starts, "ms")
    yield at_most("most store commits in one node", max(commits.values()), "count", COMMIT_BAR)
    yield at_most("store commits from start to the interrupt", sum(commits.values()), "count", nodes)


async def _measure(folder: Path, rounds: int) -> tuple[list[Timed], dict[str, int], int]:
    async with open_place(folder) as place, AsyncExitStack() as stack:
        tape = Tape()
        for name in ("WarehouseDesk", "DesignDesk"):
            stack.enter_context(patch.object(drafting, name, taped_class(tape, getattr(drafting, name))))
        facts = taped_function(tape, analyst_desk.DesignFacts.read)
        stack.enter_context(patch.object(analyst_desk.DesignFacts, "read", facts))
        # reading the brief is the offline model's work
        stack.enter_context(patch.object(drafting, "reading_of", taped_function(tape, reading_of)))
        stack.enter_context(
            patch.object(drafting, "bandit_prior", taped_function(tape, analyst_desk.bandit_prior))
        )
        ours = _ours(place, tape, await stack.enter_async_context(open_checkpoints(folder / "ours.db")))
        updates, commits = await _record(place, ours)
        tape.rewind()
        replayed, again = await _record(place, ours)
        if replayed.keys() != updates.keys() or again != commits:
            raise RuntimeError("the replayed thread took another way than the recorded one")
        bare = _bare(updates, await stack.enter_async_context(open_checkpoints(folder / "bare.db")))
        committing = _bare(
            updates,
            await stack.enter_async_context(open_checkpoints(folder / "committing.db")),
            _committer(place.bench.database, commits),
        )
        timed = [await _round(place, ours, bare, committing, tape) for _ in range(WARM_UP + rounds)]
        return timed[WARM_UP:], commits, len(updates)


# Any: whichever saver the settings choose.
def _ours(place: Place, tape: Tape, checkpoints: Any) -> Threads:
    bench = place.bench
    memory = Taped(tape, "memory", lambda: bench.memory(place.workspace_id))
    taped = Workbench(
        bench.database,
        bench.warehouse,
        lambda _: cast(Any, memory),
        bench.models,
        bench.clock,
        bench.ids,
        bench.audit,
    )
    crew = cast(Crew, TapedAgents(tape, "crew", lambda: LiveCrew(bench)))
    return Threads(taped, build_propose(taped, crew, never, checkpoints))


def _bare(
    updates: dict[str, ProposeState], checkpoints: Any, work: Callable[[str], Awaitable[None]] | None = None
) -> ProposeGraph:
    """Build the same graph from nodes that only return what ours returned, after some `work` by node name."""

    class Silent:
        def __init__(self, *_: object) -> None: ...

        # Any: called by the builder as drafting.NAME and deciding.NAME
        def __getattr__(self, name: str) -> Any:
            async def node(_: ProposeState) -> ProposeState:
                if name == "approve":
                    interrupt(updates[name])
                if work is not None:
                    await work(name)
                return updates[name]

            node.__name__ = name
            return node

    with patch.object(graph, "Drafting", Silent), patch.object(graph, "Deciding", Silent):
        return build_propose(cast(Any, None), cast(Any, None), never, checkpoints)


def _committer(database: Database, commits: dict[str, int]) -> Callable[[str], Awaitable[None]]:
    with database.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE bench_rows (node TEXT)")

    def commit(node: str) -> None:
        with database.write(durable=node == "freeze_proposal") as session:
            session.connection().exec_driver_sql("INSERT INTO bench_rows VALUES (?)", (node,))

    async def work(node: str) -> None:
        for _ in range(commits[node]):
            await in_thread(commit, node)

    return work


def _begun(place: Place) -> ProposeState:
    return begin(place.bench, workspace_id=place.workspace_id, author_id=place.author_id, text=brief())


async def _record(place: Place, threads: Threads) -> tuple[dict[str, ProposeState], dict[str, int]]:
    """Run one thread to its interrupt; return each node's update and its store commits, by node in order."""
    state = _begun(place)
    updates: dict[str, ProposeState] = {}
    commits: dict[str, int] = {}
    before = place.bench.database.commits
    stream = threads.graph.astream(
        state, config_of(state["thread_id"]), durability="sync", stream_mode="updates"
    )
    async for event in stream:
        ((name, update),) = event.items()
        name = "approve" if name == "__interrupt__" else name
        updates[name] = update[0].value if name == "approve" else update
        commits[name] = place.bench.database.commits - before
        before = place.bench.database.commits
    if "approve" not in updates:
        raise RuntimeError(f"the thread ended before approve, after {', '.join(updates)}")
    return updates, commits


async def _round(
    place: Place, ours: Threads, bare: ProposeGraph, committing: ProposeGraph, tape: Tape
) -> Timed:
    tape.rewind()
    began = Took.now()
    state = _begun(place)
    started = Took.now()
    await ours.graph.ainvoke(state, config_of(state["thread_id"]), durability="sync")
    return Timed(
        Took.since(began),
        Took.since(started),
        await _bare_run(bare, state),
        await _bare_run(committing, state),
    )


async def _bare_run(graph: ProposeGraph, state: ProposeState) -> Took:
    same: ProposeState = {**state, "thread_id": str(uuid.uuid4())[:26]}
    started = Took.now()
    await graph.ainvoke(same, config_of(same["thread_id"]), durability="sync")
    return Took.since(started)
