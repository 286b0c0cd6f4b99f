"""`users list|add|grant|key`: admins only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the user.")]


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List the users with their roles."""
    from api.cli.show.lists import show_users

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/users")

    give(ctx, ask(ctx, work), show_users)


@app.command("add")
def added(
    ctx: typer.Context,
    name: Name,
    role: Annotated[list[str] | None, typer.Option(help="Role from the start; may be repeated.")] = None,
) -> None:
    """Add a user; the key is shown once."""
    from api.cli.show.lists import show_key

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/users", {"name": name, "roles": role or []})

    give(ctx, ask(ctx, work), show_key)


@app.command("grant")
def granted(ctx: typer.Context, name: Name, role: Annotated[str, typer.Argument(help="A role.")]) -> None:
    """Give a user a role."""
    from api.cli.show.lists import show_user

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/users/{_quoted(name)}/roles", {"role": role})

    give(ctx, ask(ctx, work), show_user)


@app.command("key")
def key(
    ctx: typer.Context, name: Name, label: Annotated[str, typer.Option(help="What it is for.")] = "key"
) -> None:
    """Make another key for a user; it is shown once."""
    from api.cli.show.lists import show_key

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/users/{_quoted(name)}/keys", {"label": label})

    give(ctx, ask(ctx, work), show_key)


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
