"""A brief put to the planner: what it plans, refuses and asks."""

from __future__ import annotations

from evals.harness.case import Case
from evals.tasks.crew import Equipment, plan, situation
from evals.tasks.outcome import TaskOutcome, steps_of, usage_of


class PlanBrief:
    """Let the planner plan a case's text in the made-up workspace, whose currency the case may name."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    async def __call__(self, case: Case, seed: int) -> TaskOutcome:  # nothing here is drawn
        currency = str(case.data.get("currency", "USD"))
        run, reading = await plan(self._equipment, situation(case.text, currency=currency))
        brief = reading.brief
        output = brief.model_dump(mode="json", exclude={"slots"})
        output |= {
            "codes": sorted({refusal.code for refusal in brief.refusals}),
            "asked": sorted({question.field for question in brief.questions}),
            "action_ids": list(run.answer.action_ids),
            "rationale": run.answer.rationale,
            "affordable": _quantity(run.tool_calls, "budget.affordable"),
            "budget_minor": _quantity(run.tool_calls, "budget.total"),
        }
        return TaskOutcome(output=output, steps=steps_of([run]), usage=usage_of([run]), trace=case.id)


def _quantity(calls: tuple[object, ...], name: str) -> int | None:
    for call in calls:
        found = getattr(getattr(call, "result", None), "quantities", {}).get(name)
        if found is not None:
            return int(found.value)
    return None
