"""The models on the terminal: where they are, what works, and which agent speaks with which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from rich.markup import escape

from api.cli.show.marks import table

if TYPE_CHECKING:
    from rich.console import Console

Json: TypeAlias = dict[str, Any]
_MARKS = {"works": "[green]works[/]", "unusable": "[yellow]unusable[/]", "refused": "[red]refused[/]"}


def show_models(out: Console, found: Json) -> None:
    """Draw one block a model, then the chain of each agent."""
    for model in found["models"]:
        state = "[green]ready[/]" if model["ready"] else "[red]not ready[/]"
        way = f" by {model['method']}" if model["method"] else ""
        out.print(
            f"{escape(model['model'])} ({escape(model['where'])}) is {state}{way}, in {model['seconds']} s."
        )
        if model["problem"]:
            out.print(f"  [red]{model['problem']['error']}[/]  {escape(model['problem']['message'])}")
        if model["capabilities"]:
            made = table("ability", "", "ms", "why not", right=[2])
            for each in model["capabilities"]:
                made.add_row(
                    each["ability"], _MARKS[each["state"]], str(each["latency_ms"]), escape(each["why"] or "")
                )
            out.print(made)
    for agent, chain in found["agents"].items():
        out.print(f"  {agent}  [dim]{escape(' → '.join(chain))}[/]")
