"""Baselines: what a model did when somebody last looked and said that this is how it should be."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.harness.errors import CaseFileError, SuiteNotFoundError
from evals.harness.metrics import metrics_of
from evals.harness.record import Run, passes_by_case

BASELINES = Path(__file__).resolve().parent.parent / "baselines"


class Baseline(BaseModel):
    """One suite of one model: how often each case passed of how many epochs, and the metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    model: str
    git_sha: str
    dataset_sha256: str
    epochs: int
    passed: dict[str, int]
    metrics: dict[str, float]


def folder_of(model: str, root: Path = BASELINES) -> Path:
    """Return the folder of a model's baselines; its name with everything unsafe in a path made a dash."""
    name = re.sub(r"[^\w.-]+", "-", model).strip("-.")
    if not name:
        raise CaseFileError(f"the model {model!r} gives no name for a folder", value=model)
    return root / name


def bless(run: Run, root: Path = BASELINES) -> list[Path]:
    """Write every quality suite of a run as the baseline of its model; CaseFileError for a run that did not come to its end."""
    written = []
    for meta in run.suites:
        if meta.suite.suite_class != "quality":
            continue  # an invariant is held against nothing but itself
        scored = run.of(meta.suite.name)
        broken = [one.result.case.id for one in scored if one.result.error is not None]
        if broken or {one.result.case.id for one in scored} != set(meta.case_ids):
            raise CaseFileError(
                f"{meta.suite.name} has cases without a result ({', '.join(broken[:5]) or 'missing'}); "
                "only a whole run can be a baseline",
                value=meta.suite.name,
            )
        baseline = Baseline(
            suite=meta.suite.name,
            model=run.meta.model,
            git_sha=run.meta.git_sha,
            dataset_sha256=meta.dataset_sha256,
            epochs=meta.epochs,
            passed={case: sum(each) for case, each in passes_by_case(scored).items()},
            metrics={name: round(value, 6) for name, value in metrics_of(scored).items()},
        )
        path = folder_of(run.meta.model, root) / f"{meta.suite.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(baseline.model_dump_json(indent=1) + "\n", "utf-8")
        written.append(path)
    return written


def read_baseline(folder: Path, suite: str) -> Baseline:
    """Read one suite's baseline; SuiteNotFoundError without one, CaseFileError for a damaged one."""
    path = folder / f"{suite}.json"
    try:
        return Baseline.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise SuiteNotFoundError(
            f"{folder.name} has no baseline for {suite}; look at a run and bless it", value=suite
        ) from error
    except ValidationError as error:
        raise CaseFileError(f"{path} is no baseline: {error}", value=str(path)) from error
