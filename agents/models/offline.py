"""The embedded model: a playbook decides the next tool call or the answer; it is rules, and says so.

It speaks the same messages as a hosted model and runs through the same loop, schemas and limits. It reads the
typed task it was built with and the typed results of its tools, and never the text of a prompt.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field, JsonValue

from agents.agent_tool import ToolProblem
from agents.errors import AgentSetupError, ToolRefusedError

OFFLINE_MODEL_ID = "embedded-rules/1"

BriefT = TypeVar("BriefT", bound=BaseModel)


@dataclass(frozen=True)
class ToolOutcome:
    """One finished tool call: what was asked and the typed result, a `ToolProblem` where the tool refused."""

    name: str
    args: dict[str, JsonValue]
    artifact: BaseModel


@dataclass(frozen=True)
class CallTool:
    """Next, call this tool."""

    name: str
    args: BaseModel | Mapping[str, JsonValue]


@dataclass(frozen=True)
class Finish:
    """Done: this is the answer."""

    answer: BaseModel


PlaybookStep: TypeAlias = CallTool | Finish
Playbook: TypeAlias = Callable[[BriefT, tuple[ToolOutcome, ...]], PlaybookStep]


class PlaybookModel(BaseChatModel):
    """A chat model whose every turn is one call of a pure function; built per run of an agent."""

    # The playbook fits the brief; `playbook_model` is where the types see to it.
    playbook: Callable[[Any, tuple[ToolOutcome, ...]], PlaybookStep] = Field(repr=False, exclude=True)
    brief: BaseModel = Field(repr=False, exclude=True)
    cache: bool | None = False

    @property
    def _llm_type(self) -> str:
        return "embedded-rules"

    @property
    def _identifying_params(self) -> dict[str, str]:
        return {"model": OFFLINE_MODEL_ID}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # what LangChain's interface hands on to any provider
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Remember which tools and which answer the agent may use."""
        names = [convert_to_openai_tool(tool)["function"]["name"] for tool in tools]
        return self.bind(tool_names=tuple(names), **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # `tool_names` of bind_tools
    ) -> ChatResult:
        message = AIMessage(
            content="",
            tool_calls=[self._next_call(messages, kwargs.get("tool_names"))],
            response_metadata={"model_name": OFFLINE_MODEL_ID, "finish_reason": "tool_calls"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # `tool_names` of bind_tools
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # `tool_names` of bind_tools
    ) -> Iterator[ChatGenerationChunk]:
        call = self._next_call(messages, kwargs.get("tool_names"))
        arguments = json.dumps(call["args"], ensure_ascii=False)
        pieces = [(call["name"], call["id"], ""), (None, None, arguments)]
        for name, call_id, part in pieces:
            chunk = {"name": name, "id": call_id, "args": part, "index": 0, "type": "tool_call_chunk"}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[chunk]))
        end = {"model_name": OFFLINE_MODEL_ID, "finish_reason": "tool_calls"}
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", response_metadata=end, chunk_position="last")
        )

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # `tool_names` of bind_tools
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages, stop, None, **kwargs):
            yield chunk

    def _next_call(self, messages: list[BaseMessage], allowed: tuple[str, ...] | None) -> ToolCall:
        name, plain = next_call(self.playbook, self.brief, outcomes_in(messages))
        if allowed is not None and name not in allowed:
            raise AgentSetupError(
                f"The playbook asks for {name!r}; this agent has {', '.join(allowed)}.", value=name
            )
        turn = sum(isinstance(message, AIMessage) for message in messages)
        return ToolCall(name=name, args=plain, id=f"call_{turn + 1}", type="tool_call")


def playbook_model(playbook: Playbook[BriefT], brief: BriefT) -> PlaybookModel:
    """The embedded model for one run of one agent."""
    return PlaybookModel(playbook=playbook, brief=brief)


def next_call(
    playbook: Playbook[BriefT], brief: BriefT, outcomes: tuple[ToolOutcome, ...]
) -> tuple[str, dict[str, JsonValue]]:
    """Return what a playbook asks for next, a tool or its answer by the name of its type, with the arguments as JSON.

    ToolRefusedError for the very call that has just been refused.
    """
    match playbook(brief, outcomes):
        case CallTool(name=name, args=args):
            plain = _plain(args)
            _require_new(name, plain, outcomes)
            return name, plain
        case Finish(answer=answer):
            return type(answer).__name__, _plain(answer)


def outcomes_in(messages: Sequence[BaseMessage]) -> tuple[ToolOutcome, ...]:
    """The finished tool calls in a list of messages, oldest first; only typed artifacts count."""
    asked: dict[str, ToolCall] = {}
    outcomes: list[ToolOutcome] = []
    for message in messages:
        if isinstance(message, AIMessage):
            asked.update({str(call["id"]): call for call in message.tool_calls})
        elif isinstance(message, ToolMessage) and isinstance(message.artifact, BaseModel):
            call = asked[message.tool_call_id]
            outcomes.append(ToolOutcome(call["name"], call["args"], message.artifact))
    return tuple(outcomes)


def _require_new(name: str, args: dict[str, JsonValue], outcomes: tuple[ToolOutcome, ...]) -> None:
    """ToolRefusedError for the very call that has just been refused: rules would ask it for ever."""
    last = outcomes[-1] if outcomes else None
    if last is not None and isinstance(last.artifact, ToolProblem) and (last.name, last.args) == (name, args):
        raise ToolRefusedError(f"{name} refuses: {last.artifact.message}", value=name)


def _plain(value: BaseModel | Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    return dict(value)
