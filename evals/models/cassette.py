"""Recorded answers: each kept under the hash of its request, so that a run can be repeated without its model.

The request is what the model is sent: the messages with their tool calls, and the names and schemas of the tools.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field

from agents.errors import AgentError
from agents.models.interface import ModelProvider, ModelSettings
from agents.models.offline import BriefT, Playbook


class NotRecordedError(AgentError):
    """The cassette has no answer to this request: prompt, tools or task are not those that were recorded."""

    code = "not_recorded"


class CassetteModel(BaseChatModel):
    """Answers from a folder; with an `inner` model what is not there is asked of it and kept."""

    folder: Path
    inner: BaseChatModel | None = Field(default=None, exclude=True)
    tools: tuple[Any, ...] = ()  # whatever `bind_tools` of a chat model takes
    cache: bool | None = False

    @property
    def _llm_type(self) -> str:
        return "cassette"

    @property
    def model_name(self) -> str:
        """The name that runs are shown with."""
        return f"cassette/{self.folder.name}"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **_: Any
    ) -> Self:
        """The same model, with tools that belong to every request."""
        return self.model_copy(update={"tools": tuple(tools)})

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        path = self.folder / f"{request_hash(messages, self.tools)}.json"
        if path.is_file():
            said = AIMessage.model_validate_json(path.read_text("utf-8"))
        elif self.inner is None:
            raise NotRecordedError(
                f"the cassette {self.folder.name} has no answer to this request; record it again",
                value=path.stem,
            )
        else:
            answered = await self.inner.bind_tools(self.tools).ainvoke(messages)
            said = AIMessage.model_validate(answered.model_dump())
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(said.model_dump_json(indent=1, exclude_defaults=True) + "\n", "utf-8")
        return ChatResult(generations=[ChatGeneration(message=said)])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("agents ask asynchronously")


def request_hash(messages: Sequence[BaseMessage], tools: Sequence[Any]) -> str:
    """Return the sha256 of what a model is sent."""
    sent = [
        {
            "role": message.type,
            "content": message.text,
            "calls": [[c["name"], c["args"]] for c in message.tool_calls]
            if isinstance(message, AIMessage)
            else [],
        }
        for message in messages
    ]
    offered = [convert_to_openai_tool(tool) for tool in tools]
    text = json.dumps([sent, offered], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class CassetteModels(ModelProvider):
    """Builds cassette models over one folder; `record` is the provider asked for what is missing."""

    def __init__(self, folder: Path, record: ModelProvider | None = None) -> None:
        super().__init__(ModelSettings())
        self._folder, self._record = folder, record

    def build_model(self, playbook: Playbook[BriefT], brief: BriefT) -> BaseChatModel:
        """The model for one run."""
        task: BaseModel = brief
        inner = None if self._record is None else self._record.build_model(playbook, task)  # type: ignore[arg-type]
        return CassetteModel(folder=self._folder, inner=inner)
