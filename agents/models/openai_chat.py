"""The one module that imports langchain-openai (seconds of start-up); `openai_compatible` loads it on first use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import openai
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI

from agents.errors import (
    AgentError,
    ModelRefusedError,
    ModelReplyError,
    ModelTimeoutError,
    ModelUnavailableError,
)

_BUSY = frozenset({408, 409, 425, 429})
# What langchain-openai raises over a reply with the right status and the wrong shape.
_NOT_A_COMPLETION = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class CompatibleChatModel(ChatOpenAI):
    """`ChatOpenAI` whose failures are ours: unavailable, timed out, refused, or not a chat completion."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> ChatResult:
        with _faults(self):
            return _with_choice(super()._generate(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # LangChain's interface
    ) -> ChatResult:
        with _faults(self):
            return _with_choice(await super()._agenerate(messages, stop, run_manager, **kwargs))

    async def _astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[ChatGenerationChunk]:
        with _faults(self):
            async for chunk in super()._astream(*args, **kwargs):
                yield chunk


def _with_choice(result: ChatResult) -> ChatResult:
    if not result.generations:
        raise ValueError("no choices")
    return result


@contextmanager
def _faults(model: ChatOpenAI) -> Iterator[None]:
    where = f"{model.model_name} at {model.openai_api_base}"
    try:
        yield
    except openai.APITimeoutError as error:
        limit = model.request_timeout
        raise ModelTimeoutError(
            f"The model {where} did not answer within {limit} s; try again or raise the limit.", value=limit
        ) from error
    except openai.APIStatusError as error:
        raise _status_fault(error.status_code, where) from error
    except openai.APIConnectionError as error:
        raise ModelUnavailableError(
            f"The model {where} cannot be reached; is its server running and the address right?",
            value=model.openai_api_base,
        ) from error
    except (openai.OpenAIError, *_NOT_A_COMPLETION) as error:
        raise ModelReplyError(
            f"The model {where} sent a reply that is not a chat completion; check that it speaks this protocol.",
            value=type(error).__name__,
        ) from error


def _status_fault(status: int, where: str) -> AgentError:
    if status >= 500 or status in _BUSY:
        return ModelUnavailableError(
            f"The model {where} answered HTTP {status}: it is busy or broken; try again later.", value=status
        )
    return ModelRefusedError(
        f"The model {where} refused the request with HTTP {status}; check key, model name and limits.",
        value=status,
    )
