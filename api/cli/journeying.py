"""`journeys list|show|propose|pause|resume|stop|people|timeline|help`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give
from policies.errors import InvalidInputError

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(help="Propose journeys, see who stands where, and pull the brake.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(help="Id of the journey.", metavar="JOURNEY")]
PersonId = Annotated[str, typer.Argument(help="Id of the person.", metavar="PERSON")]


@app.command("list")
def listed(ctx: typer.Context) -> None:
    """List every version that runs or ran, with how many people are in it."""
    from api.cli.show.journeys import show_runs

    async def work(client: Client) -> Any:  # JSON
        return await client.get("/v1/journeys")

    give(ctx, ask(ctx, work), show_runs)


@app.command("show")
def shown(ctx: typer.Context, journey_id: Id) -> None:
    """Show the steps of a journey with the people at each."""
    from api.cli.show.journeys import show_journey

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/journeys/{journey_id}")

    give(ctx, ask(ctx, work), show_journey)


@app.command("propose")
def proposed(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="A definition as JSON, such as examples/journeys/onboarding.json.")
    ],
    journey_id: Annotated[
        str | None, typer.Option("--id", help="Id of the journey; the file's name when left out.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever signs.")] = "",
) -> None:
    """Propose a journey, or its next version; it starts once somebody else has signed it."""
    from api.cli.show.journeys import show_proposed

    body = _definition(file)

    async def work(client: Client) -> Any:  # JSON
        named = journey_id or file.stem
        return await client.post("/v1/managed", {"object_id": named, "body": body, "reason": reason})

    give(ctx, ask(ctx, work), show_proposed)


@app.command("pause")
def paused(ctx: typer.Context, journey_id: Id) -> None:
    """Halt a journey until somebody resumes it."""
    _control(ctx, journey_id, "pause")


@app.command("resume")
def resumed(ctx: typer.Context, journey_id: Id) -> None:
    """Let a paused journey go on."""
    _control(ctx, journey_id, "resume")


@app.command("stop")
def stopped(ctx: typer.Context, journey_id: Id) -> None:
    """End a journey for good; whoever is inside leaves."""
    _control(ctx, journey_id, "stop")


@app.command("people")
def people(
    ctx: typer.Context,
    journey_id: Id,
    status: Annotated[
        str | None, typer.Option(help="active, left, goal, stopped or stuck; all when left out.")
    ] = None,
) -> None:
    """List people of a journey; with --status stuck those that wait for somebody."""
    from api.cli.show.journeys import show_people

    async def work(client: Client) -> Any:  # JSON
        wanted = {} if status is None else {"status": status}
        return await client.get(f"/v1/journeys/{journey_id}/people", **wanted)

    give(ctx, ask(ctx, work), show_people)


@app.command("timeline")
def timeline(ctx: typer.Context, journey_id: Id, person_id: PersonId) -> None:
    """Show what one person went through."""
    from api.cli.show.journeys import show_timeline

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/journeys/{journey_id}/people/{person_id}")

    give(ctx, ask(ctx, work), show_timeline)


@app.command("help")
def helped(
    ctx: typer.Context,
    journey_id: Id,
    person_id: PersonId,
    then: Annotated[str, typer.Option(help="proceed (with the next step) or leave.")] = "proceed",
) -> None:
    """Let somebody who is stuck go on, or leave; no message is sent again."""
    from api.cli.show.journeys import show_timeline

    async def work(client: Client) -> Any:  # JSON
        done = await client.post(f"/v1/journeys/{journey_id}/people/{person_id}/help", {"then": then})
        await client.settle()
        return done

    give(ctx, ask(ctx, work), show_timeline)


def _control(ctx: typer.Context, journey_id: str, act: str) -> None:
    from api.cli.show.journeys import show_runs

    async def work(client: Client) -> Any:  # JSON
        done = await client.post(f"/v1/journeys/{journey_id}/{act}")
        if act != "pause":
            await client.settle()
        return done

    give(ctx, ask(ctx, work), show_runs)


def _definition(file: Path) -> Any:  # JSON
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(f"cannot read {file} ({error.strerror})", value=file) from error
    except ValueError as error:
        raise InvalidInputError(f"{file} is no JSON: {error}", value=file) from error
