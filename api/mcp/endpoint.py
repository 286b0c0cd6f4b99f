"""`/mcp`: the MCP server over streamable HTTP, one exchange a request, each signed in by its own key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastapi import Request as HttpRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.signing_in import key_of, signed_in

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

    from api.cli.client import Client
    from api.mcp.server import Request

PATH = "/mcp"
_HERE = "http://countersign.invalid"


class McpEndpoint:
    """An ASGI application. No session outlives its request, so nothing is opened before the first or closed after."""

    def __init__(self, home: ASGIApp, version: str) -> None:
        self._home = home
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; NotAuthenticatedError without a user's key."""
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        await signed_in(HttpRequest(scope))
        manager = StreamableHTTPSessionManager(self._server, stateless=True)
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    @cached_property
    def _server(self) -> Server[dict[str, Any]]:  # the library's own lifespan type
        from api.mcp.server import build_server

        return build_server(self._reach, version=self._version)

    @asynccontextmanager
    async def _reach(self, request: Request) -> AsyncIterator[Client]:
        """Speak to this same application as whoever sent the request."""
        import httpx

        from api.cli.asgi_stream import StreamingTransport
        from api.cli.client import Client

        assert request.request is not None, "only HTTP leads here"
        transport = StreamingTransport(self._home)
        async with httpx.AsyncClient(transport=transport, base_url=_HERE, timeout=None) as http:
            yield Client(http, key_of(request.request))
