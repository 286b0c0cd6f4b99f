"""Recordings of evals: a folder with the answers of one model to one tier's cases, and a head that says whose they are."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from agents.models.interface import ModelProvider
from agents.models.settings import AnswerMethod
from evals.harness.errors import CaseFileError, EvalsError, SuiteNotFoundError
from evals.harness.record import Run, RunMeta
from evals.harness.runner import run_suites
from evals.registry import Workshop, read_planned

HEAD_FILE: Final = "recording.json"
ANSWERS_FILE: Final = "answers.jsonl.gz"


class Recording(BaseModel):
    """Whose answers a recording holds: `model` as its server names it, and what was recorded. `note` says what it is not."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    note: str
    answer_method: AnswerMethod
    tier: str
    seed: int
    git_sha: str
    recorded_at: str
    cases: dict[str, int]
    answers: int


def read_recording(folder: Path) -> tuple[Recording, Path]:
    """Return a recording's head and the file of its answers; SuiteNotFoundError without one, CaseFileError for a damaged one."""
    path = folder / HEAD_FILE
    try:
        return Recording.model_validate_json(path.read_text("utf-8")), folder / ANSWERS_FILE
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SuiteNotFoundError(
            f"there is no recording in {folder}; make one with countersign evals record", value=str(folder)
        ) from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise CaseFileError(f"{path} is no recording: {error}", value=str(path)) from error


async def record(names: Sequence[str], models: ModelProvider, meta: RunMeta, folder: Path) -> Run:
    """Run the suites of a tier once against a served model and keep every answer in a folder, in place of what it held.

    One case runs at a time, so that a request that several make has its answers in order. EvalsError, and nothing kept,
    where a case ends in an error.
    """
    choice = models.settings.use[0]
    method = await models.method_of(choice)
    await models.aclose()
    with tempfile.TemporaryDirectory() as scratch:
        tape = Path(scratch) / "answers.jsonl"
        taped = {"cassette": tape, "cassette_mode": "record", "answer_method": method}
        workshop = Workshop(ModelProvider(models.settings.model_copy(update=taped)))
        try:
            made = await run_suites(read_planned(workshop, names, tier=meta.tier), meta)
        finally:
            await workshop.aclose()
        failed = [f"{one.result.case.id}: {one.result.error}" for one in made.scored if one.result.error]
        if failed or not tape.is_file():
            raise EvalsError(
                f"nothing was recorded, since {failed[0] if failed else 'no case asked the model'}",
                value=len(failed),
            )
        head = Recording(
            model=choice.name,
            note=meta.note,
            answer_method=method,
            tier=meta.tier,
            seed=meta.seed,
            git_sha=meta.git_sha,
            recorded_at=meta.started_at,
            cases={one.suite.name: len(one.case_ids) for one in made.suites},
            answers=tape.read_bytes().count(b"\n"),
        )
        _keep(head, tape, folder)
    return made


def _keep(head: Recording, tape: Path, folder: Path) -> None:
    """Write a recording; no time is in the compressed answers, so that the same ones are the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ANSWERS_FILE).write_bytes(gzip.compress(tape.read_bytes(), mtime=0))
    (folder / HEAD_FILE).write_text(head.model_dump_json(indent=1) + "\n", "utf-8")
