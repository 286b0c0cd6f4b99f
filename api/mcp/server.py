"""The MCP server over the tools; how a call reaches the home is the caller's affair."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    ToolAnnotations,
)
from mcp_types import Tool as ToolCard
from pydantic import ValidationError

from api.mcp.results import refusal, result, unreadable
from api.mcp.tools import Tool, catalogue
from policies.errors import CountersignError, NotFoundError

if TYPE_CHECKING:
    from api.cli.client import Client

Request = ServerRequestContext[dict[str, Any], Any]  # the library leaves lifespan and transport request open
Reach = Callable[[Request], AbstractAsyncContextManager["Client"]]
"""Reaches the home as the user on whose behalf a request came."""
INSTRUCTIONS = (
    "Countersign plans marketing campaigns. You may read what there is and draft campaigns from objectives. Nothing reaches "
    "a customer before a person has countersigned it; no tool here does that, and none can. Figures in results are "
    "measured or forecast by Countersign: quote them, do not make up others."
)
_log = logging.getLogger("countersign.mcp")


def build_server(reach: Reach, *, version: str) -> Server[dict[str, Any]]:  # the library's own lifespan type
    """Return the server; it holds no session and no key of its own."""
    tools = {tool.name: tool for tool in catalogue()}
    cards = [_card(tool) for tool in tools.values()]

    async def listed(_: Request, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=cards)

    async def called(request: Request, asked: CallToolRequestParams) -> CallToolResult:
        try:
            return await _call(tools, reach, request, asked)
        except CountersignError as error:
            _log.info("tool %r: %s", asked.name, error.code)
            return refusal(error)

    return Server(
        "countersign",
        version=version,
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


async def _call(
    tools: dict[str, Tool], reach: Reach, request: Request, asked: CallToolRequestParams
) -> CallToolResult:
    tool = tools.get(asked.name)
    if tool is None:
        raise NotFoundError(
            f"there is no tool {asked.name[:100]!r}; tools: {', '.join(tools)}",
            value=asked.name[:100],
            code="unknown_tool",
        )
    try:
        given = tool.arguments.model_validate(asked.arguments or {})
    except ValidationError as error:
        raise unreadable(error) from error
    async with reach(request) as client:
        return result(await tool.call(client, given.model_dump(mode="json")))


def _card(tool: Tool) -> ToolCard:
    return ToolCard(
        name=tool.name,
        description=tool.what,
        input_schema=tool.arguments.model_json_schema(),
        annotations=ToolAnnotations(
            read_only_hint=not tool.drafts,
            destructive_hint=False,
            idempotent_hint=not tool.drafts,
            open_world_hint=False,
        ),
    )
