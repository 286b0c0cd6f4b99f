"""Where a thread stands: its last checkpoint in words of our own, so that entrances need not know the graph library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import StateSnapshot
from pydantic import JsonValue

from agents.propose.graph import RECURSION_LIMIT, ProposeGraph
from agents.refusals import UnknownNodeError
from agents.state import ProposeState

_TO_A_NODE = "branch:to:"


class Waiting(NamedTuple):
    """The interrupt that a thread waits at."""

    interrupt_id: str
    node: str
    task_id: str
    value: Mapping[str, JsonValue]


class Stand(NamedTuple):
    """One checkpoint of a thread; the ids are None before its first."""

    values: ProposeState
    next: tuple[str, ...]
    waiting: Waiting | None
    checkpoint_id: str | None
    parent_id: str | None
    created_at: str | None
    step: int


def config_of(thread_id: str) -> RunnableConfig:
    """Return the configuration a thread is run with."""
    return {"configurable": {"thread_id": thread_id}, "recursion_limit": RECURSION_LIMIT}


async def snapshot_of(graph: ProposeGraph, thread_id: str) -> StateSnapshot:
    """Return a thread's last checkpoint; UnknownNodeError where it was left at a node that the graph does not have.

    The library shows such a thread as ended, and new input would start it over.
    """
    config = config_of(thread_id)
    snapshot = await graph.aget_state(config)
    if snapshot.next or not isinstance(graph.checkpointer, BaseCheckpointSaver):
        return snapshot
    saved = await graph.checkpointer.aget_tuple(config)
    channels = saved.checkpoint["channel_values"] if saved is not None else {}
    wanted = [name.removeprefix(_TO_A_NODE) for name in channels if name.startswith(_TO_A_NODE)]
    lost = next((node for node in wanted if node not in graph.nodes), None)
    if lost is not None:
        raise UnknownNodeError(
            f"the thread {thread_id} was left at the step {lost!r}, which this version of Countersign does not have; "
            "finish it with the version that began it, or propose the campaign again",
            value=lost,
        )
    return snapshot


async def history_of(graph: ProposeGraph, thread_id: str, *, limit: int, before: str | None) -> list[Stand]:
    """Return a thread's checkpoints, the newest first; those before a checkpoint where one is named."""
    config = config_of(thread_id)
    earlier: RunnableConfig | None = None
    if before is not None:
        earlier = {"configurable": {"thread_id": thread_id, "checkpoint_id": before}}
    return [stand_of(each) async for each in graph.aget_state_history(config, before=earlier, limit=limit)]


def stand_of(snapshot: StateSnapshot) -> Stand:
    """Return a checkpoint in words of our own."""
    values: Any = snapshot.values  # LangGraph leaves values untyped
    metadata: Mapping[str, Any] = snapshot.metadata or {}  # and the metadata's as well
    return Stand(
        values=values,
        next=snapshot.next,
        waiting=_waiting(snapshot),
        checkpoint_id=_checkpoint_id(snapshot.config),
        parent_id=_checkpoint_id(snapshot.parent_config),
        created_at=snapshot.created_at,
        step=int(metadata.get("step", -1)),
    )


def _waiting(snapshot: StateSnapshot) -> Waiting | None:
    for task in snapshot.tasks:
        for interrupt in task.interrupts:
            value = interrupt.value if isinstance(interrupt.value, Mapping) else {}
            return Waiting(interrupt.id, task.name, task.id, value)
    return None


def _checkpoint_id(config: RunnableConfig | None) -> str | None:
    found = (config or {}).get("configurable", {}).get("checkpoint_id")
    return None if found is None else str(found)
