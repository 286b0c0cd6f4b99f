"""The review graph: measure, then let the analyst say what it means."""

from __future__ import annotations

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from sqlmodel import select

from agents.analyst.agent import AnalyseTask, ReadoutSummary
from agents.crew import Crew
from agents.keeping import Keeper
from agents.review.measure import best_arms, measure
from agents.review.record import ReadoutRecord
from agents.state import GRAPH_VERSION, ReviewState
from agents.workbench import Workbench
from policies.figures import estimate
from policies.proposal import parse
from store.repositories.campaigns import get_proposal
from store.repositories.launches import get_launch
from store.tables import ActionRow, Readout
from store.threads import in_thread
from tools.result import Quantity

ReviewGraph = CompiledStateGraph[ReviewState, None, ReviewState, ReviewState]
FINDINGS = "findings"
OBJECTIVES = {
    "winback": "Win back customers who have not bought for a while",
    "retention": "Keep customers who may leave",
    "repeat_purchase": "Bring customers back for another order",
}


class Reviewing:
    """The review nodes over one workbench and crew."""

    def __init__(self, bench: Workbench, crew: Crew) -> None:
        self.bench = bench
        self.crew = crew

    async def measure(self, state: ReviewState) -> ReviewState:
        """Compute the readout and keep it."""

        def keep() -> str:
            record = measure(self.bench.database, self.bench.warehouse, self.bench.clock, state["launch_id"])
            with self.bench.database.write() as session:
                row = Readout(
                    readout_id=self.bench.ids.new(),
                    workspace_id=state["workspace_id"],
                    campaign_id=record.campaign_id,
                    launch_id=record.launch_id,
                    final=record.final,
                    verdict=record.verdict,
                    record=record.model_dump(mode="json"),
                    created_at=record.read_at,
                )
                session.add(row)
                return row.readout_id

        return {"readout_id": await in_thread(keep), "status": "measured"}

    async def analyse(self, state: ReviewState) -> ReviewState:
        """Let the analyst put the readout into words; its verdict must be the readout's own."""
        record, task = await in_thread(self._task, state)
        run = await self.crew.analyse(state["thread_id"], task, summarise(record))

        def keep() -> str:
            with self.bench.database.write() as session:
                keeper = Keeper(self.bench, session, state["workspace_id"], state["thread_id"])
                keeper.run(run)
                return keeper.draft(FINDINGS, run.answer).draft_id

        return {"findings_id": await in_thread(keep), "status": "analysed"}

    def _task(self, state: ReviewState) -> tuple[ReadoutRecord, AnalyseTask]:
        with self.bench.database.read() as session:
            record = ReadoutRecord.model_validate(session.get_one(Readout, state["readout_id"]).record)
            proposal = get_proposal(
                session, state["workspace_id"], get_launch(session, record.launch_id).proposal_id
            )
            actions = session.exec(select(ActionRow).where(ActionRow.workspace_id == state["workspace_id"]))
            names = {action.action_id: action.name for action in actions}
        code = parse(proposal.canonical_json).objective.code
        words = OBJECTIVES.get(code, code.replace("_", " ").capitalize())
        return record, AnalyseTask(objective=words, final=record.final, arm_names=names)


def build_review(bench: Workbench, crew: Crew, checkpointer: BaseCheckpointSaver[Any] | None) -> ReviewGraph:
    """Return the compiled graph; it has no interrupt and no effect."""
    nodes = Reviewing(bench, crew)
    builder = StateGraph(ReviewState)
    builder.add_node("measure", nodes.measure)
    builder.add_node("analyse", nodes.analyse)
    builder.add_edge(START, "measure")
    builder.add_edge("measure", "analyse")
    builder.add_edge("analyse", END)
    return builder.compile(checkpointer=checkpointer, name="review")


async def review_launch(bench: Workbench, graph: ReviewGraph, launch_id: str) -> ReviewState:
    """Review one launch in a thread of its own and return where it came to; NotFoundError for an unknown launch."""

    def begin() -> ReviewState:
        with bench.database.read() as session:
            launch = get_launch(session, launch_id)
        return ReviewState(
            graph_version=GRAPH_VERSION,
            workspace_id=launch.workspace_id,
            thread_id=bench.ids.new(),
            campaign_id=launch.campaign_id,
            launch_id=launch_id,
            status="measuring",
        )

    state = await in_thread(begin)
    config: RunnableConfig = {"configurable": {"thread_id": state["thread_id"]}, "recursion_limit": 10}
    await graph.ainvoke(state, config, durability="sync")
    return (await graph.aget_state(config)).values  # type: ignore[return-value]


def summarise(record: ReadoutRecord) -> ReadoutSummary:
    """Return the readout as named quantities that the analyst may cite."""
    metric = record.metric(record.primary_metric)
    quantities: dict[str, Quantity] = {}

    def add(name: str, value: float | None, unit: str) -> None:
        if value is not None:
            quantities[name] = Quantity(
                value=estimate(value), unit="ratio" if unit.startswith("minor:") else unit
            )

    for lift in metric.lifts:
        if lift.against == "holdout":
            for part in ("value", "low", "high"):
                add(
                    f"readout.lift.{part}",
                    getattr(lift, part),
                    "points" if metric.unit == "rate" else metric.unit,
                )
    for one in (*metric.groups, *metric.arms):
        add(f"readout.{one.name}.value", one.value, metric.unit)
        quantities[f"readout.{one.name}.matched"] = Quantity(value=one.matched, unit="people")
    best, worst = best_arms(record)
    guardrail = {"holds": "held"}.get(record.guardrail, record.guardrail)
    return ReadoutSummary(
        verdict=record.verdict,
        guardrail=guardrail,
        label=record.label,
        arms_estimable=tuple(arm.name for arm in metric.arms if arm.value is not None),
        best_arm=best,
        worst_arm=worst,
        forecast_inside=tuple(score.quantity for score in record.forecast if score.inside),
        forecast_outside=tuple(score.quantity for score in record.forecast if not score.inside),
        quantities=quantities,
    )
