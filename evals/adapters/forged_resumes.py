"""What somebody who holds LangGraph itself could send a thread; and the graph's edges as LangGraph draws them."""

from __future__ import annotations

from typing import Any, cast

from langgraph.types import Command

from agents.propose.graph import build_propose
from evals.harness.case import JsonObject


def forged_input(interrupt_id: str, answer: JsonObject) -> Command[str]:
    """Return a resume of an interrupt with a made-up answer."""
    return Command(resume={interrupt_id: answer})


def graph_edges() -> set[tuple[str, str]]:
    """Return the edges of the propose graph. Any: drawing calls neither the workbench nor the crew."""
    nothing = cast(Any, None)
    drawn = build_propose(nothing, nothing, _never, None).get_graph()
    return {(edge.source, edge.target) for edge in drawn.edges}


async def _never(approval_id: str) -> str:
    raise RuntimeError(f"a drawing launches nothing, and {approval_id} was to be")
