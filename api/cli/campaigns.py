"""`campaigns list|show|export|preview|uncertain|test-send|pause|resume|stop`."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Look at campaigns and pull the brake.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="Id of the campaign.", metavar="CAMPAIGN")]


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List campaigns, the newest first."""
    from api.cli.show.lists import show_campaigns

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/campaigns")

    give(ctx, ask(ctx, work), show_campaigns)


@app.command("show")
def shown(ctx: typer.Context, campaign_id: Id) -> None:
    """Show where a campaign stands and where everybody of its audience is."""
    from api.cli.show.lists import show_campaign

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/campaigns/{campaign_id}")

    give(ctx, ask(ctx, work), show_campaign)


@app.command("export")
def exported(
    ctx: typer.Context,
    campaign_id: Id,
    what: Annotated[str, typer.Option(help="sends or choices.")] = "sends",
    to: Annotated[Path | None, typer.Option(help="File to write; the standard output when left out.")] = None,
) -> None:
    """Export messages or choices as CSV: ids and decisions, nothing that names a person."""

    async def work(client: Client) -> str | None:
        parts = client.download(f"/v1/campaigns/{campaign_id}/export", what=what)
        if to is None:
            async for piece in parts:
                typer.echo(piece, nl=False)
            return None
        return await _written(to, [piece async for piece in parts])

    path = ask(ctx, work)
    if path is not None:
        give(ctx, {"written": path}, lambda out, data: out.print(f"Wrote {data['written']}."))


@app.command("preview")
def previewed(ctx: typer.Context, campaign_id: Id) -> None:
    """Show who a campaign reaches, to the last person; looking changes nothing."""
    from api.cli.show.messages import show_preview

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/campaigns/{campaign_id}/preview")

    give(ctx, ask(ctx, work), show_preview)


@app.command("uncertain")
def uncertain(
    ctx: typer.Context,
    campaign_id: Id,
    message: Annotated[
        str | None, typer.Argument(help="Key of a message, to say what became of it.", metavar="MESSAGE")
    ] = None,
    sent: Annotated[
        bool | None, typer.Option("--sent/--not-sent", help="What the provider's own records say.")
    ] = None,
) -> None:
    """List messages that a provider may have taken, or say what became of one; none is sent again."""
    from api.cli.show.messages import show_uncertain

    if (message is None) != (sent is None):
        raise InvalidInputError("give a message and --sent or --not-sent together, or neither", value=message)

    async def work(client: Client) -> Any:  # JSON
        path = f"/v1/campaigns/{campaign_id}/uncertain"
        if message is not None:
            await client.post(f"{path}/{message}", {"sent": sent})
        return await client.get(path)

    give(ctx, ask(ctx, work), show_uncertain)


@app.command("test-send")
def tested(
    ctx: typer.Context,
    campaign_id: Id,
    to: Annotated[
        list[str] | None, typer.Option(help="Name of a user; may be given more than once. You, if left out.")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="One arm's message; every e-mail when left out.")] = None,
) -> None:
    """Send the messages to verified addresses of users, marked TEST; at most 20 a proposal."""
    from api.cli.show.messages import show_tests

    async def work(client: Client) -> Any:  # JSON
        body = {"to": to or [], "arm": arm}
        return await client.post(f"/v1/campaigns/{campaign_id}/test-sends", body)

    give(ctx, ask(ctx, work), show_tests)


@app.command("pause")
def paused(ctx: typer.Context, campaign_id: Id) -> None:
    """Halt a campaign until somebody resumes it."""
    _control(ctx, campaign_id, "pause")


@app.command("resume")
def resumed(ctx: typer.Context, campaign_id: Id) -> None:
    """Let a paused campaign go on."""
    _control(ctx, campaign_id, "resume")


@app.command("stop")
def stopped(ctx: typer.Context, campaign_id: Id) -> None:
    """End a campaign for good, from any state."""
    _control(ctx, campaign_id, "stop")


def _control(ctx: typer.Context, campaign_id: str, act: str) -> None:
    from api.cli.show.lists import show_changed

    async def work(client: Client) -> Any:  # JSON
        done = await client.post(f"/v1/campaigns/{campaign_id}/{act}")
        if act != "pause":
            await client.settle()
        return done

    give(ctx, ask(ctx, work), show_changed)


async def _written(path: Path, pieces: list[str]) -> str:
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text("".join(pieces), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise InvalidInputError(f"cannot write {path} ({error.strerror})", value=path) from error
    return str(path)
