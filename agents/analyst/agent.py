"""The experiment analyst: designs, forecasts and reads out. Its calculations stand behind `AnalysisDesk`."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from agents.agent_run import Check, ToolCallRecord
from agents.agent_tool import AgentTool, AnyAgentTool
from agents.checks import require_returned
from agents.errors import AnswerInvalidError
from agents.models.offline import CallTool, Finish, PlaybookStep, ToolOutcome
from agents.prose import Prose
from policies.figures import unsourced_numbers
from tools.result import Result

Verdict = Literal["better", "worse", "not conclusive", "not estimable", "not yet"]
CANDIDATES = ("squarecb", "thompson", "uniform")


class Nothing(BaseModel):
    """A tool without arguments: what it calculates with is fixed by the plan."""


class DesignTask(BaseModel):
    """What the analyst is given for the design."""

    model_config = ConfigDict(frozen=True)

    arm_ids: tuple[str, ...]
    reward_id: str
    kpi: str
    spend_guardrail: bool


class ExperimentSize(Result):
    """`design.*` quantities: holdout and optimised people, smallest effect, duration, batches."""

    feasible: bool
    reason: str


class CandidateValue(BaseModel):
    model_config = ConfigDict(frozen=True)

    policy_id: str
    estimable: bool


class PolicyValues(Result):
    """Off-policy value of candidate bandit policies on the logged rows; `ope.POLICY.value`, `.low`, `.high`."""

    label: str
    candidates: tuple[CandidateValue, ...]
    best: str


class DesignAnswer(BaseModel):
    """How the campaign learns and is measured."""

    model_config = ConfigDict(frozen=True)

    policy_id: Literal["squarecb", "thompson", "uniform"]
    hypothesis: Prose
    rationale: Prose


class ForecastTask(BaseModel):
    model_config = ConfigDict(frozen=True)

    reward_id: str
    policy_id: str


class ForecastMade(Result):
    """`forecast.QUANTITY.median|low|high` for sends, visits, conversions, revenue and cost; `forecast.lift`."""

    method: str
    label: str
    quantities_forecast: tuple[str, ...]


class ForecastAnswer(BaseModel):
    model_config = ConfigDict(frozen=True)

    summary: Prose


class AnalyseTask(BaseModel):
    """What the analyst is given for a readout; `arm_names` are the names of the actions, by arm."""

    model_config = ConfigDict(frozen=True)

    objective: str
    final: bool
    arm_names: dict[str, str] = {}

    def named(self, arm_id: str) -> str:
        """Return an arm's name, or its id where the name holds a number that prose may not."""
        name = self.arm_names.get(arm_id, arm_id)
        return arm_id if unsourced_numbers(name, {}) else f"the {name[:1].lower()}{name[1:]}"


class ReadoutSummary(Result):
    """The readout in figures; the verdict was decided by the pre-declared interval, not by the agent."""

    verdict: Verdict
    guardrail: Literal["held", "broken", "not conclusive", "not estimable", "not yet"]
    label: str
    arms_estimable: tuple[str, ...]
    best_arm: str | None
    worst_arm: str | None
    forecast_inside: tuple[str, ...]
    forecast_outside: tuple[str, ...]


class NextProposal(BaseModel):
    """An objective for a next campaign, in words that can be typed as they are."""

    model_config = ConfigDict(frozen=True)

    objective: Prose
    because: Prose


class Findings(BaseModel):
    """What the readout says; `verdict` repeats the readout's own."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    summary: Prose
    next_proposals: tuple[NextProposal, ...] = Field(max_length=3)


class DesignDesk(Protocol):
    """The calculations behind design and forecast."""

    def size(self) -> ExperimentSize: ...

    def compare(self) -> PolicyValues: ...

    def forecast(self, policy_id: str) -> ForecastMade: ...


def check_design(answer: DesignAnswer, calls: tuple[ToolCallRecord, ...]) -> None:
    """AnswerInvalidError for a figure that no tool returned."""
    require_returned(calls, answer.rationale, answer.hypothesis)


def check_forecast(answer: ForecastAnswer, calls: tuple[ToolCallRecord, ...]) -> None:
    """AnswerInvalidError for a figure that no tool returned."""
    require_returned(calls, answer.summary)


def check_findings(summary: ReadoutSummary) -> Check[Findings]:
    """Return what findings are held against: the readout's own verdict and figures."""

    def check(answer: Findings, calls: tuple[ToolCallRecord, ...]) -> None:
        if answer.verdict != summary.verdict:
            raise AnswerInvalidError(
                f"The analyst said {answer.verdict!r}, the readout says {summary.verdict!r}.",
                value=answer.verdict,
            )
        said = [text for each in answer.next_proposals for text in (each.objective, each.because)]
        require_returned(calls, answer.summary, *said)

    return check


def design_tools(desk: DesignDesk) -> list[AnyAgentTool]:
    """Return the analyst's tools for the design."""

    def size_experiment(_: Nothing) -> ExperimentSize:
        return desk.size()

    def compare_policies(_: Nothing) -> PolicyValues:
        return desk.compare()

    return [
        AgentTool(
            "size_experiment",
            "Groups, the smallest effect that can be seen, duration and batches.",
            Nothing,
            size_experiment,
        ),
        AgentTool(
            "compare_policies",
            "Off-policy value of the candidate bandit policies on the logged experiment, with intervals.",
            Nothing,
            compare_policies,
        ),
    ]


def forecast_tools(desk: DesignDesk, task: ForecastTask) -> list[AnyAgentTool]:
    """Return the analyst's tool for the forecast."""

    def forecast_campaign(_: Nothing) -> ForecastMade:
        return desk.forecast(task.policy_id)

    return [
        AgentTool(
            "forecast_campaign",
            "Sends, visits, conversions, revenue and cost with 80 % intervals.",
            Nothing,
            forecast_campaign,
        )
    ]


def analyse_tools(summary: ReadoutSummary) -> list[AnyAgentTool]:
    """Return the analyst's tool for the readout."""

    def read_readout(_: Nothing) -> ReadoutSummary:
        return summary

    return [AgentTool("read_readout", "The finished readout in figures.", Nothing, read_readout)]


def design_playbook(task: DesignTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Size it, compare the candidates, choose the default unless another is clearly better."""
    results = {outcome.name: outcome.artifact for outcome in outcomes}
    if "size_experiment" not in results:
        return CallTool("size_experiment", Nothing())
    if "compare_policies" not in results:
        return CallTool("compare_policies", Nothing())
    values = results["compare_policies"]
    estimable = isinstance(values, PolicyValues) and any(
        c.policy_id == "squarecb" and c.estimable for c in values.candidates
    )
    words = "SquareCB learns from every batch and logs exact propensities."
    if estimable:
        words += (
            " On the logged rows it would have earned {figure:ope.squarecb.value} a person,"
            " between {figure:ope.squarecb.low} and {figure:ope.squarecb.high}."
        )
    arms = ", ".join(arm for arm in task.arm_ids if arm != "none")
    return Finish(
        DesignAnswer(
            policy_id="squarecb",
            hypothesis=f"Choosing between {arms} and no message per person brings more {task.kpi} than no message.",
            rationale=words,
        )
    )


def forecast_playbook(_: ForecastTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Forecast and say it with its interval."""
    if not outcomes:
        return CallTool("forecast_campaign", Nothing())
    return Finish(
        ForecastAnswer(
            summary=(
                "It may bring between {figure:forecast.visits.low} and {figure:forecast.visits.high},"
                " for a cost between {figure:forecast.cost.low} and {figure:forecast.cost.high}."
            )
        )
    )


def analyse_playbook(task: AnalyseTask, outcomes: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Say what the readout's own verdict says, and what could come next."""
    if not outcomes:
        return CallTool("read_readout", Nothing())
    readout = outcomes[-1].artifact
    if not isinstance(readout, ReadoutSummary):
        return CallTool("read_readout", Nothing())
    said = {
        "better": "The campaign brought more than no message did",
        "worse": "The campaign brought less than no message did",
        "not conclusive": "The result is not conclusive",
        "not estimable": "The effect cannot be estimated from what was observed",
        "not yet": "It is too early for a verdict",
    }[readout.verdict]
    summary = f"{said}."
    if "readout.lift.value" in readout.quantities:
        summary += (
            " The difference per person lies between {figure:readout.lift.low} and {figure:readout.lift.high}"
            " with a best estimate of {figure:readout.lift.value}."
        )
    return Finish(
        Findings(
            verdict=readout.verdict,
            summary=summary,
            next_proposals=_next(task, readout) if task.final else (),
        )
    )


def _next(task: AnalyseTask, readout: ReadoutSummary) -> tuple[NextProposal, ...]:
    proposals = []
    if readout.best_arm is not None and readout.verdict == "better":
        proposals.append(
            NextProposal(
                objective=f"{task.objective}, lead with {task.named(readout.best_arm)} and keep a random control group.",
                because="It had the highest estimate here, and a control group drawn at random would confirm it.",
            )
        )
    if readout.verdict in ("not conclusive", "not estimable"):
        proposals.append(
            NextProposal(
                objective=f"{task.objective}, run again for longer with a larger audience.",
                because="The interval still holds both a gain and a loss.",
            )
        )
    if readout.guardrail != "held":
        proposals.append(
            NextProposal(
                objective=f"{task.objective}, with a random control group and more spend as the goal.",
                because="The guardrail on spend could not be shown to hold.",
            )
        )
    return tuple(proposals)
