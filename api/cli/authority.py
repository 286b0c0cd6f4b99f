"""`authority explain|delegations|delegate|take-back`: who may sign what, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Who may sign what, and why; roles lent until a date.", no_args_is_help=True)


@app.command("explain")
def explained(
    ctx: typer.Context,
    proposal_id: Annotated[str, typer.Argument(help="Id of the proposal or approval.", metavar="PROPOSAL")],
) -> None:
    """Show which signatures a proposal needs and how that was derived: facts, thresholds, risk, who may sign."""
    from api.cli.show.authority import show_authority

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/proposals/{_quoted(proposal_id)}/authority")

    give(ctx, ask(ctx, work), show_authority)


@app.command("delegations")
def listed(ctx: typer.Context) -> None:
    """List the roles that were lent, the newest first."""
    from api.cli.show.authority import show_delegations

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/delegations")

    give(ctx, ask(ctx, work), show_delegations)


@app.command("delegate")
def delegated(
    ctx: typer.Context,
    role: Annotated[str, typer.Argument(help="campaign_manager, marketing_leader or legal.")],
    to: Annotated[str, typer.Argument(help="Name of the user who may sign on your behalf.")],
    until: Annotated[str, typer.Option(help="Last day, such as 2026-12-01, or an instant with its zone.")],
) -> None:
    """Lend one of your own roles to another user until a date."""
    from api.cli.show.authority import show_delegation

    async def work(client: Client) -> Any:  # JSON
        return await client.post("/v1/delegations", {"to": to, "role": role, "until": until})

    give(ctx, ask(ctx, work), show_delegation)


@app.command("take-back")
def taken_back(
    ctx: typer.Context,
    delegation_id: Annotated[str, typer.Argument(help="Id of the delegation.", metavar="DELEGATION")],
) -> None:
    """End a delegation now."""
    from api.cli.show.authority import show_delegation

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/delegations/{_quoted(delegation_id)}/revoke")

    give(ctx, ask(ctx, work), show_delegation)


def _quoted(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")
