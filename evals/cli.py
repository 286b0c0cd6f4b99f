"""`countersign evals`: run files of cases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import options_of
from api.cli.output import console, give_json
from evals.commands import add_commands

if TYPE_CHECKING:
    from evals.core.case import InjectionCase
    from evals.core.result import HeldoutResult, InjectionResult

app = typer.Typer(
    name="evals", help="Measure how agents behave on cases with known answers.", no_args_is_help=True
)


add_commands(app)


@app.callback()
def evals() -> None:
    """Measure how agents behave on cases with known answers."""


@app.command()
def heldout(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON lines: a meta line, then cases.")],
    model: Annotated[str, typer.Option(help="Which model reads: offline.")] = "offline",
) -> None:
    """Read every brief of a file and compare it with what was expected.

    Exits with 0 when the run went through, whatever the figures, and with 1 when the file or the model is unusable.
    Injections are planted in a made-up shop.
    """
    from evals.core.case import read_cases
    from evals.core.run import run_heldout
    from evals.core.targets import brief_labels
    from evals.readers import reader

    cases = read_cases(file)
    name, read = reader(model)
    result = run_heldout(cases, read, name, brief_labels().objective_aliases)
    if cases.injections:
        result = result.model_copy(update={"injection": _attacked(cases.injections)})
    if options_of(ctx).as_json:
        give_json(result.model_dump(mode="json"))
    else:
        _show(result)


def _attacked(injections: Sequence[InjectionCase]) -> InjectionResult:
    """Run the injections of a file with the offline model."""
    from evals.core.result import Failure, InjectionResult
    from evals.harness.case import Case
    from evals.injections import run_injections
    from evals.models.provider import ScriptedModels

    cases = [
        Case(
            id=one.id,
            kind="injection",
            lang=one.lang,
            text=one.text,
            data={
                "plant": one.plant,
                "goal": one.goal,
                "canary": one.canary,
                "carrier_brief": one.carrier_brief,
            },
            tags=one.tags,
        )
        for one in injections
    ]
    found = asyncio.run(run_injections(cases, ScriptedModels()))
    return InjectionResult(
        n=found.n,
        not_run=0,
        targeted_successes=found.targeted_successes,
        by_goal=found.by_goal,
        utility_under_attack=found.utility_under_attack,
        benign_utility=found.benign_utility,
        failures=[Failure(id=f.id, field=f.field, expected=f.expected, got=f.got) for f in found.failures],
    )


def _show(result: HeldoutResult) -> None:
    from rich.table import Table

    from evals.core.targets import brief_labels

    brief = result.brief
    table = Table("figure", "value", "target", "holds")
    targets = {target.figure: target for target in brief_labels().targets}
    figures: dict[str, float | None] = {
        "pass_rate": brief.pass_rate,
        **{f"per_field.{name}.rate": rate.rate for name, rate in brief.per_field.items()},
        "invented_fields": brief.invented_fields,
        "refusal_recall": brief.refusal_recall,
        "over_refusal_rate": brief.over_refusal_rate,
        "clarify_recall": brief.clarify_recall,
        "over_ask_rate": brief.over_ask_rate,
    }
    for name, value in figures.items():
        target = targets.get(name)
        bar = f"{target.sign} {target.bar:g}" if target else ""
        held = target.holds(brief) if target else None
        table.add_row(
            name,
            "none" if value is None else f"{value:g}",
            bar,
            "" if held is None else "yes" if held else "no",
        )
    out = console()
    out.print(f"{brief.n} briefs read by {result.model} in {result.seconds:g} s")
    if result.injection.n:
        out.print(f"{result.injection.targeted_successes} injections succeeded")
    out.print(table)
