"""Runs of the eval suites and the baselines they are held against, read from files; nothing here runs an agent."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policies.errors import InvalidInputError

REPORT = "report.json"
NEWEST = 8
_Model = TypeVar("_Model", bound=BaseModel)


class EvalFilesError(InvalidInputError):
    """A file of a run or a baseline is not one that the suites write."""

    code = "eval_files"


class _Read(BaseModel):
    """Files that newer suites write may hold more than is shown."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Baseline(_Read):
    """What a model did when somebody last looked: how often each case passed of `epochs` runs."""

    suite: str
    model: str
    git_sha: str = ""
    epochs: int = Field(ge=1)
    passed: dict[str, int]
    metrics: dict[str, float] = {}

    @property
    def always(self) -> int:
        """Cases that passed every time."""
        return sum(times == self.epochs for times in self.passed.values())


class Meta(_Read):
    """What a run was made with; times in seconds, cost in US dollars."""

    model: str
    tier: str = ""
    note: str = ""
    git_sha: str = ""
    started_at: str = ""
    seconds: float = 0.0
    cost: float = 0.0


class Figures(_Read):
    """Cases of a suite and the share that passed, with its interval (0 to 1)."""

    n: int
    epochs: int = 1
    mean: float
    low: float
    high: float


class Compared(_Read):
    """The difference of that share from the baseline's, with its interval and p of a drop."""

    cases: int
    delta: float
    low: float
    high: float
    p_holm: float = 1.0


class SuiteVerdict(_Read):
    """What the gate said of a suite: `exit` 0 passed, 1 quality fell, 2 an invariant broke, 3 missing, 4 out of money."""

    suite: str
    suite_class: str
    exit: int
    reasons: tuple[str, ...] = ()
    figures: Figures | None = None
    comparison: Compared | None = None


class Verdict(_Read):
    """What the gate said of a run."""

    exit: int
    suites: tuple[SuiteVerdict, ...] = ()


class Flip(_Read):
    """A case that always passed and never does now, or the other way round."""

    suite: str
    case: str
    change: str


class Failure(_Read):
    """One run of a case that failed, and why."""

    suite: str
    case: str
    epoch: int = 1
    reason: str = ""


class Run(_Read):
    """A finished run under its verdict; `folder` is its name under the folder of runs."""

    folder: str = ""
    meta: Meta
    verdict: Verdict
    flips: tuple[Flip, ...] = ()
    failures: tuple[Failure, ...] = ()


def baseline_root() -> Path | None:
    """Where the baselines of this release are; None where the suites are not installed. Imports nothing."""
    found = find_spec("evals")
    places = found.submodule_search_locations if found is not None else None
    return Path(next(iter(places))) / "baselines" if places else None


def read_baselines(root: Path | None) -> list[Baseline]:
    """Read every baseline below a folder of models, by model and suite; EvalFilesError names a damaged one."""
    paths = sorted(root.glob("*/*.json")) if root is not None else []
    return [_parsed(Baseline, path) for path in paths]


def read_runs(root: Path | None) -> list[Run]:
    """Read the newest runs below a folder, one folder a run; EvalFilesError names a damaged one."""
    paths = list(root.glob(f"*/{REPORT}")) if root is not None and root.is_dir() else []
    made = [
        _parsed(Run, path).model_copy(update={"folder": path.parent.name})
        for path in sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[:NEWEST]
    ]
    return sorted(made, key=lambda run: (run.meta.started_at, run.folder), reverse=True)


def _parsed(kind: type[_Model], path: Path) -> _Model:
    try:
        return kind.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise EvalFilesError(
            f"{path.parent.name}/{path.name} cannot be read as what the suites write; make it anew or remove it",
            value=path.name,
        ) from error
