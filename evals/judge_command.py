"""`countersign evals judge`: hold a judge of implied claims and tone against labels. Importing this loads nothing heavy."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evals.judging import JudgeRecord


def judge(
    labels: Annotated[Path, typer.Argument(help="240 labelled texts, half of them frozen.")],
    run: Annotated[Path, typer.Argument(help="A finished run, whose messages are judged.")],
    model: Annotated[str, typer.Option(help="The model that judges; never the run's own.")],
    base_url: Annotated[str, typer.Option(help="Where the judge is served, ending in /v1.")],
    out: Annotated[Path, typer.Option(help="The record, for `evals report --judge`.")],
    api_key: Annotated[
        str, typer.Option(envvar="COUNTERSIGN_MODEL_API_KEY", help="The server's key.")
    ] = "none",
    before: Annotated[Path | None, typer.Option(help="The record of the run before, for drift.")] = None,
) -> None:
    """Hold a judge against the frozen texts and, where it may be used, let it judge a run's messages.

    Ends with 0 where it was used, and with 1 where kappa or drift says that it may not be.
    """
    record = asyncio.run(_judged(labels, run, model, base_url, api_key, before))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(record.model_dump_json(indent=1) + "\n", "utf-8")
    typer.echo(record.words)
    raise typer.Exit(1 if record.problems else 0)


async def _judged(
    labels: Path, folder: Path, model: str, base_url: str, key: str, before: Path | None
) -> JudgeRecord:
    from evals.harness.labels import read_labels
    from evals.harness.record import load_run
    from evals.judging import judge_messages, read_record, validate_judge
    from evals.models.judge import Judge

    run = load_run(folder)
    asked = Judge(model, run.meta.model, base_url, key, environment=os.environ)
    try:
        then = None if before is None else read_record(before)
        record = await validate_judge(asked, run.meta.model, read_labels(labels), then)
        return record if record.problems else await judge_messages(asked, record, run)
    finally:
        await asked.aclose()
