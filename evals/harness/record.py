"""A finished run on disk: what it was run with, every result and every score. Gates and reports read nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.harness.case import CaseResult, Score
from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.suite import Suite

RUN_FILE, RESULTS_FILE = "run.json", "results.jsonl"


class RunMeta(BaseModel):
    """What a run was made with. `endpoint` is empty for models inside the process; `budget` in US dollars.

    `note` says what else has to be known of the answers, such as that no language model gave them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    endpoint: str = ""
    note: str = ""
    tier: str
    seed: int
    git_sha: str = ""
    prompts_digest: str = ""
    policy_digest: str = ""
    started_at: str = ""
    seconds: float = 0.0
    cost: float = 0.0
    budget: float | None = None
    budget_exceeded: bool = False


class SuiteMeta(BaseModel):
    """What of a suite was to be run: the ids of its cases and how often each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: Suite
    case_ids: tuple[str, ...]
    epochs: int
    dataset_sha256: str


class Scored(BaseModel):
    """A result with what its scorers said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    result: CaseResult
    scores: tuple[Score, ...]

    @property
    def passed(self) -> bool:
        """Whether the run came to an end and every score that applies is good."""
        return self.result.error is None and all(score.passed for score in self.scores if score.applies)


class Run(BaseModel):
    """A whole run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meta: RunMeta
    suites: tuple[SuiteMeta, ...]
    scored: tuple[Scored, ...] = ()

    def of(self, name: str) -> tuple[Scored, ...]:
        """Return a suite's results, by case and epoch."""
        found = [scored for scored in self.scored if scored.result.suite == name]
        return tuple(sorted(found, key=lambda scored: (scored.result.case.id, scored.result.epoch)))

    def suite(self, name: str) -> SuiteMeta | None:
        """Return what was run of a suite; None when nothing was."""
        return next((meta for meta in self.suites if meta.suite.name == name), None)


def passes_by_case(scored: Sequence[Scored]) -> dict[str, list[bool]]:
    """Return for each case whether each of its epochs passed, in order."""
    found: dict[str, list[bool]] = defaultdict(list)
    for one in sorted(scored, key=lambda scored: (scored.result.case.id, scored.result.epoch)):
        found[one.result.case.id].append(one.passed)
    return dict(found)


def save_run(run: Run, folder: Path) -> None:
    """Write a run: `run.json` without results, `results.jsonl` with one a line."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [scored.model_dump_json() for scored in run.scored]
    (folder / RESULTS_FILE).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    head = run.model_dump(mode="json", by_alias=True, exclude={"scored"})
    (folder / RUN_FILE).write_text(json.dumps(head, indent=1, ensure_ascii=False) + "\n", "utf-8")


def load_run(folder: Path) -> Run:
    """Read a run that `save_run` wrote; SuiteNotFoundError without one, CaseFileError where it is damaged."""
    try:
        head = json.loads((folder / RUN_FILE).read_text("utf-8"))
        lines = (folder / RESULTS_FILE).read_text("utf-8").split("\n")
        scored = [Scored.model_validate_json(line) for line in lines if line]
        return Run.model_validate({**head, "scored": scored})
    except FileNotFoundError as error:
        raise SuiteNotFoundError(f"there is no finished run in {folder}", value=str(folder)) from error
    except (ValueError, ValidationError) as error:
        raise CaseFileError(f"the run in {folder} is damaged: {error}", value=str(folder)) from error
