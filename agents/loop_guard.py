"""The middleware around every turn of an agent: counts, bounds, records, and asks for repairs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias, cast

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain.agents.structured_output import (
    MultipleStructuredOutputsError,
    StructuredOutputError,
    StructuredOutputValidationError,
)
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.types import Command
from pydantic import BaseModel, JsonValue, ValidationError

from agents.agent_run import Check, Limits, ProgressEvent, ProgressKind, Retry, ToolCallRecord
from agents.agent_tool import ToolProblem, canonical_json, digest_of, wrong_fields
from agents.errors import (
    AgentLimitError,
    AnswerInvalidError,
    AnswerMissingError,
    ModelDeclinedError,
    ModelUnavailableError,
)
from agents.models.prices import Prices
from agents.retrying import patiently
from agents.storable import make_storable
from policies.errors import CountersignError

# The state and context types of LangChain's agents are open by design.
_Request: TypeAlias = ModelRequest[None]
_Response: TypeAlias = ModelResponse[Any]
_State: TypeAlias = AgentState[Any]
_ONCE, _NO_PRICES = Retry(), Prices({})
_LONGEST_OBJECTION = 400


class LoopGuard(AgentMiddleware[_State, None, Any]):
    """One per run. Tools run one at a time, so that their order, and what they share, is safe."""

    def __init__(
        self,
        *,
        agent: str,
        model_id: str,
        answer_name: str,
        limits: Limits,
        on_progress: Callable[[ProgressEvent], None] | None,
        timer: Callable[[], float],
        check: Check[Any] | None = None,
        retry: Retry = _ONCE,
        prices: Prices = _NO_PRICES,
    ) -> None:
        super().__init__()
        self._agent, self._model_id, self._answer_name = agent, model_id, answer_name
        self._limits, self._on_progress, self._timer = limits, on_progress, timer
        self._check, self._retry, self._prices = check, retry, prices
        self._one_at_a_time = asyncio.Lock()
        self._asked: dict[str, int] = {}
        self._records: list[tuple[int, int, ToolCallRecord]] = []
        self.steps = self.repairs = self.calls = 0
        self.input_tokens = self.output_tokens = 0
        self.messages: list[BaseMessage] = []

    @property
    def tool_calls(self) -> tuple[ToolCallRecord, ...]:
        """The calls so far, in the order in which the model asked for them."""
        ordered = sorted(self._records, key=lambda entry: entry[:2])
        return tuple(record for _, _, record in ordered)

    def emit(
        self,
        kind: ProgressKind,
        *,
        tool: str | None = None,
        call_id: str | None = None,
        arguments: dict[str, JsonValue] | None = None,
        detail: str | None = None,
        result: BaseModel | None = None,
    ) -> None:
        """Tell the listener, if there is one, what has just happened."""
        if self._on_progress is None:
            return
        self._on_progress(
            ProgressEvent(
                agent=self._agent,
                model=self._model_id,
                kind=kind,
                step=self.steps,
                tool=tool,
                call_id=call_id,
                arguments=arguments,
                detail=detail,
                result=result.model_dump(mode="json") if result is not None else None,
                result_digest=digest_of(result) if result is not None else None,
            )
        )

    def on_invalid_answer(self, error: Exception) -> str:
        """What the model is told about an answer that broke its schema; raises when repairs are used up."""
        told = _told(error)
        # Only the failure at the end shows the answer that it failed by: until then LangChain adds it to the messages.
        if self.repairs >= self._limits.repairs and isinstance(error, StructuredOutputError):
            self.messages.append(error.ai_message)
        self._repair(told, AnswerInvalidError)
        return f"The answer does not fit its schema: {told}. Call {self._answer_name} once more, corrected."

    async def awrap_model_call(
        self, request: _Request, handler: Callable[[_Request], Awaitable[_Response]]
    ) -> _Response:
        """One turn; a turn with neither tool call nor usable answer is repaired here, where the run would just end."""
        added: list[BaseMessage] = []
        while True:
            self._step([*request.messages, *added])
            asked = self._with(request, added)
            response = await patiently(partial(handler, asked), self._retry, self._tell_retry)
            self._note(response)
            if response.structured_response is not None:
                repair = self._objection(response)
            else:
                repair = self._nudge(response) if self._unusable(response) else None
            if repair is None:
                return ModelResponse([*added, *response.result], response.structured_response)
            said = [message for message in response.result if isinstance(message, AIMessage)]
            added += [*said, *repair]

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """One tool call, recorded whatever came of it."""
        name = request.tool_call["name"]
        async with self._one_at_a_time:
            self.calls += 1
            if self.calls > self._limits.max_tool_calls:
                raise AgentLimitError(
                    f"The {self._agent} asked for more than {self._limits.max_tool_calls} tool calls; "
                    "narrow the objective or raise the limit.",
                    value=self._limits.max_tool_calls,
                )
            known = request.tool is not None
            self.emit(
                "tool_called",
                tool=name if known else None,
                call_id=str(request.tool_call["id"]),
                arguments=request.tool_call["args"],
            )
            started = self._timer()
            message = await handler(request) if known else self._unknown_tool(request)
            self._record(request, message, self._timer() - started)
        return message

    def _with(self, request: _Request, added: list[BaseMessage]) -> _Request:
        return request.override(messages=[*request.messages, *cast("list[AnyMessage]", added)])

    def _step(self, sent: list[BaseMessage]) -> None:
        self.messages = list(sent)
        if self.steps >= self._limits.max_steps:
            raise AgentLimitError(
                f"The {self._agent} found no answer in {self._limits.max_steps} steps; "
                "narrow the objective or raise the limit.",
                value=self._limits.max_steps,
            )
        self.steps += 1

    def _note(self, response: _Response) -> None:
        for message in response.result:
            if isinstance(message, AIMessage):
                make_storable(message)
        self.messages += response.result
        for message in response.result:
            if isinstance(message, AIMessage):
                self._asked = {str(call["id"]): at for at, call in enumerate(message.tool_calls)}
                if usage := message.usage_metadata:
                    self._use(max(0, usage["input_tokens"]), max(0, usage["output_tokens"]))
            elif isinstance(message, ToolMessage) and response.structured_response is None:
                # Without the mark, a refused answer beside a tool call would end the run unanswered.
                message.status = "error"

    def _use(self, tokens_in: int, tokens_out: int) -> None:
        self.input_tokens += tokens_in
        self.output_tokens += tokens_out
        used, limits = self.input_tokens + self.output_tokens, self._limits
        if used > limits.max_tokens:
            raise AgentLimitError(
                f"The {self._agent} used {used} tokens, {limits.max_tokens} are allowed; "
                "narrow the objective or raise the limit.",
                value=used,
            )
        cost = self._prices.cost(self._model_id, self.input_tokens, self.output_tokens)
        if cost is not None and limits.max_cost is not None and cost > limits.max_cost:
            raise AgentLimitError(
                f"The {self._agent} cost {cost.normalize():f}, {limits.max_cost} are allowed; "
                "narrow the objective or raise the limit.",
                value=cost,
            )

    def _tell_retry(self, error: ModelUnavailableError) -> None:
        self.emit("retry", detail=error.code)

    def _objection(self, response: _Response) -> list[BaseMessage] | None:
        """What the model is told about an answer that fits its schema and still may not be used; None for a good one."""
        if self._check is None:
            return None
        try:
            self._check(response.structured_response, self.tool_calls)
        except CountersignError as error:
            self._repair(error.code, AnswerInvalidError)
            told = f"The answer cannot be used: {error.message[:_LONGEST_OBJECTION]} Call {self._answer_name} once more, corrected."
            asked = [call for m in response.result if isinstance(m, AIMessage) for call in m.tool_calls]
            return [ToolMessage(told, tool_call_id=str(call["id"]), status="error") for call in asked]
        return None

    def _unusable(self, response: _Response) -> bool:
        said = [message for message in response.result if isinstance(message, AIMessage)]
        return response.structured_response is None and not any(message.tool_calls for message in said)

    def _nudge(self, response: _Response) -> list[BaseMessage]:
        if any(_declines(message) for message in response.result):
            raise ModelDeclinedError(
                f"The model declined to answer the {self._agent}; word the objective otherwise or choose another model."
            )
        broken = [c for m in response.result if isinstance(m, AIMessage) for c in m.invalid_tool_calls]
        if not broken:
            self._repair("neither a tool call nor an answer", AnswerMissingError)
            return [HumanMessage(f"Call a tool, or give the answer by calling {self._answer_name}.")]
        self._repair("arguments that are not JSON", AnswerInvalidError)
        told = "The arguments are not valid JSON. Call it once more, corrected."
        return [ToolMessage(told, tool_call_id=str(call["id"]), status="error") for call in broken]

    def _repair(self, told: str, failure: type[AnswerInvalidError]) -> None:
        if self.repairs >= self._limits.repairs:
            raise failure(
                f"The {self._agent} gave no usable answer after {self.repairs} repairs ({told}); "
                "try again or choose another model.",
                value=told,
            )
        self.repairs += 1
        self.emit("repair", detail=told)

    def _unknown_tool(self, request: ToolCallRequest) -> ToolMessage:
        problem = ToolProblem(
            error="unknown_tool", message="There is no such tool; use one of those you were given."
        )
        call = request.tool_call
        return ToolMessage(
            canonical_json(problem), artifact=problem, tool_call_id=str(call["id"]), name=call["name"]
        )

    def _record(
        self, request: ToolCallRequest, message: ToolMessage | Command[Any], duration_s: float
    ) -> None:
        # Our tools return a typed artifact, never a command.
        assert isinstance(message, ToolMessage) and isinstance(message.artifact, BaseModel)
        call, result = request.tool_call, message.artifact
        refused = isinstance(result, ToolProblem)
        message.status = "error" if refused else "success"
        call_id = str(call["id"])
        record = ToolCallRecord(call_id, call["name"], call["args"], result, digest_of(result), duration_s)
        self._records.append((self.steps, self._asked.get(call_id, 0), record))
        self.messages.append(message)
        tool = call["name"] if request.tool is not None else None
        self.emit("tool_refused" if refused else "tool_answered", tool=tool, call_id=call_id, result=result)


def _declines(message: BaseMessage) -> bool:
    """Whether a model says in its protocol, not in prose, that it will not answer."""
    filtered = message.response_metadata.get("finish_reason") == "content_filter"
    return filtered or bool(message.additional_kwargs.get("refusal"))


def _told(error: Exception) -> str:
    if isinstance(error, MultipleStructuredOutputsError):
        return "more than one answer in a turn"
    if isinstance(error, StructuredOutputValidationError) and isinstance(
        error.source.__cause__, ValidationError
    ):
        return wrong_fields(error.source.__cause__)
    return "not valid JSON"
