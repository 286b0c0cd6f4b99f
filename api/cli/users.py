"""`users list|add|grant|key|key-half|renew|revoke-key`: an admin proposes, somebody else signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the user.")]
Reason = Annotated[str, typer.Option(help="Why; who signs it reads this.")]


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
    reason: Reason = "",
) -> None:
    """Propose a user; somebody else signs it. The second person of a home with one is added at once."""
    from api.cli.show.policy_change import show_added

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/users", {"name": name, "roles": role or [], "reason": reason})

    give(ctx, ask(ctx, work), show_added)


@app.command("grant")
def granted(
    ctx: typer.Context, name: Name, role: Annotated[str, typer.Argument(help="A role.")], reason: Reason = ""
) -> None:
    """Propose a role for a user; somebody else signs it."""
    from api.cli.show.policy_change import show_proposed

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/users/{_quoted(name)}/roles", {"role": role, "reason": reason})

    give(ctx, ask(ctx, work), show_proposed)


@app.command("key")
def key(
    ctx: typer.Context,
    name: Name,
    label: Annotated[str, typer.Option(help="What it is for.")] = "key",
    reason: Reason = "",
) -> None:
    """Propose another key for a user; you are shown one half, and who signs it the other."""
    from api.cli.show.policy_change import show_proposed

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/users/{_quoted(name)}/keys", {"label": label, "reason": reason})

    give(ctx, ask(ctx, work), show_proposed)


@app.command("key-half")
def key_half(
    ctx: typer.Context,
    approval_id: Annotated[
        str, typer.Argument(help="Id of the approval that you signed.", metavar="APPROVAL")
    ],
) -> None:
    """Hand over the second half of a key whose issue you signed; it is shown once."""
    from api.cli.show.policy_change import show_half

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/approvals/{_quoted(approval_id)}/key-half")

    give(ctx, ask(ctx, work), show_half)


@app.command("renew")
def renewed(ctx: typer.Context) -> None:
    """Replace your own key by one that only you have seen; the one you sign in with stops working."""
    from api.cli.show.lists import show_key

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/users/me/key")

    give(ctx, ask(ctx, work), show_key)


@app.command("revoke-key")
def key_revoked(
    ctx: typer.Context, key_id: Annotated[str, typer.Argument(help="Id of the key.", metavar="KEY_ID")]
) -> None:
    """Make a key useless from now on; this needs nobody else."""
    from api.cli.show.policy_change import show_key_revoked

    async def work(client: Client) -> Any:  # JSON
        await client.delete(f"/v1/users/keys/{_quoted(key_id)}")
        return {"key_id": key_id, "revoked": True}

    give(ctx, ask(ctx, work), show_key_revoked)


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
