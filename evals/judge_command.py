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
    model: Annotated[str, typer.Option(help="The model that judges.")],
    author_model: Annotated[str, typer.Option(help="The model whose words are judged; never the judge.")],
    base_url: Annotated[str, typer.Option(help="Where the judge is served, ending in /v1.")],
    out: Annotated[Path, typer.Option(help="The record, for `evals report --judge`.")],
    api_key: Annotated[
        str, typer.Option(envvar="COUNTERSIGN_MODEL_API_KEY", help="The server's key.")
    ] = "none",
    before: Annotated[Path | None, typer.Option(help="The record of the run before, for drift.")] = None,
) -> None:
    """Ask a judge about every frozen text; 0 where it may be used, 1 where kappa or drift says that it may not."""
    record = asyncio.run(_judged(labels, model, author_model, base_url, api_key, before))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(record.model_dump_json(indent=1) + "\n", "utf-8")
    typer.echo(record.words)
    raise typer.Exit(1 if record.problems else 0)


async def _judged(
    labels: Path, model: str, author: str, base_url: str, key: str, before: Path | None
) -> JudgeRecord:
    from evals.harness.labels import read_labels
    from evals.judging import read_record, validate_judge
    from evals.models.judge import Judge

    asked = Judge(model, author, base_url, key, environment=os.environ)
    try:
        then = None if before is None else read_record(before)
        return await validate_judge(asked, author, read_labels(labels), then)
    finally:
        await asked.aclose()
