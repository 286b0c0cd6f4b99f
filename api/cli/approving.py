"""`approvals list|show|resolve|edit|revoke|withdraw`: the approver's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask, options_of
from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from api.cli.chatting import Outcome
    from api.cli.client import Client

app = typer.Typer(help="Look at what waits for a countersignature, and answer it.", no_args_is_help=True)
ANSWERS = ("approve", "approve_limited", "request_changes", "reject")
Id = Annotated[str, typer.Argument(help="Id of the approval.", metavar="APPROVAL")]


@app.command("list")
def listed(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="pending, approved, rejected, …")] = None,
    limit: Annotated[int, typer.Option(help="Approvals to show, 1 to 200.")] = 50,
    before: Annotated[
        str | None, typer.Option(help="Go on from here: the last approval of the page before.")
    ] = None,
) -> None:
    """List approvals, the newest first, a page at a time."""
    from api.cli.show.lists import show_approvals

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/approvals", status=status, limit=limit, before=before)

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


@app.command("edit")
def edited(
    ctx: typer.Context,
    approval_id: Id,
    budget_minor: Annotated[int | None, typer.Option(help="Budget in minor units (cents).")] = None,
    starts: Annotated[str | None, typer.Option(help="First day, YYYY-MM-DD.")] = None,
    ends: Annotated[str | None, typer.Option(help="Last day, YYYY-MM-DD.")] = None,
    holdout: Annotated[str | None, typer.Option(help="Share held out, such as 0.1.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Channel to use; may be repeated.")] = None,
    message: Annotated[
        list[str] | None,
        typer.Option(help="ARM.PART=WORDS with subject, preheader, heading, body or call_to_action."),
    ] = None,
) -> None:
    """Change a proposal, which makes a new one; whoever edits it cannot sign it."""
    from api.cli.chatting import converse_over, give_outcome, watcher

    changes = {
        "budget_minor": budget_minor,
        "starts": starts,
        "ends": ends,
        "holdout_share": holdout,
        "channels": channel or None,
        "messages": read_messages(message or []),
    }
    as_json = options_of(ctx).as_json

    async def work(client: Client) -> Outcome:
        seen = await client.get(f"/v1/approvals/{approval_id}")
        body = {name: value for name, value in changes.items() if value is not None}
        path = f"/v1/proposals/{seen['proposal']['proposal_id']}/edit"
        with watcher(as_json) as watching:
            return await converse_over(client, path, {"digest": seen["digest"], **body}, watching)

    name, data = ask(ctx, work)
    give_outcome(ctx, name, data)


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


@app.command("withdraw")
def withdrawn(ctx: typer.Context, approval_id: Id) -> None:
    """Take back a change of the rules that you proposed and nobody has signed."""
    from api.cli.show.authority import show_revoked

    async def work(client: Client) -> Any:  # JSON
        return await client.post(f"/v1/approvals/{approval_id}/withdraw", {})

    give(ctx, ask(ctx, work), show_revoked)


def read_messages(given: list[str]) -> dict[str, dict[str, str]]:
    """Return new words by arm and part; InvalidInputError for one that is not ARM.PART=WORDS."""
    messages: dict[str, dict[str, str]] = {}
    for text in given:
        place, _, words = text.partition("=")
        arm, _, part = place.rpartition(".")
        if not arm or not part or not words.strip():
            raise InvalidInputError(
                f"the message {text!r} is not ARM.PART=WORDS, such as mens_merchandise.subject=Hello",
                value=text,
            )
        messages.setdefault(arm, {})[part] = words
    return messages


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
