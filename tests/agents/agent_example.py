"""A small agent that the tests of the loop and of the models run: it counts an audience."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agents.agent_tool import AgentTool, ToolProblem
from agents.models.offline import CallTool, Finish, PlaybookStep, ToolOutcome
from policies.errors import InvalidInputError


class CountTask(BaseModel):
    """Count the customers who last bought at least so many months ago."""

    months: int
    note: str = ""


class CountArgs(BaseModel):
    months: int = Field(ge=0)


class Count(BaseModel):
    people: int
    months: int


class CountAnswer(BaseModel):
    """How many people there are."""

    people: int
    share: float = Field(ge=0, le=1)


def count_people(args: CountArgs) -> Count:
    if args.months > 12:
        raise InvalidInputError(
            f"months is {args.months}; the history spans 12 months, ask for 12 or fewer.", value=args.months
        )
    return Count(people=100 - 5 * args.months, months=args.months)


def counting_tool() -> AgentTool[CountArgs, Count]:
    return AgentTool(
        "count_people", "Counts people by months since the last purchase.", CountArgs, count_people
    )


def counting_playbook(task: CountTask, done: tuple[ToolOutcome, ...]) -> PlaybookStep:
    """Counts everybody, then the asked ones; over the longest history it asks for all of it."""
    if not done:
        return CallTool("count_people", CountArgs(months=0))
    if len(done) == 1:
        return CallTool("count_people", CountArgs(months=task.months))
    everybody, wanted = done[0].artifact, done[-1].artifact
    if isinstance(wanted, ToolProblem):
        return CallTool("count_people", CountArgs(months=12))
    assert isinstance(everybody, Count) and isinstance(wanted, Count)
    return Finish(CountAnswer(people=wanted.people, share=wanted.people / everybody.people))
