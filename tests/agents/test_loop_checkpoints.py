"""An agent that runs in a node of a graph with checkpoints leaves nothing of itself in them."""

from __future__ import annotations

import contextvars
from pathlib import Path
from typing import Any, TypedDict

import aiosqlite
import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from agents.agent_run import AgentRun, Limits
from agents.errors import AgentError
from agents.loop import run_agent
from agents.models.offline import (
    OFFLINE_MODEL_ID,
    CallTool,
    Playbook,
    PlaybookStep,
    ToolOutcome,
    playbook_model,
)
from tests.agents.agent_example import CountAnswer, CountArgs, CountTask, counting_playbook, counting_tool

PLANTED = "zebra-quartz-prompt-7741"


async def count(playbook: Playbook[CountTask], task: CountTask) -> AgentRun[CountAnswer]:
    return await run_agent(
        agent="counter",
        model=playbook_model(playbook, task),
        prompt=f"Count people. {PLANTED}",
        task=task,
        tools=[counting_tool()],
        answer=CountAnswer,
        limits=Limits(max_steps=6, timeout_s=5),
    )


class Outer(TypedDict):
    people: int


async def in_a_graph(folder: Path, playbook: Playbook[CountTask]) -> bytes:
    """Run the agent in a node of a graph with checkpoints; every byte that the checkpoints left on disk."""

    async def node(state: Outer) -> Outer:
        task = CountTask(months=6, note=PLANTED)
        return {"people": (await count(playbook, task)).answer.people}

    file = folder / "checkpoints.db"
    async with aiosqlite.connect(file) as connection:
        graph = StateGraph(Outer)
        graph.add_node("count", node)
        graph.add_edge(START, "count")
        graph.add_edge("count", END)
        compiled = graph.compile(checkpointer=AsyncSqliteSaver(connection))
        config: Any = {"configurable": {"thread_id": "t1"}}
        try:
            end = await compiled.ainvoke({"people": 0}, config, durability="sync")
            assert end["people"] == 70
        except AgentError:
            pass
        # Not vacuous: the graph's own state did go to disk.
        assert [s async for s in compiled.aget_state_history(config)]
    return bytes_in(folder)


def bytes_in(folder: Path) -> bytes:
    left = sorted(folder.iterdir())
    assert left
    return b"".join(path.read_bytes() for path in left)


async def test_checkpoints_hold_nothing_of_an_agent(tmp_path: Path) -> None:
    left = await in_a_graph(tmp_path, counting_playbook)
    assert b"people" in left
    assert PLANTED.encode() not in left
    assert b"count_people" not in left and OFFLINE_MODEL_ID.encode() not in left


async def test_checkpoints_hold_no_prompt_when_an_agent_fails(tmp_path: Path) -> None:
    def forever(task: CountTask, done: tuple[ToolOutcome, ...]) -> PlaybookStep:
        return CallTool("count_people", CountArgs(months=1))

    left = await in_a_graph(tmp_path, forever)
    assert b"AgentLimitError" in left
    assert PLANTED.encode() not in left and b"count_people" not in left


async def test_the_scan_would_find_an_agent_run_in_the_context_of_its_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same run without the empty context does leave its messages behind: the scan above can fail.
    monkeypatch.setattr(contextvars, "Context", contextvars.copy_context)
    left = await in_a_graph(tmp_path, counting_playbook)
    assert b"count_people" in left and PLANTED.encode() in left
