"""The propose graph, drawn as it runs."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.crew import Crew
from agents.propose.deciding import Deciding, Launcher
from agents.propose.drafting import Drafting
from agents.propose.recent import RecentDrafts
from agents.state import ProposeState
from agents.workbench import Workbench

ProposeGraph = CompiledStateGraph[ProposeState, None, ProposeState, ProposeState]
RECURSION_LIMIT = 60
MENDED_BY = ("plan", "segment", "write", "design_experiment")


def build_propose(
    bench: Workbench, crew: Crew, launcher: Launcher, checkpointer: BaseCheckpointSaver[Any] | None
) -> ProposeGraph:
    """Return the compiled graph; interrupts happen in `clarify` and `approve` only, effects in `launch` only."""
    drafts = RecentDrafts(bench)
    drafting, deciding = Drafting(bench, crew, drafts), Deciding(bench, launcher, drafts)
    builder = StateGraph(ProposeState)
    for node in (
        drafting.sense,
        drafting.plan,
        drafting.clarify,
        drafting.segment,
        drafting.write,
        drafting.design_experiment,
        drafting.forecast,
        deciding.check_policies,
        deciding.freeze_proposal,
        deciding.approve,
        deciding.verify_approval,
        deciding.launch,
    ):
        builder.add_node(node.__name__, node)
    builder.add_edge(START, "sense")
    builder.add_edge("sense", "plan")
    builder.add_conditional_edges("plan", after_plan, ["clarify", "segment", END])
    builder.add_edge("clarify", "plan")
    builder.add_edge("segment", "write")
    builder.add_edge("write", "design_experiment")
    builder.add_edge("design_experiment", "forecast")
    builder.add_edge("forecast", "check_policies")
    builder.add_conditional_edges("check_policies", after_check, [*MENDED_BY, "freeze_proposal", END])
    builder.add_edge("freeze_proposal", "approve")
    builder.add_edge("approve", "verify_approval")
    builder.add_conditional_edges("verify_approval", after_verify, ["launch", "approve", END])
    builder.add_edge("launch", END)
    return builder.compile(checkpointer=checkpointer, name="propose")


def after_plan(state: ProposeState) -> Literal["clarify", "segment", "__end__"]:
    """Questions are asked, a refused brief ends, anything else goes on."""
    if state["status"] == "clarifying":
        return "clarify"
    return END if state["status"] == "refused" else "segment"  # type: ignore[return-value]


def after_check(state: ProposeState) -> str:
    """A violation goes back to the node that its rule names; after the last round the thread ends blocked."""
    if state["status"] == "blocked":
        return END
    return state["back_to"] if state["status"] == "violating" else "freeze_proposal"


def after_verify(state: ProposeState) -> Literal["launch", "approve", "__end__"]:
    """Only an approval in the database leads to launch; a resume without one waits again."""
    if state["status"] == "approved":
        return "launch"
    return "approve" if state["status"] == "open" else END  # type: ignore[return-value]
