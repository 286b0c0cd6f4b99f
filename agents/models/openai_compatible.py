"""Any server that speaks OpenAI's chat completions, through langchain-openai."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from langchain_core.language_models import BaseChatModel

from agents.errors import AgentSetupError
from agents.models.interface import ModelSettings

if TYPE_CHECKING:
    from openai import DefaultAsyncHttpxClient

# Servers on one's own machine want no key, but the client library refuses to go without.
_NO_KEY = "no-key"


class OpenAIModels:
    """One model and one HTTP client per event loop: a connection of a closed loop cannot be used again."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[BaseChatModel, DefaultAsyncHttpxClient]
        ] = WeakKeyDictionary()

    def model(self) -> BaseChatModel:
        """The model of the running event loop; call it from inside one."""
        loop = asyncio.get_running_loop()
        if loop not in self._by_loop:
            client = _http_client(self._settings)
            self._by_loop[loop] = (openai_model(self._settings, client), client)
        return self._by_loop[loop][0]

    async def aclose(self) -> None:
        """Close the client of the running event loop."""
        if entry := self._by_loop.pop(asyncio.get_running_loop(), None):
            await entry[1].aclose()


def openai_model(
    settings: ModelSettings, http_client: DefaultAsyncHttpxClient | None = None
) -> BaseChatModel:
    """The chat model for these settings; AgentSetupError when they are not for such a server.

    Everything the library would otherwise take from the environment (address, key) is given here, so
    that settings say all. Failures come out as the family of `AgentError`.
    """
    if settings.kind != "openai":
        raise AgentSetupError(f"Settings for a {settings.kind} model reach no server.", value=settings.kind)
    from agents.models.openai_chat import CompatibleChatModel

    limit = {} if settings.max_tokens is None else {settings.max_tokens_parameter: settings.max_tokens}
    return CompatibleChatModel(
        model=settings.name,
        base_url=settings.base_url,
        api_key=settings.api_key or _NO_KEY,
        timeout=settings.timeout_s,
        max_retries=settings.max_retries,
        temperature=settings.temperature,
        extra_body=limit or None,
        http_async_client=http_client,
        use_responses_api=False,
        cache=False,
    )


def _http_client(settings: ModelSettings) -> DefaultAsyncHttpxClient:
    from openai import DefaultAsyncHttpxClient

    return DefaultAsyncHttpxClient(base_url=settings.base_url, timeout=settings.timeout_s)
