"""A transport that calls an ASGI application in this process and passes its answer on piece by piece.

httpx's own collects the whole answer first, so that nothing of a stream would be seen before its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
from starlette.types import ASGIApp

Message = MutableMapping[str, Any]  # ASGI's own shape


class StreamingTransport(httpx.AsyncBaseTransport):
    """Runs each request as a task beside the caller."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as soon as the application has said status and headers."""
        exchange = _Exchange(await request.aread())
        exchange.task = asyncio.create_task(self._run(_scope(request), exchange))
        start = await exchange.sent.get()
        if start is None:
            await exchange.task
            raise httpx.RemoteProtocolError("the application gave no answer", request=request)
        return httpx.Response(start["status"], headers=start["headers"], stream=exchange, request=request)

    async def _run(self, scope: dict[str, Any], exchange: _Exchange) -> None:
        try:
            await self._application(scope, exchange.receive, exchange.send)
        finally:
            exchange.sent.put_nowait(None)


class _Exchange(httpx.AsyncByteStream):
    """One request and its answer."""

    def __init__(self, body: bytes) -> None:
        self.sent: asyncio.Queue[Message | None] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None
        self._body: bytes | None = body
        self._closed = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.put_nowait(message)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self.sent.get()) is not None:
            if message.get("body"):
                yield message["body"]
            if message["type"] == "http.response.body" and not message.get("more_body"):
                break
        await self.aclose()

    async def aclose(self) -> None:
        self._closed.set()
        if self.task is not None:
            await self.task


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (request.url.host, request.url.port or 80),
    }
