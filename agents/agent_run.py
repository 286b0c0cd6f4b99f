"""What one run of an agent is bounded by, tells while it runs, and leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents.agent_tool import ToolProblem

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class Limits(BaseModel):
    """How far one run may go: calls of the model, calls of tools, repairs of an unusable turn, seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_steps: int = Field(default=16, ge=1, le=200)
    max_tool_calls: int = Field(default=40, ge=0, le=1000)
    repairs: int = Field(default=2, ge=0, le=10)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)


ProgressKind = Literal["started", "tool_called", "tool_answered", "tool_refused", "repair", "answered"]


class ProgressEvent(BaseModel):
    """One thing an agent did; `result` is the tool's result, or the answer, as JSON.

    `call_id` is the model's own name for a tool call, unique within the agent's run; `arguments` come with the call.
    """

    model_config = ConfigDict(frozen=True)

    agent: str
    model: str
    kind: ProgressKind
    step: int
    tool: str | None = None
    call_id: str | None = None
    arguments: dict[str, JsonValue] | None = None
    detail: str | None = None
    result: dict[str, JsonValue] | None = None
    result_digest: str | None = None


@dataclass(frozen=True)
class ToolCallRecord:
    """One tool call; `result` is a `ToolProblem` where the tool refused. Duration in seconds."""

    call_id: str
    name: str
    args: dict[str, JsonValue]
    result: BaseModel
    result_digest: str
    duration_s: float

    @property
    def refused(self) -> bool:
        """Whether the tool gave a problem instead of a result."""
        return isinstance(self.result, ToolProblem)


@dataclass(frozen=True)
class AgentRun(Generic[AnswerT]):
    """A finished run: the parsed answer and how it came about. `tool_calls` are in the order they were asked for."""

    agent: str
    model_id: str
    answer: AnswerT
    tool_calls: tuple[ToolCallRecord, ...]
    messages: tuple[dict[str, JsonValue], ...]
    prompt_digest: str
    steps: int
    repairs: int
    input_tokens: int
    output_tokens: int
    duration_s: float


def as_trace(messages: Sequence[BaseMessage]) -> tuple[dict[str, JsonValue], ...]:
    """Messages as JSON objects: role, content, and for tools the calls, ids and status."""
    return tuple(_trace_entry(message) for message in messages)


def _trace_entry(message: BaseMessage) -> dict[str, JsonValue]:
    entry: dict[str, JsonValue] = {"role": message.type, "content": message.text}
    if isinstance(message, AIMessage):
        calls = [*message.tool_calls, *message.invalid_tool_calls]
        entry["tool_calls"] = [{"id": c["id"], "name": c["name"], "args": c["args"]} for c in calls]
    elif isinstance(message, ToolMessage):
        entry |= {"tool_call_id": message.tool_call_id, "name": message.name, "status": message.status}
    return entry
