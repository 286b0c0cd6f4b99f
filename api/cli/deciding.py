"""`decisions serve|replay|learning`: a server of decisions alone, a decision drawn again from its log, and what a collection has learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import ask, options_of
from api.cli.output import console, give

if TYPE_CHECKING:
    from rich.console import Console

    from api.cli.client import Client

app = typer.Typer(
    help="Decisions over HTTP: serve them alone, replay one, see what a collection has learnt.",
    no_args_is_help=True,
)


@app.command("serve")
def served(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 8400,
) -> None:
    """Serve the decisions of a home and nothing else, from a process without agents, graph or warehouse."""
    import asyncio

    from api.decisioning.serving import run_decisions
    from store.home import open_home

    home = open_home(options_of(ctx).home_path())

    def told(url: str) -> None:
        console().print(f"Serving the decisions of {home.path} at {url}. Ctrl-C stops it.")

    asyncio.run(run_decisions(home, host, port, told))


@app.command("replay")
def replayed(
    ctx: typer.Context,
    decision_id: Annotated[str, typer.Argument(metavar="DECISION", help="Id of the decision.")],
) -> None:
    """Draw every choice of a decision again from the log; ends with 1 where anything disagrees."""

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/decisions/{decision_id}/replay")

    answer = ask(ctx, work)
    give(ctx, answer, _show_replay)
    if not answer["replays"]:
        raise typer.Exit(1)


@app.command("learning")
def learning(
    ctx: typer.Context,
    collection_id: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id of a live collection.")],
) -> None:
    """Show what a collection believes of each item, and on how many choices that rests."""

    async def work(client: Client) -> Any:  # JSON
        return await client.get(f"/v1/decisions/learning/{collection_id}")

    give(ctx, ask(ctx, work), _show_learning)


def _show_replay(out: Console, answer: dict[str, Any]) -> None:  # JSON
    from rich.markup import escape

    from api.cli.show.marks import table

    made = table("rank", "item", "propensity", "u", "arm", "sum", "bounds", "policy", right=[0, 2])
    for each in answer["choices"]:
        what = each["item"] or f"fallback: {each['fallback']}"
        chance = "" if each["propensity"] is None else f"{each['propensity']:.6g}"
        marks = [_mark(each[name]) for name in ("uniform", "arm", "sum_is_one", "bounds", "probabilities")]
        made.add_row(str(each["rank"]), escape(what), chance, *marks)
    out.print(made)
    out.print("The decision replays." if answer["replays"] else "The log does not agree with itself.")


def _mark(agrees: bool | None) -> str:
    return "" if agrees is None else "agrees" if agrees else "[bold]differs[/]"


def _show_learning(out: Console, answer: dict[str, Any]) -> None:  # JSON
    from rich.markup import escape

    from api.cli.show.marks import table, when

    until = f", from choices until {when(answer['until'])}" if answer["until"] else ""
    learns = f"It learns{until}." if answer["learns"] else "It does not learn: these are its declared values."
    out.print(f"{escape(answer['collection'])}, version {answer['version']}. {learns}")
    made = table("item", "choices", "reward", "value", "deviation", right=[1, 2, 3, 4])
    for each in answer["items"]:
        made.add_row(
            escape(each["item"]),
            f"{each['choices']:,.0f}",
            f"{each['reward']:,.6g}",
            f"{each['value']:.6g}",
            f"{each['deviation']:.4g}",
        )
    out.print(made)
