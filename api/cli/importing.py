"""`import customers|experiment|offers|products|actions FILE`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask
from api.cli.output import give
from policies.errors import NotFoundError

if TYPE_CHECKING:
    from api.cli.client import Client

app = typer.Typer(
    help="Read files in: checked whole, then written whole or not at all.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(help="A CSV file, UTF-8; .gz is read too.")]


@app.command("customers")
def customers(ctx: typer.Context, file: File) -> None:
    """Read customers in; a known external id is updated."""
    _upload(ctx, "customers", file, {})


@app.command("experiment")
def experiment(
    ctx: typer.Context,
    file: File,
    name: Annotated[str, typer.Option(help="Name of the experiment.")],
    starts_on: Annotated[str, typer.Option(help="First day, YYYY-MM-DD.")],
    ends_on: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD.")],
    source: Annotated[str, typer.Option(help="Where the data comes from.")] = "",
    note: Annotated[str, typer.Option(help="What a reader has to know.")] = "",
    outcome_label: Annotated[
        str, typer.Option(help="Said beside every result.")
    ] = "outcome of the logged experiment",
) -> None:
    """Read a logged experiment in, of customers that were imported before."""
    declared = {
        "experiment_name": name,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "source": source,
        "note": note,
        "outcome_label": outcome_label,
    }
    _upload(ctx, "experiment", file, declared)


@app.command("offers")
def offers(ctx: typer.Context, file: File) -> None:
    """Read offers in; a known id is replaced."""
    _upload(ctx, "offers", file, {})


@app.command("products")
def products(ctx: typer.Context, file: File) -> None:
    """Read products in; a known id is replaced."""
    _upload(ctx, "products", file, {})


@app.command("actions")
def actions(ctx: typer.Context, file: File) -> None:
    """Read actions in: what may be done for a person, and what one message costs."""
    _upload(ctx, "actions", file, {})


def _upload(ctx: typer.Context, kind: str, file: Path, declared: Mapping[str, str | int | None]) -> None:
    from api.cli.show.lists import show_import

    content = _content(file)

    async def work(client: Client) -> Any:  # JSON
        return await client.upload(f"/v1/imports/{kind}", content, name=file.name, **declared)

    give(ctx, ask(ctx, work), show_import)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotFoundError(f"cannot read {file} ({error.strerror}); check the path", value=file) from error
