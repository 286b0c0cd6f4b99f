"""`notifications list|email|verify`, `webhooks list|add|secret|remove`: who is told about approvals outside the product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give

if TYPE_CHECKING:
    from api.cli.client import Client

notifications = typer.Typer(help="What people were told about approvals.", no_args_is_help=True)
webhooks = typer.Typer(help="Addresses that are told of every approval; admins only.", no_args_is_help=True)


@notifications.command("list")
def listed(ctx: typer.Context) -> None:
    """List the newest messages with what became of them."""
    from api.cli.show.notifications import show_notifications

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/notifications")

    give(ctx, ask(ctx, work), show_notifications)


@notifications.command("email")
def email(
    ctx: typer.Context,
    address: Annotated[
        str | None, typer.Argument(help="Be written to here; without one, show the address.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Be written to nowhere.")] = False,
) -> None:
    """Show, set or remove the address that you yourself are written to at."""
    from api.cli.show.notifications import show_address

    async def work(client: Client) -> Any:  # JSON
        if address is None and not remove:
            return await client.get("/v1/me/email")
        return await client.put("/v1/me/email", {"email": None if remove else address})

    give(ctx, ask(ctx, work), show_address)


@notifications.command("verify")
def verified(
    ctx: typer.Context,
    code: Annotated[
        str | None, typer.Argument(help="The code that was sent to your address; without one, it is sent.")
    ] = None,
) -> None:
    """Show that you read your address: test messages go to verified ones only."""
    from api.cli.show.notifications import show_address

    async def work(client: Client) -> Any:  # JSON
        if code is None:
            return await client.post("/v1/me/email/code")
        return await client.post("/v1/me/email/verify", {"code": code})

    give(ctx, ask(ctx, work), show_address)


@webhooks.command("list")
def webhooks_listed(ctx: typer.Context) -> None:
    """List the addresses that are told of every approval."""
    from api.cli.show.notifications import show_webhooks

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/webhooks")

    give(ctx, ask(ctx, work), show_webhooks)


@webhooks.command("add")
def added(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="An https address.")],
    reason: Annotated[str, typer.Option(help="Why; who signs it reads this.")] = "",
) -> None:
    """Propose that an address is told of every approval; somebody else signs it."""
    from api.cli.show.policy_change import show_proposed

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/webhooks", {"url": url, "reason": reason})

    give(ctx, ask(ctx, work), show_proposed)


@webhooks.command("secret")
def secret(ctx: typer.Context, webhook_id: Annotated[str, typer.Argument(help="Id of the webhook.")]) -> None:
    """Show the secret that an address's messages are signed with; the audit log says that you asked."""
    from urllib.parse import quote

    from api.cli.show.notifications import show_webhook

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/webhooks/{quote(webhook_id, safe='')}/secret")

    give(ctx, ask(ctx, work), show_webhook)


@webhooks.command("remove")
def removed(
    ctx: typer.Context, webhook_id: Annotated[str, typer.Argument(help="Id of the webhook.")]
) -> None:
    """Tell an address nothing any more."""
    from urllib.parse import quote

    from api.cli.show.notifications import show_removed

    async def work(client: Client) -> Any:  # JSON
        await client.delete(f"/v1/webhooks/{quote(webhook_id, safe='')}")
        return {"webhook_id": webhook_id, "removed": True}

    give(ctx, ask(ctx, work), show_removed)
