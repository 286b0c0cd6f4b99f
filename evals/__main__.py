"""`python -m evals`: the commands of the harness without the rest of the command line; errors are one line, exit 3."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from api.cli.output import give_error
from evals.commands import add_commands
from evals.harness.gate import Exit
from policies.errors import CountersignError

app = typer.Typer(name="evals", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
add_commands(app)


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; what cannot be run is never a pass."""
    try:
        code = app(args=list(argv), standalone_mode=False)
    except CountersignError as error:
        give_error(error, as_json=False)
        return int(Exit.MISSING)
    except typer.TyperException as error:
        typer.echo(f"error: {error.format_message()}", err=True)
        return int(Exit.MISSING)
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
