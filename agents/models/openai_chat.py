"""The one module that imports langchain-openai (seconds of start-up); `openai_compatible` loads it on first use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_openai import ChatOpenAI
from pydantic import Field

from agents.errors import (
    AgentError,
    ModelRefusedError,
    ModelReplyError,
    ModelTimeoutError,
    ModelUnavailableError,
)

# What may be asked again: the server did not begin to answer, or says itself that it may do so later.
_BUSY = frozenset({408, 425, 429})
# What langchain-openai raises over a reply with the right status and the wrong shape.
_NOT_A_COMPLETION = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


class CompatibleChatModel(ChatOpenAI):
    """`ChatOpenAI` whose failures are ours: unavailable, timed out, refused, or not a chat completion.

    One call takes `call_timeout_s` seconds at most, however the server drips. Nothing is repeated here.
    """

    call_timeout_s: float = Field(gt=0)
    names_tool: bool = False

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: dict[str, Any] | str | bool | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools; with `names_tool`, a call of some tool is asked for by its name, or left to the model among several."""
        if self.names_tool and tool_choice == "any":
            named = convert_to_openai_tool(tools[0])["function"]["name"]
            tool_choice = named if len(tools) == 1 else "auto"
        return super().bind_tools(tools, tool_choice=tool_choice, **kwargs)

    def _get_request_payload(
        self,
        input_: LanguageModelInput,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> dict[str, Any]:
        """A tool call without words has empty content: some servers answer 500 to null, and none to an empty text."""
        payload: dict[str, Any] = super()._get_request_payload(input_, stop=stop, **kwargs)
        for message in payload.get("messages", ()):
            if message["role"] == "assistant" and message.get("content") is None:
                message["content"] = ""
        return payload

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> ChatResult:
        with _faults(self):
            async with asyncio.timeout(self.call_timeout_s):
                result = await super()._agenerate(messages, stop, run_manager, **kwargs)
            if not result.generations:
                raise ValueError("no choices")
            return result

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        deadline = asyncio.get_running_loop().time() + self.call_timeout_s
        chunks, ended = aiter(super()._astream(*args, **kwargs)), False
        while True:
            with _faults(self):
                try:
                    async with asyncio.timeout_at(deadline):
                        chunk = await anext(chunks)
                except StopAsyncIteration:
                    if not ended:
                        raise httpx2.RemoteProtocolError("the stream ended before the answer did") from None
                    return
            ended = ended or "finish_reason" in (chunk.generation_info or {})
            yield chunk


@contextmanager
def _faults(model: CompatibleChatModel) -> Iterator[None]:
    where = f"{model.model_name} at {model.openai_api_base}"
    try:
        yield
    except AgentError:
        raise
    except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException) as error:
        raise _too_slow(model, where) from error
    except openai.APIStatusError as error:
        raise _status_fault(error.status_code, _seconds(error), where) from error
    except (openai.APIConnectionError, httpx2.HTTPError) as error:
        raise ModelUnavailableError(
            f"The model {where} cannot be reached, or broke off; is its server running and the address right?",
            value=model.openai_api_base,
        ) from error
    except (openai.OpenAIError, *_NOT_A_COMPLETION) as error:
        raise ModelReplyError(
            f"The model {where} sent a reply that is not a chat completion; check that it speaks this protocol.",
            value=type(error).__name__,
        ) from error


def _too_slow(model: CompatibleChatModel, where: str) -> ModelTimeoutError:
    limit = model.call_timeout_s
    return ModelTimeoutError(
        f"The model {where} did not answer within {limit:g} s; try again or raise the limit.", value=limit
    )


def _status_fault(status: int, retry_after_s: float, where: str) -> AgentError:
    if status >= 500 or status in _BUSY:
        busy = ModelUnavailableError(
            f"The model {where} answered HTTP {status}: it is busy or broken; try again later.", value=status
        )
        busy.retry_after_s = retry_after_s
        return busy
    return ModelRefusedError(
        f"The model {where} refused the request with HTTP {status}; check address, key, model name and limits.",
        value=status,
    )


def _seconds(error: openai.APIStatusError) -> float:
    """How long the server asks to be left alone; 0 where it does not say so in seconds."""
    said = error.response.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0.0
