"""`demo`: the main job on real data, from objective to verdict."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import options_of
from api.cli.output import console, give_json

DEMO_HOME = Path("demo-home")


def demo(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(help="Seed of split, consents and draws, 0 or more.")] = 7,
    unattended: Annotated[
        bool, typer.Option("--unattended", help="Let the made-up approver answer, also on a terminal.")
    ] = False,
    objective: Annotated[
        str | None, typer.Option(help="Another objective than the example's.", show_default=False)
    ] = None,
) -> None:
    """Run the main job on the Hillstrom example: real customers of 2008, synthetic identities, a replayed clock.

    The home is made anew at --home, which must not be there yet or be empty; else at ./demo-home or the next free one.
    """
    from api.demo.show import DemoRun, free_home

    options = options_of(ctx)
    attended = sys.stdin.isatty() and sys.stdout.isatty() and not unattended and not options.as_json
    run = DemoRun(
        options.home or free_home(DEMO_HOME), seed, objective, None if options.as_json else console()
    )
    result = asyncio.run(run.play(attended=attended))
    if options.as_json:
        give_json(result)
    if not result["audit"]["ok"]:
        raise typer.Exit(1)
