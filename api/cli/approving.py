"""`approvals list|show|resolve|revoke`: the approver's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Look at what waits for a countersignature, and answer it.", no_args_is_help=True)
ANSWERS = ("approve", "approve_limited", "request_changes", "reject")
Id = Annotated[str, typer.Argument(help="Id of the approval.", metavar="APPROVAL")]


@app.command("list")
def listed(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="pending, approved, rejected, …")] = None,
) -> None:
    """List approvals, the newest first."""
    from api.cli.show.lists import show_approvals

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/approvals", status=status)

    give(ctx, ask(ctx, work), show_approvals)


@app.command("show")
def shown(ctx: typer.Context, approval_id: Id) -> None:
    """Show everything that an approval is about."""
    from api.cli.show.approval import show_approval

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/approvals/{approval_id}")

    give(ctx, ask(ctx, work), show_approval)


@app.command("resolve")
def resolved(
    ctx: typer.Context,
    approval_id: Id,
    answer: Annotated[str, typer.Argument(help=f"{', '.join(ANSWERS)}.")],
    digest: Annotated[
        str | None, typer.Option(help="Digest you read; by default that of the proposal as it stands now.")
    ] = None,
    comment: Annotated[str, typer.Option(help="Why; needed for request_changes and reject.")] = "",
    limit: Annotated[
        list[str] | None, typer.Option(help="With approve_limited: NAME=NUMBER, such as maximum_people=1000.")
    ] = None,
) -> None:
    """Answer an approval for exactly the content with this digest."""
    from api.cli.show.lists import show_resolved

    if answer not in ANSWERS:
        raise InvalidInputError(f"there is no answer {answer!r}; answers: {', '.join(ANSWERS)}", value=answer)
    limits = read_limits(limit or [])

    async def work(client: Client) -> Any:  # JSON
        seen = digest or (await client.get(f"/v1/approvals/{approval_id}"))["digest"]
        body = {"answer": answer, "digest": seen, "comment": comment, "limits": limits}
        done = await client.post(f"/v1/approvals/{approval_id}/resolve", body)
        await client.settle()
        return done

    give(ctx, ask(ctx, work), show_resolved)


@app.command("revoke")
def revoked(
    ctx: typer.Context, approval_id: Id, reason: Annotated[str, typer.Option(help="Why it is taken back.")]
) -> None:
    """Take back an approval before its first message."""
    from api.cli.show.authority import show_revoked

    async def work(client: Client) -> Any:  # JSON
        done = await client.post(f"/v1/approvals/{approval_id}/revoke", {"reason": reason})
        await client.settle()
        return done

    give(ctx, ask(ctx, work), show_revoked)


def read_limits(given: list[str]) -> dict[str, int] | None:
    """Return limits by name, or None without any; InvalidInputError for one that is not NAME=NUMBER."""
    limits: dict[str, int] = {}
    for text in given:
        name, _, number = text.partition("=")
        if not name or not number.isascii() or not number.isdigit():
            raise InvalidInputError(
                f"the limit {text!r} is not NAME=NUMBER, such as maximum_people=1000", value=text
            )
        limits[name] = int(number)
    return limits or None
