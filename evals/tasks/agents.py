"""One agent at one task, with tools that work or fail: what it called, in which order, and what it answered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from agents.agent_run import AgentRun
from agents.analyst.agent import AnalyseTask, DesignTask, ForecastTask
from agents.copywriter.agent import CopyTask
from agents.copywriter.guidance import BrandGuidance, BrandText
from agents.errors import AgentError, CassetteError
from agents.planner.brief import Brief
from agents.propose.drafts import PlanDraft
from agents.propose.tasks import copy_task
from agents.segmenter.agent import SegmentTask
from evals.harness.case import Case, JsonObject, Step
from evals.tasks.crew import ACTIONS, THREAD, TODAY, Equipment, plan, situation
from evals.tasks.outcome import TaskOutcome, steps_of, usage_of
from evals.worlds.desks import DeskFailure, Faults, SeededDesk
from policies.figures import figures_named

BRIEF = (
    "Bring back customers who have not bought for 6 months with our men's merchandise e-mail. "
    "Budget $2,000, 1-14 December, hold out 10 %."
)
AnyRun = AgentRun[Any]  # of whichever agent


class RunAgent:
    """Run the agent that a case names in `data.agent`; `data.fail` makes one of its tools fail so many times."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    async def __call__(self, case: Case, seed: int) -> TaskOutcome:  # the case has a seed of its own
        faults = _faults(case)
        desk = SeededDesk(int(str(case.data.get("seed", 1))), faults=faults)
        try:
            run = await self._run(case, desk)
        except CassetteError:
            raise  # nothing was recorded of this case: that says nothing of the agent
        except AgentError as error:
            return TaskOutcome(
                output={"failed": error.code, "message": error.message, "fault_seen": faults.seen},
                steps=_steps_in(error),
                usage=(error.input_tokens, error.output_tokens, 0),
            )
        cited = figures_named(_texts(run.answer))
        known: set[str] = set()
        for call in run.tool_calls:
            known |= set(getattr(call.result, "quantities", {}))
        output: JsonObject = {
            "answer": run.answer.model_dump(mode="json"),
            "unsourced": [*map(str, sorted(cited - known))],
            "fault_seen": faults.seen,
        }
        return TaskOutcome(output=output, steps=steps_of([run]), usage=usage_of([run]), trace=case.id)

    async def _run(self, case: Case, desk: SeededDesk) -> AnyRun:
        crew, arms = self._equipment.crew(), (*desk.arms, "none")
        match str(case.data["agent"]):
            case "planner":
                of = situation(case.text or BRIEF)
                return (await plan(self._equipment, of))[0]
            case "segmenter":
                task = SegmentTask(
                    definition=str(case.data.get("definition", "days_since_purchase >= 180")),
                    as_of=TODAY,
                    channels=("email",),
                    arm_ids=arms,
                    reward_id="visit",
                )
                return await crew.segment(THREAD, task, desk)
            case "copywriter":
                return await crew.write(THREAD, copy_task_of(str(case.data.get("objective", "winback"))))
            case "guidance":
                return await crew.read_brand(THREAD, BrandText(passages=(case.text,)))
            case "design":
                design = DesignTask(arm_ids=arms, reward_id="visit", kpi="visits", spend_guardrail=True)
                return await crew.design(THREAD, design, desk)
            case "forecast":
                return await crew.forecast(
                    THREAD, ForecastTask(reward_id="visit", policy_id="squarecb"), desk
                )
            case "analyst":
                analyse = AnalyseTask(objective="Win them back", final=bool(case.data.get("final", True)))
                return await crew.analyse(THREAD, analyse, desk.readout())
            case other:
                raise DeskFailure(f"there is no agent {other!r}", value=other)


def copy_task_of(objective: str) -> CopyTask:
    """Return what the copywriter is asked for two e-mail actions of the made-up workspace."""
    of = situation(BRIEF)
    brief = Brief.model_validate({"action": "plan", "objective": objective})
    names = tuple(one.action_id for one in ACTIONS if one.channel == "email")
    draft = PlanDraft(
        brief=brief, definition="all", action_ids=names, reward_id="visit", rationale="x", channels=("email",)
    )
    guidance = BrandGuidance(
        tone="warm", address="first_name", mentions_new_arrivals=False, allows_urgency=False
    )
    return copy_task(of, draft, guidance)


def _faults(case: Case) -> Faults:
    made = case.data.get("fail")
    if not isinstance(made, dict):
        return Faults()
    times = made.get("times")
    return Faults(
        tool=str(made["tool"]),
        times=None if times is None else int(str(times)),
        words=str(made.get("words", Faults.words)),
    )


def _texts(answer: BaseModel) -> list[str]:
    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return [text for part in value.values() for text in texts(part)]
        return [text for part in value for text in texts(part)] if isinstance(value, list) else []

    return texts(answer.model_dump(mode="json"))


def _steps_in(error: AgentError) -> tuple[Step, ...]:
    """The tool calls in a failed run's trace."""
    calls: list[Step] = []
    for message in error.trace:
        asked = message.get("tool_calls")
        for call in asked if isinstance(asked, list) else []:
            if isinstance(call, dict) and isinstance(call.get("args"), dict):
                calls.append(Step(agent=error.agent or "", tool=str(call["name"]), args=call["args"]))
    return tuple(calls)
