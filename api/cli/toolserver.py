"""`mcp`: the tools for a model on this machine, over standard input and output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from api.cli.options import options_of

if TYPE_CHECKING:
    from api.cli.client import Client, Target
    from api.mcp.server import Request


def mcp(ctx: typer.Context) -> None:
    """Serve tools that read and draft to an MCP client, over standard input and output, as the user of the key."""
    asyncio.run(serve_tools(options_of(ctx).target()))


async def serve_tools(target: Target) -> None:
    """Serve until the input ends. The home is reached anew for each call, so that it is free in between.

    Raises HomeNotFoundError, and NotAuthenticatedError without a key, before anything is served.
    """
    from mcp.server.stdio import stdio_server

    from api.cli.client import connect, key_for
    from api.http.application import release
    from api.mcp.server import build_server
    from store.home import open_home

    key_for(open_home(target.home), target)

    @asynccontextmanager
    async def reach(_: Request) -> AsyncIterator[Client]:
        async with connect(target) as client:
            yield client

    server = build_server(reach, version=release())
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
