"""What a task gives back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from agents.agent_run import AgentRun
from evals.harness.case import JsonObject, Step


class TaskOutcome(BaseModel):
    """The output of a case, the tool calls in order, and (tokens sent, tokens received, calls of the model)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: JsonObject
    steps: tuple[Step, ...] = ()
    usage: tuple[int, int, int] = (0, 0, 0)
    trace: str = ""


def steps_of(runs: Iterable[AgentRun[Any]]) -> tuple[Step, ...]:
    """Return the tool calls of agent runs in order."""
    return tuple(
        Step(agent=run.agent, tool=call.name, args=call.args, refused=call.refused)
        for run in runs
        for call in run.tool_calls
    )


def usage_of(runs: Iterable[AgentRun[Any]]) -> tuple[int, int, int]:
    """Return the sums of tokens sent and received and of the model's turns."""
    found = list(runs)
    return (
        sum(run.input_tokens for run in found),
        sum(run.output_tokens for run in found),
        sum(run.steps for run in found),
    )
