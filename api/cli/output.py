"""What commands print: JSON for programs, calm tables for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from api.cli.options import options_of
from policies.errors import CountersignError

if TYPE_CHECKING:
    from rich.console import Console


_PLAIN_WIDTH = 120
"""Columns where the output is no terminal, which then says nothing about its own."""


def console() -> Console:
    """Return a console on the standard output as it is now."""
    from rich.console import Console

    out = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    if not out.is_terminal:
        out.width = _PLAIN_WIDTH
    return out


def give(ctx: typer.Context, data: Any, show: Callable[[Console, Any], None]) -> None:
    """Print an answer of the home: as JSON when asked for, else as `show` draws it. `data` is JSON of any shape."""
    if options_of(ctx).as_json:
        give_json(data)
    else:
        show(console(), data)


def give_json(data: Any) -> None:  # JSON of any shape
    """Print JSON on the standard output."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def give_error(error: CountersignError, *, as_json: bool) -> None:
    """Print an error as one line on the error output, and with JSON asked for as an object on the standard output."""
    line = " ".join(error.message.split())
    if error.value and error.value not in line:
        line = f"{line} [{_short(error.value)}]"
    typer.echo(f"error: {line}", err=True)
    if as_json:
        give_json({"error": error.code, "message": error.message, "value": error.value})


def _short(value: str) -> str:
    text = " ".join(value.split())
    return text if len(text) <= 120 else f"{text[:120]}…"
