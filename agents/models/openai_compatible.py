"""Any server that speaks OpenAI's chat completions, through langchain-openai."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from agents.errors import AgentSetupError
from agents.models.cassette import Cassette
from agents.models.choice import ModelChoice, path_and_query
from agents.models.settings import ModelSettings

if TYPE_CHECKING:
    import httpx2

    from agents.models.openai_chat import CompatibleChatModel

# Servers on one's own machine want no key, but the client library refuses to go without.
_NO_KEY = "no-key"


class OpenAIModels:
    """The models of a process, with one HTTP client per event loop and address: a connection of a closed loop cannot be
    used again."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._cassette: Cassette | None = None
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, httpx2.AsyncClient]] = (
            WeakKeyDictionary()
        )

    def model(self, choice: ModelChoice, *, streaming: bool = False) -> CompatibleChatModel:
        """Return a model of the running event loop; call it from inside one."""
        return openai_model(self._settings, choice, self._client(choice), streaming=streaming)

    async def aclose(self) -> None:
        """Close the clients of the running event loop."""
        for client in self._clients.pop(asyncio.get_running_loop(), {}).values():
            await client.aclose()

    def _client(self, choice: ModelChoice) -> httpx2.AsyncClient:
        from agents.models.http_client import http_client

        address = self._settings.address_of(choice)
        clients = self._clients.setdefault(asyncio.get_running_loop(), {})
        if address not in clients:
            clients[address] = http_client(self._settings, path_and_query(address)[0], self._tape())
        return clients[address]

    def _tape(self) -> Cassette | None:
        settings = self._settings
        if settings.cassette is not None and self._cassette is None:
            keys = [settings.api_key, *settings.api_keys.values()]
            secrets = [key.get_secret_value() for key in keys if key is not None]
            self._cassette = Cassette(settings.cassette, settings.cassette_mode, secrets=secrets)
        return self._cassette


def openai_model(
    settings: ModelSettings,
    choice: ModelChoice,
    client: httpx2.AsyncClient | None = None,
    *,
    streaming: bool = False,
) -> CompatibleChatModel:
    """Return the chat model for a choice; AgentSetupError where it is not served at all.

    Everything the library would otherwise take from the environment (address, key) is given here, so
    that settings say all. Failures come out as the family of `AgentError`. An address with `api-version` in its query is
    Azure's older form, which wants its key in a header of its own.
    """
    if choice.offline:
        raise AgentSetupError("The offline model reaches no server.", value=choice.model_id)
    from agents.models.openai_chat import CompatibleChatModel

    address, query = path_and_query(settings.address_of(choice))
    key = settings.key_of(choice)
    limit = {} if settings.max_tokens is None else {settings.max_tokens_parameter: settings.max_tokens}
    return CompatibleChatModel(
        model=choice.name,
        base_url=address,
        api_key=key or _NO_KEY,
        default_query=query or None,
        default_headers={"api-key": key} if key and "api-version" in query else None,
        timeout=settings.timeout_s,
        max_retries=0,
        temperature=settings.temperature,
        extra_body=limit or None,
        http_async_client=client,
        use_responses_api=False,
        cache=False,
        stream_usage=True,
        **({"streaming": True} if streaming else {}),
        call_timeout_s=settings.timeout_s,
    )
