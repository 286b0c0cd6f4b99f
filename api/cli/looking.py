"""Commands that only look: audience count, offers, policies show and set, models check, readout, audit verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from api.cli.client import Client

audience = typer.Typer(help="Whom a filter reaches.", no_args_is_help=True)
policies = typer.Typer(help="The rules in force, and proposing others.", no_args_is_help=True)
models = typer.Typer(help="The model that the agents speak with.", no_args_is_help=True)
audit = typer.Typer(help="The audit log.", no_args_is_help=True)


@audience.command("count")
def count(
    ctx: typer.Context,
    definition: Annotated[
        str, typer.Argument(metavar="FILTER", help="Such as 'days_since_purchase >= 180'.")
    ],
    channel: Annotated[list[str] | None, typer.Option(help="Must be reachable on; may be repeated.")] = None,
    as_of: Annotated[
        str | None, typer.Option(help="Day it counts for, YYYY-MM-DD; today by default.")
    ] = None,
) -> None:
    """Count whom a filter reaches, with everybody who is left out by reason."""
    from api.cli.show.lists import show_count

    async def work(client: Client) -> Any:  # JSON
        body = {"filter": definition, "channels": channel or ["email"], "as_of": as_of}
        return await client.post("/v1/audience/count", body)

    give(ctx, ask(ctx, work), show_count)


def offers(ctx: typer.Context) -> None:
    """List offers and actions."""
    from api.cli.show.lists import show_offers

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/offers")

    give(ctx, ask(ctx, work), show_offers)


@policies.command("show")
def rules(ctx: typer.Context) -> None:
    """Show every rule in force with its id."""
    from api.cli.show.lists import show_rules

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/policies")

    give(ctx, ask(ctx, work), show_rules)


@policies.command("set")
def rules_set(
    ctx: typer.Context,
    changes: Annotated[
        list[str],
        typer.Argument(
            help="NAME=VALUE with the value as JSON, such as approval_days=5.", metavar="NAME=VALUE"
        ),
    ],
    reason: Annotated[str, typer.Option(help="Why; who signs it reads this.")] = "",
) -> None:
    """Propose other rules for the workspace; they hold once somebody else has signed them."""
    from api.cli.show.policy_change import show_proposed

    given = read_changes(changes)

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/policies", {"rules": given, "reason": reason})

    give(ctx, ask(ctx, work), show_proposed)


def read_changes(changes: list[str]) -> dict[str, Any]:
    """Return rules by name, their values as JSON or else as text; InvalidInputError for one that is not NAME=VALUE."""
    import json

    given: dict[str, Any] = {}
    for text in changes:
        name, sign, value = text.partition("=")
        if not name.strip() or not sign or name.strip() in given:
            raise InvalidInputError(
                f"the change {text!r} is not NAME=VALUE with each name once, such as approval_days=5",
                value=text,
            )
        try:
            given[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            given[name.strip()] = value
    return given


@policies.callback()
def _policies() -> None:
    """The rules in force, and proposing others."""


@models.command("check")
def check(ctx: typer.Context) -> None:
    """Ask each model what it can do; exit code 1 when an agent has none that works."""
    from api.cli.show.models import show_models

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/models/check")

    found = ask(ctx, work)
    give(ctx, found, show_models)
    if not found["ready"]:
        raise typer.Exit(1)


@models.callback()
def _models() -> None:
    """The model that the agents speak with."""


@audience.callback()
def _audience() -> None:
    """Whom a filter reaches."""


def readout(
    ctx: typer.Context,
    campaign_id: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Id of the campaign.")],
) -> None:
    """Show what a campaign brought."""
    from api.cli.show.readout import show_readout

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/campaigns/{campaign_id}/readout")

    give(ctx, ask(ctx, work), show_readout)


@audit.command("verify")
def verify(ctx: typer.Context) -> None:
    """Check the whole audit log; exit code 1 when something is wrong with it."""
    from api.cli.show.lists import show_verification

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/audit/verify")

    found = ask(ctx, work)
    give(ctx, found, show_verification)
    if not found["ok"]:
        raise typer.Exit(1)


@audit.callback()
def _audit() -> None:
    """The audit log."""
