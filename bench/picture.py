"""`python -m bench.picture`: the propose graph as mermaid, drawn from the code that runs it."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.runnables.graph import Graph

from agents.propose.graph import build_propose


def propose_graph() -> Graph:
    """Return the nodes and edges of the propose graph, built without anything to run it on."""
    # Any: building calls neither the workbench nor the crew
    nothing = cast(Any, None)
    return build_propose(nothing, nothing, _never, None).get_graph()


def mermaid() -> str:
    """Return the drawing."""
    return propose_graph().draw_mermaid().strip()


async def _never(approval_id: str) -> str:
    raise RuntimeError(f"a picture launches nothing, and {approval_id} was to be")


if __name__ == "__main__":
    print(mermaid())
