"""The one way a command reaches a home: HTTP with the user's own key, over the network or in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policies.errors import CountersignError, InvalidInputError, NotAuthenticatedError

if TYPE_CHECKING:
    import httpx

    from api.engine import Engine
    from api.wiring import App
    from store.home import Home

DEMO_KEYS = "demo_keys.json"
_NETWORK_SECONDS = 300.0
_IN_PROCESS = "http://countersign.invalid"


class AnsweredError(CountersignError):
    """The home answered with an error; code, message and value are its own."""


class UnreachableError(CountersignError):
    """The process that serves the home does not answer."""

    code = "unreachable"


@dataclass(frozen=True)
class Target:
    """Which home, and as whom."""

    home: Path
    key: str | None = None
    acting_as: str | None = None


class Client:
    """Speaks to a home. Every answer that is an error is raised as AnsweredError."""

    def __init__(self, http: httpx.AsyncClient, key: str | None, engine: Engine | None = None) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._engine = engine

    def as_user(self, key: str) -> Client:
        """Return the same connection used with another key."""
        return Client(self._http, key, self._engine)

    async def get(self, path: str, **query: str | int | None) -> Any:  # JSON
        """Read."""
        return await self._call("GET", path, params=_given(query))

    async def post(self, path: str, body: object = None) -> Any:  # JSON
        """Ask for something to be done."""
        return await self._call("POST", path, json=body)

    async def put(self, path: str, body: object) -> Any:  # JSON
        """Set something."""
        return await self._call("PUT", path, json=body)

    async def delete(self, path: str) -> None:
        """Take something away."""
        await self._call("DELETE", path)

    async def upload(self, path: str, content: bytes, **query: str | int | None) -> Any:  # JSON
        """Send a file as the body."""
        headers = {"Content-Type": "text/csv"}
        return await self._call("POST", path, content=content, params=_given(query), headers=headers)

    async def download(self, path: str, **query: str | int | None) -> AsyncIterator[str]:
        """Yield a text answer piece by piece."""
        async with self._http.stream("GET", path, params=_given(query), headers=self._headers) as answer:
            if answer.is_error:
                raise _error(answer.status_code, await answer.aread())
            async for piece in answer.aiter_text():
                yield piece

    async def events(self, path: str, body: object) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Yield server-sent events as (name, data); an `error` event is raised."""
        async with self._http.stream("POST", path, json=body, headers=self._headers) as answer:
            if answer.is_error:
                raise _error(answer.status_code, await answer.aread())
            name = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                    if name == "error":
                        raise _answered(data)
                    yield name, data

    async def settle(self) -> None:
        """In this process, carry out what has become due; a serving process does so by itself."""
        if self._engine is not None:
            await self._engine.settle()

    async def _call(self, method: str, path: str, **options: Any) -> Any:  # httpx's own options; JSON
        import httpx

        headers = {**self._headers, **options.pop("headers", {})}
        try:
            answer = await self._http.request(method, path, headers=headers, **options)
        except httpx.TransportError as error:
            raise UnreachableError(
                f"{self._http.base_url} does not answer ({error}); is `countersign serve` still running?",
                value=str(self._http.base_url),
            ) from error
        if answer.is_error:
            raise _error(answer.status_code, answer.content)
        return answer.json() if answer.content else None


@asynccontextmanager
async def connect(target: Target) -> AsyncIterator[Client]:
    """Reach a home: the process that serves it, or with nobody serving, the home opened here for as long as it takes.

    Raises HomeNotFoundError, NotAuthenticatedError without a key, and HomeOwnedError when a process that does not
    serve holds the home.
    """
    from store.home import open_home, owner_of

    home = open_home(target.home)
    key = key_for(home, target)
    owner = owner_of(home)
    if owner is not None and owner.url is not None:
        async with over_network(owner.url, key) as client:
            yield client
        return
    from api.settings import read_settings
    from api.wiring import open_app

    async with open_app(home, read_settings()) as app, in_process(app, key) as client:
        yield client


@asynccontextmanager
async def over_network(url: str, key: str) -> AsyncIterator[Client]:
    """Speak to a serving process."""
    import httpx

    async with httpx.AsyncClient(base_url=url, timeout=_NETWORK_SECONDS, trust_env=False) as http:
        yield Client(http, key)


@asynccontextmanager
async def in_process(app: App, key: str | None) -> AsyncIterator[Client]:
    """Speak to a home that is open in this process, through the same application."""
    import httpx

    from api.cli.asgi_stream import StreamingTransport
    from api.http.application import build_api

    async with AsyncExitStack() as stack:
        transport = StreamingTransport(build_api(app))
        http = httpx.AsyncClient(transport=transport, base_url=_IN_PROCESS, timeout=None)
        yield Client(await stack.enter_async_context(http), key, app.engine)


def key_for(home: Home, target: Target) -> str:
    """Return the key to sign in with: the one given, or in a demo home that of the user named by --as."""
    if target.acting_as is not None:
        keys = demo_keys(home)
        if target.acting_as not in keys:
            raise InvalidInputError(
                f"this demo home has no user {target.acting_as!r}; users: {', '.join(keys)}",
                value=target.acting_as,
            )
        return keys[target.acting_as]
    if target.key:
        return target.key
    way = "--as NAME, or --key" if home.settings.kind == "demo" else "--key"
    raise NotAuthenticatedError(f"say who you are: give {way}, or set COUNTERSIGN_KEY", value="no key")


def demo_keys(home: Home) -> dict[str, str]:
    """Return the keys that a demo home keeps of its made-up users; InvalidInputError for any other home."""
    file = home.keys_dir / DEMO_KEYS
    if home.settings.kind != "demo" or not file.is_file():
        raise InvalidInputError(
            f"--as works only in a home made by `countersign demo`; {home.path} is not one, use --key",
            value=home.path,
        )
    keys: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return keys


def _given(query: dict[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in query.items() if value is not None}


def _error(status: int, content: bytes) -> AnsweredError:
    try:
        data = json.loads(content)
    except ValueError:
        data = {}
    if not isinstance(data, dict) or "error" not in data:
        data = {"error": "http_error", "message": f"the home answered {status}", "value": str(status)}
    return _answered(data)


def _answered(data: dict[str, Any]) -> AnsweredError:
    return AnsweredError(str(data["message"]), value=data.get("value"), code=str(data["error"]))
