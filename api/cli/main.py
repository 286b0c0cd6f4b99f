"""`countersign`: every command in one tree. Importing this loads no heavy package; commands load what they use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

import typer

from api.cli import (
    approving,
    authority,
    campaigns,
    chatting,
    deciding,
    demonstrating,
    homes,
    importing,
    journeying,
    looking,
    notifying,
    recommending,
    remembering,
    toolserver,
    users,
    valuing,
)
from api.cli.options import AnywhereGroup, Options
from api.cli.output import give_error
from policies.errors import CountersignError, InvalidInputError

app = typer.Typer(
    cls=AnywhereGroup,
    name="countersign",
    help="Nothing reaches a customer until a person has countersigned exactly what will run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def shared(
    ctx: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="Directory of the home (COUNTERSIGN_HOME, else ./countersign-home).")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Your API key (COUNTERSIGN_KEY).", show_default=False)
    ] = None,
    acting_as: Annotated[
        str | None, typer.Option("--as", help="A made-up user of a demo home, such as Ada or Grace.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Options that may stand anywhere on the line."""
    ctx.obj = Options(home, key, acting_as, as_json)


app.command("demo")(demonstrating.demo)
app.command("init")(homes.init)
app.command("serve")(homes.serve)
app.add_typer(importing.app, name="import")
app.command("chat")(chatting.chat)
app.command("brief")(chatting.brief)
app.command("plan")(chatting.plan)
app.add_typer(approving.app, name="approvals")
app.add_typer(authority.app, name="authority")
app.add_typer(campaigns.app, name="campaigns")
app.add_typer(deciding.app, name="decisions")
app.add_typer(journeying.app, name="journeys")
app.add_typer(looking.audience, name="audience")
app.command("offers")(looking.offers)
app.add_typer(looking.policies, name="policies")
app.add_typer(users.app, name="users")
app.add_typer(looking.models, name="models")
app.command("readout")(looking.readout)
app.add_typer(looking.audit, name="audit")
app.add_typer(remembering.memory, name="memory")
app.add_typer(notifying.notifications, name="notifications")
app.add_typer(notifying.webhooks, name="webhooks")
app.command("mcp")(toolserver.mcp)
app.command("ope")(valuing.ope)
app.command("recommend")(recommending.recommend)


# Evals stand to the right of the API, so the name of their commands is known here and nothing else of them.
_EVALS = EntryPoint(name="evals", value="evals.cli:app", group="countersign.commands")


@app.command(
    "evals",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def evals(ctx: typer.Context) -> None:
    """Measure how agents behave on cases with known answers."""
    commands: typer.Typer = _EVALS.load()
    code = commands(
        args=ctx.args,
        standalone_mode=False,
        obj=ctx.obj,
        prog_name="evals",
        help_option_names=["--help"],
        parent=ctx,
    )
    if isinstance(code, int) and code:
        raise typer.Exit(code)


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; every error is one line, and JSON where that was asked for."""
    as_json = "--json" in argv
    try:
        code = app(args=list(argv), standalone_mode=False)
    except CountersignError as error:
        give_error(error, as_json=as_json)
        return 1
    except typer.Abort:
        give_error(CountersignError("stopped; nothing more was done", code="stopped"), as_json=as_json)
        return 130
    except typer.TyperException as error:
        give_error(InvalidInputError(error.format_message(), code="usage"), as_json=as_json)
        return 2
    except KeyboardInterrupt:
        give_error(CountersignError("stopped; nothing more was done", code="stopped"), as_json=as_json)
        return 130
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
