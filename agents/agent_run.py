"""What one run of an agent is bounded by, tells while it runs, and leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents.agent_tool import ToolProblem
from agents.storable import storable, storable_text

AnswerT = TypeVar("AnswerT", bound=BaseModel)


class Limits(BaseModel):
    """How far one run with one model may go: calls of the model, calls of tools, repairs of an unusable turn, seconds.

    `max_tokens` counts tokens sent and received as the server reports them; `max_cost` is in major units of the currency
    of the model's price, and holds where a price is declared.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_steps: int = Field(default=16, ge=1, le=200)
    max_tool_calls: int = Field(default=40, ge=0, le=1000)
    repairs: int = Field(default=2, ge=0, le=10)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    max_tokens: int = Field(default=200_000, ge=1)
    max_cost: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)


class Retry(NamedTuple):
    """How often a call is repeated that found the server busy, broken or gone; the wait doubles each time, in seconds."""

    times: int = 0
    delay_s: float = 0.5


ProgressKind = Literal[
    "started",
    "tokens",
    "tool_called",
    "tool_answered",
    "tool_refused",
    "repair",
    "retry",
    "fallback",
    "answered",
]


class ProgressEvent(BaseModel):
    """One thing an agent did; `result` is the tool's result, or the answer, as JSON.

    `call_id` is the model's own name for a tool call, unique within the agent's run; `arguments` come with the call.
    With `tokens`, `detail` is what the model has just written: a preview, void after a `retry` or `fallback`.
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


# Looks at an answer that fits its schema, and at the tool calls before it; CountersignError says why it may not be used.
Check: TypeAlias = Callable[[AnswerT, tuple[ToolCallRecord, ...]], None]


@dataclass(frozen=True)
class FailedAttempt:
    """What a model used before another took over: its name, the code of its failure, and the traffic up to it."""

    model_id: str
    code: str
    messages: tuple[dict[str, JsonValue], ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    duration_s: float = 0.0


@dataclass(frozen=True)
class AgentRun(Generic[AnswerT]):
    """A finished run: the parsed answer and how it came about. `tool_calls` are in the order they were asked for.

    `model_id` names the model that wrote the answer; `failed` are those of its chain that were tried before it.
    """

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
    failed: tuple[FailedAttempt, ...] = ()

    def after(self, failed: Sequence[FailedAttempt]) -> AgentRun[AnswerT]:
        """Return the run with the models that were tried before its own."""
        return replace(self, failed=tuple(failed))


def as_trace(messages: Sequence[BaseMessage]) -> tuple[dict[str, JsonValue], ...]:
    """Messages as JSON objects: role, content, and for tools the calls, ids and status."""
    return tuple(_trace_entry(message) for message in messages)


def _trace_entry(message: BaseMessage) -> dict[str, JsonValue]:
    entry: dict[str, JsonValue] = {"role": message.type, "content": storable_text(message.text)}
    if isinstance(message, AIMessage):
        calls = [*message.tool_calls, *message.invalid_tool_calls]
        entry["tool_calls"] = [
            {"id": call["id"], "name": storable(call["name"]), "args": storable(call["args"])}
            for call in calls
        ]
    elif isinstance(message, ToolMessage):
        entry |= {"tool_call_id": message.tool_call_id, "name": message.name, "status": message.status}
    return entry
