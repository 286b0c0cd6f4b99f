"""Tool calls without tools: a model that can only write is asked for one JSON object a turn, and that is the call.

To the loop it is a model like any other: the same tools, schemas, repairs and limits hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, JsonValue

from agents.errors import AgentSetupError
from agents.models.settings import AnswerMethod

_SEVERAL = (
    'Answer with one JSON object and nothing else: {"tool": NAME, "arguments": {...}}, where NAME is one of these and the '
    "arguments fit its schema."
)
_SINGLE = "Answer with one JSON object and nothing else, which fits this schema."


class JsonTurnModel(BaseChatModel):
    """Wraps `inner`; `method` is how the server is asked for JSON: by schema, as any object, or in plain words only."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    inner: BaseChatModel
    method: AnswerMethod

    @property
    def _llm_type(self) -> str:
        return "json-turns"

    @property
    def model_name(self) -> str:
        """The name of the model inside."""
        return str(getattr(self.inner, "model_name", "unnamed"))

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,  # what LangChain's interface hands on to any provider
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Remember the tools whose calls are asked for as JSON."""
        return self.bind(json_tools=[convert_to_openai_tool(tool)["function"] for tool in tools])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> ChatResult:
        raise AgentSetupError("Agents are run asynchronously; use ainvoke.", value=self._llm_type)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # `json_tools` of bind_tools
    ) -> ChatResult:
        tools: list[dict[str, Any]] = kwargs.get("json_tools", [])
        asked = [SystemMessage(_instructions(tools)), *(_as_text(message) for message in messages)]
        config: RunnableConfig = {"callbacks": run_manager.inheritable_handlers if run_manager else []}
        said = await self.inner.bind(**self._format(tools)).ainvoke(asked, config=config)
        calls = _calls(said.text, tools, turn=sum(isinstance(each, AIMessage) for each in messages) + 1)
        message = AIMessage(
            content="" if calls else said.text,
            tool_calls=calls,
            usage_metadata=said.usage_metadata,
            response_metadata=said.response_metadata,
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _format(self, tools: list[dict[str, Any]]) -> dict[str, Any]:
        body: dict[str, Any] = dict(getattr(self.inner, "extra_body", None) or {})
        if self.method == "json_schema":
            schema = {"name": "turn", "schema": turn_schema(tools)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.method == "json_object":
            body["response_format"] = {"type": "json_object"}
        # in the body, not as an argument: the client library parses what it is told the format of
        return {"extra_body": body}


def turn_schema(tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the JSON Schema of one turn: the answer itself where there is nothing else to call."""
    if len(tools) == 1:
        parameters: dict[str, Any] = tools[0]["parameters"]
        return parameters
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {"tool": {"const": tool["name"]}, "arguments": tool["parameters"]},
                "required": ["tool", "arguments"],
            }
            for tool in tools
        ]
    }


def first_object(text: str) -> dict[str, JsonValue] | None:
    """Return the first JSON object in a text, past whatever is said around it; None where there is none.

    >>> first_object('Sure: ```json\\n{"people": 3}\\n```')
    {'people': 3}
    """
    decoder = json.JSONDecoder()
    at = text.find("{")
    for _ in range(20):
        if at < 0:
            return None
        try:
            value, _end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        return value if isinstance(value, dict) else None
    return None


def _instructions(tools: Sequence[dict[str, Any]]) -> str:
    if len(tools) == 1:
        return f"{_SINGLE}\n{json.dumps(tools[0]['parameters'], ensure_ascii=False)}"
    lines = [
        json.dumps({"name": tool["name"], "about": tool.get("description", ""), "schema": tool["parameters"]})
        for tool in tools
    ]
    return "\n".join([_SEVERAL, *lines])


def _as_text(message: BaseMessage) -> BaseMessage:
    """A tool call and its result as turns of plain text."""
    if isinstance(message, AIMessage) and message.tool_calls:
        calls = [{"tool": call["name"], "arguments": call["args"]} for call in message.tool_calls]
        return AIMessage("\n".join(json.dumps(call, ensure_ascii=False) for call in calls))
    if isinstance(message, ToolMessage):
        return HumanMessage(f"{message.name or 'tool'} gave: {message.text}")
    return message


def _calls(text: str, tools: Sequence[dict[str, Any]], *, turn: int) -> list[ToolCall]:
    found = first_object(text)
    if found is None:
        return []
    name, arguments = found.get("tool"), found.get("arguments")
    if isinstance(name, str) and isinstance(arguments, dict):
        return [ToolCall(name=name, args=arguments, id=f"turn_{turn}", type="tool_call")]
    if len(tools) == 1:
        return [ToolCall(name=tools[0]["name"], args=found, id=f"turn_{turn}", type="tool_call")]
    return []
