"""The planner: from the marketer's words to a brief record, the actions it speaks of and the reward."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from pydantic import BaseModel, ConfigDict

from agents.agent_run import Check, ToolCallRecord
from agents.agent_tool import AgentTool, AnyAgentTool
from agents.checks import require_returned
from agents.conversation.assuming import usual_channels
from agents.errors import AnswerInvalidError
from agents.models.offline import CallTool, Finish, PlaybookStep, ToolOutcome
from agents.planner.brief import Brief, Question
from agents.planner.filter_twin import audience_filter
from agents.planner.parser import ask, blocking_questions, channel_name, language_of
from agents.planner.parser.reading import Why
from agents.prose import Prose
from agents.situation import Situation
from tools.budget.arithmetic import BudgetPlan, plan_budget
from tools.offers.actions import ActionMatches, match_actions
from tools.result import Result


class PlannerTask(BaseModel):
    """What the planner is given. `said` holds the marketer's answers to earlier questions, by field.

    `record` is what the conversation has come to; where there is one, the text is not read again.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    today: date
    timezone: str
    currency: str
    said: tuple[tuple[str, str], ...] = ()
    record: Brief | None = None


class Nothing(BaseModel):
    """A tool without arguments."""


class BriefReading(Result):
    """The brief as it was read; `definition` is its audience in the filter language."""

    brief: Brief
    definition: str | None
    unsupported: tuple[str, ...]


class ActionsAsked(BaseModel):
    channels: list[str] | None = None


class BudgetAsked(BaseModel):
    action_ids: list[str]


class PlanAnswer(BaseModel):
    """What the planner chooses; empty where the brief has to be asked about, or is refused as a whole.

    The record itself is no part of it: it was read with its spans, and stands whatever a model would like it to say.
    """

    model_config = ConfigDict(frozen=True)

    action_ids: tuple[str, ...]
    rationale: Prose


def reading_of(task: PlannerTask, situation: Situation, read: Callable[[PlannerTask], Brief]) -> BriefReading:
    """Return the brief with its audience as a filter, and what has to be asked before that can be used."""
    brief, language = read(task), language_of(task.text)
    definition, unsupported = (None, ()) if brief.audience is None else audience_filter(brief.audience)
    asked = [_about(task.text, brief, unsupported, language)] if unsupported else []
    if brief.budget is not None and brief.budget.currency not in (None, task.currency):
        asked.append(_about_currency(f"{brief.budget.currency}", task.currency, language))
    asked.extend(_about_channels(brief, situation, language))
    if brief.action in ("plan", "plan_with_refusal") and (asked or blocking_questions(brief)):
        brief = brief.model_copy(update={"action": "clarify", "questions": [*brief.questions, *asked]})
    return BriefReading(brief=brief, definition=definition, unsupported=unsupported)


def planner_tools(task: PlannerTask, situation: Situation, reading: BriefReading) -> list[AnyAgentTool]:
    """Return the planner's tools; `reading` is the brief as it was read."""

    def read_brief(_: Nothing) -> BriefReading:
        return reading

    def find_actions(asked: ActionsAsked) -> ActionMatches:
        usable = usual_channels(situation.memory, reading.brief, situation.rules.channels)
        return match_actions(situation.actions, task.text, asked.channels or usable)

    def affordable(asked: BudgetAsked) -> BudgetPlan:
        brief = reading.brief
        chosen = [action for action in situation.actions if action.action_id in asked.action_ids]
        amount = None if brief.budget is None else brief.budget.amount
        return plan_budget(amount, situation.currency, [action.message_cost_minor for action in chosen])

    return [
        AgentTool("read_brief", "Read the objective into the brief record with the spans it was read from.", Nothing,
                  read_brief),
        AgentTool("find_actions", "Actions that may be used on the given channels, and which the text names.",
                  ActionsAsked, find_actions),
        AgentTool("plan_budget", "How many messages the budget pays for with these actions.", BudgetAsked, affordable),
    ]  # fmt: skip


def planner_playbook(_: PlannerTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Read, look for actions, do the arithmetic, answer; stop early where the brief has to be asked about."""
    results = {outcome.name: outcome.artifact for outcome in outcomes}
    reading = results.get("read_brief")
    if not isinstance(reading, BriefReading):
        return CallTool("read_brief", {})
    brief = reading.brief
    if brief.action in ("clarify", "refuse"):
        words = (
            "Some things have to be known first." if brief.action == "clarify" else "This may not be done."
        )
        return Finish(PlanAnswer(action_ids=(), rationale=words))
    matches = results.get("find_actions")
    if not isinstance(matches, ActionMatches):
        return CallTool("find_actions", {"channels": list(brief.channels) if brief.channels else None})
    mentioned = [action.action_id for action in matches.actions if action.mentioned]
    chosen = tuple(mentioned or [action.action_id for action in matches.actions])
    if not isinstance(results.get("plan_budget"), BudgetPlan):
        return CallTool("plan_budget", {"action_ids": list(chosen)})
    because = "named in the brief" if mentioned else "all that the channels allow, as the brief names none"
    words = f"The arms are the actions {because}; the budget pays for {{figure:budget.affordable}}."
    return Finish(PlanAnswer(action_ids=chosen, rationale=words))


def _about(text: str, brief: Brief, unsupported: tuple[str, ...], language: str) -> Question:
    """Ask about people whom the customer data cannot tell, in the marketer's own words where they were read."""
    spans = [brief.slots[f"audience.{key}"].span for key in unsupported if f"audience.{key}" in brief.slots]
    words = ", ".join(f"“{text[start:end]}”" for start, end in spans) or ", ".join(unsupported)
    return ask("audience", language, Why("audience_unknown", (words,)))


def _about_currency(stated: str, home: str, language: str) -> Question:
    """Ask, never convert: costs and offers of a workspace are in one currency."""
    return ask("budget", language, Why("budget_currency", (stated, home)), f"… {home}")


def _about_channels(brief: Brief, situation: Situation, language: str) -> list[Question]:
    """Ask where nothing can be sent on the channels that the brief leaves: which have an action is said."""
    left = usual_channels(situation.memory, brief, situation.rules.channels)
    equipped = {action.channel for action in situation.actions}
    ready = [channel for channel in situation.rules.channels if channel in equipped]
    if not ready or equipped & set(left):
        return []
    named = ", ".join(channel_name(channel) for channel in left)
    offered = ", ".join(channel_name(channel) for channel in ready)
    return [ask("channels", language, Why("channels_no_action", (named, offered)), channel_name(ready[0]))]


def check_plan(situation: Situation, reading: BriefReading) -> Check[PlanAnswer]:
    """Return what a plan is held against: actions that exist, on channels that the brief allows, figures that were returned."""
    allowed = reading.brief.channels or situation.rules.channels
    known = {action.action_id for action in situation.actions if action.channel in allowed}
    asks = reading.brief.action in ("clarify", "refuse")

    def check(answer: PlanAnswer, calls: tuple[ToolCallRecord, ...]) -> None:
        unknown = sorted(set(answer.action_ids) - known)
        if unknown:
            raise AnswerInvalidError(
                f"{unknown[0]!r} is no action that may be used; call find_actions for those.",
                value=unknown[0],
            )
        if len(set(answer.action_ids)) != len(answer.action_ids):
            raise AnswerInvalidError("An action is named more than once.", value=answer.action_ids)
        if known and not asks and not answer.action_ids:
            raise AnswerInvalidError(
                "The plan has no action; choose at least one that find_actions returned."
            )
        require_returned(calls, answer.rationale)

    return check
