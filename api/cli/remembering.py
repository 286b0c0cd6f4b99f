"""`memory list|say|accept|change|forget`: what is kept of you for later briefs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give

if TYPE_CHECKING:
    from api.cli.client import Client

memory = typer.Typer(
    help="What is remembered of you for later briefs; nobody else sees it.", no_args_is_help=True
)
Id = Annotated[str, typer.Argument(help="Its id, as `memory list` shows it.")]
Words = Annotated[str, typer.Argument(help="Such as: we never text.")]


@memory.command("list")
def listed(ctx: typer.Context) -> None:
    """List what is kept, and what is offered to be kept."""

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/memory")

    _give(ctx, ask(ctx, work))


@memory.command("say")
def say(ctx: typer.Context, words: Words) -> None:
    """Offer one thing to be remembered; it counts once you accept it."""

    async def work(client: Client) -> Any:  # JSON
        return [await client.post("/v1/memory", {"words": words})]

    _give(ctx, ask(ctx, work))


@memory.command("accept")
def accept(ctx: typer.Context, remembered_id: Id) -> None:
    """Let an offer count for later briefs."""

    async def work(client: Client) -> Any:  # JSON
        return [await client.post(f"/v1/memory/{remembered_id}/accept")]

    _give(ctx, ask(ctx, work))


@memory.command("change")
def change(ctx: typer.Context, remembered_id: Id, words: Words) -> None:
    """Put other words in its place."""

    async def work(client: Client) -> Any:  # JSON
        return [await client.put(f"/v1/memory/{remembered_id}", {"words": words})]

    _give(ctx, ask(ctx, work))


@memory.command("forget")
def forget(ctx: typer.Context, remembered_id: Id) -> None:
    """Forget it; nothing of it is left."""

    async def work(client: Client) -> Any:  # JSON
        await client.delete(f"/v1/memory/{remembered_id}")
        return await client.get("/v1/memory")

    _give(ctx, ask(ctx, work))


def _give(ctx: typer.Context, kept: Any) -> None:  # JSON
    from api.cli.show.lists import show_memory

    give(ctx, kept, show_memory)
