"""Agents at work without a home: a crew over one model, and a situation in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from agents.agent_run import AgentRun, FailedAttempt, Limits
from agents.crew import LiveCrew
from agents.models.interface import ModelProvider
from agents.planner.agent import BriefReading, PlanAnswer, PlannerTask, reading_of
from agents.planner.brief import Brief
from agents.propose.hearing import read_with_answers
from agents.situation import Situation
from agents.workbench import Workbench
from policies.workspace_rules import WorkspaceRules
from tools.offers.actions import Action

TODAY = date(2026, 11, 21)
THREAD = "eval"


class HomelessCrew(LiveCrew):
    """The live agents without a home, in which a failed run would leave what it used."""

    def _keep_failure(self, thread_id: str, agent: str, failed: Sequence[FailedAttempt]) -> None:
        """Nothing is kept."""


@dataclass(frozen=True)
class Equipment:
    """What tasks are carried out with: the model, and how far one agent may go."""

    models: ModelProvider
    limits: Limits = field(default_factory=Limits)

    def crew(self) -> LiveCrew:
        """Return the agents. Any: alone they use the model and the limits of a workbench, nothing of a home."""
        nothing = cast(Any, None)
        bench = Workbench(
            database=nothing,
            warehouse=nothing,
            memory=nothing,
            models=self.models,
            clock=nothing,
            ids=nothing,
            audit=nothing,
            limits=self.limits,
        )
        return HomelessCrew(bench)


def action(
    action_id: str, product: str, *, channel: str = "email", cost_minor: int = 20, description: str = ""
) -> Action:
    """Return an action of the made-up workspace."""
    return Action(
        action_id=action_id,
        name=f"{product} message",
        channel=channel,
        message_cost_minor=cost_minor,
        currency="USD",
        product_id=action_id,
        product_name=product,
        product_description=description or f"{product}, made with care.",
        cost_source="made up",
    )


ACTIONS = (
    action("mens_merchandise", "Men's merchandise"),
    action("womens_merchandise", "Women's merchandise", cost_minor=25),
    action("sale_sms", "Winter coats", channel="sms", cost_minor=60),
    action("news_push", "New arrivals", channel="push", cost_minor=20),
    action("news_in_app", "New collection", channel="in_app", cost_minor=20),
)


def situation(
    text: str, *, currency: str = "USD", timezone: str = "UTC", actions: tuple[Action, ...] = ACTIONS
) -> Situation:
    """Return what a brief is planned with, on the day that the cases count from."""
    return Situation(
        brief_text=text,
        brand="Small shop",
        today=TODAY,
        timezone=timezone,
        currency=currency,
        rules=WorkspaceRules(channels=("email", "sms", "push", "in_app")),
        actions=actions,
        experiments=(),
    )


async def plan(
    equipment: Equipment,
    of: Situation,
    said: tuple[tuple[str, str], ...] = (),
    read: Callable[[PlannerTask], Brief] | None = None,
) -> tuple[AgentRun[PlanAnswer], BriefReading]:
    """Read a situation's brief as the graph does, and let the planner plan it."""
    task = PlannerTask(
        text=of.brief_text, today=of.today, timezone=of.timezone, currency=of.currency, said=said
    )
    reading = reading_of(task, of, read or (lambda asked: read_with_answers(asked, of)))
    return await equipment.crew().plan(THREAD, task, of, reading), reading
