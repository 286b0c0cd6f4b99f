"""Shared marks of the terminal: states with a word and a colour, tables, sections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS = {
    "pending": "yellow",
    "in_review": "yellow",
    "paused": "bright_black",
    "live": "green",
    "canary": "green",
    "approved": "green",
    "completed": "green",
    "scheduled": "cyan",
    "blocked": "red",
    "rejected": "red",
    "stopped": "red",
    "pass": "green",
    "warn": "yellow",
    "block": "red",
}


def state(name: str) -> str:
    """Return a state as a coloured word."""
    colour = _COLOURS.get(name)
    words = escape(name.replace("_", " "))
    return f"[{colour}]{words}[/]" if colour else words


def table(*columns: str, right: Iterable[int] = ()) -> Table:
    """Return an empty table; `right` are the numbers of the columns that hold figures."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    aligned = set(right)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number in aligned else "left", overflow="fold")
    return made


def section(out: Console, title: str) -> None:
    """Start a part of a page."""
    out.print(f"\n[bold]{title}[/]")


def pairs(out: Console, lines: Sequence[tuple[str, str]]) -> None:
    """Print a name and its words a line, the words wrapped beside the name."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=2)
    grid.add_column(style="dim", min_width=18, max_width=34)
    grid.add_column()
    for name, words in lines:
        grid.add_row("", name, words)
    out.print(grid)


def when(text: str | None) -> str:
    """Return an instant to the minute, in UTC."""
    if not text:
        return ""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def roles(sets: Sequence[Sequence[str]]) -> str:
    """Return required signatures in words: any one of each set."""
    return "; ".join(" or ".join(name.replace("_", " ") for name in names) for names in sets) or "nobody"
