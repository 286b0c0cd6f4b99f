"""Whether a judge may be used: held against the frozen labels, and against what it said before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.harness.errors import CaseFileError
from evals.harness.labels import Labels, kappa_interval
from evals.harness.statistics import cohens_kappa
from evals.models.judge import Judge

LEAST_KAPPA: Final = 0.7
MOST_DRIFT: Final = 0.03


class JudgeRecord(BaseModel):
    """One run of a judge over the frozen half. `drift` is the share of its answers that are not those of the run before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    author_model: str
    labels_sha256: str
    kappa: float
    low: float
    high: float
    drift: float | None
    answers: dict[str, bool]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the judge may not be used; nothing where it may."""
        found = [] if self.kappa >= LEAST_KAPPA else [f"kappa {self.kappa:.2f} is below {LEAST_KAPPA}"]
        if self.drift is not None and self.drift > MOST_DRIFT:
            found.append(
                f"{self.drift:.1%} of its answers changed since the run before, at most {MOST_DRIFT:.0%} may"
            )
        return tuple(found)

    @property
    def words(self) -> str:
        """What reports say of the judge."""
        said = (
            f"{self.model}, kappa {self.kappa:.2f} ({self.low:.2f} to {self.high:.2f}) on {len(self.answers)} frozen labels "
            f"{self.labels_sha256[:12]}"
        )
        return f"unvalidated: {said}; {'; '.join(self.problems)}" if self.problems else f"validated: {said}"


async def validate_judge(
    judge: Judge, author_model: str, labels: Labels, before: JudgeRecord | None, seed: int = 1
) -> JudgeRecord:
    """Ask a judge about every frozen text and compare; a typed failure of one answer is the run's failure."""
    answers = {item.id: (await judge.ask(item.rubric, item.text)).fault for item in labels.frozen}
    said, wanted = list(answers.values()), [item.label for item in labels.frozen]
    constant = len(set(said)) == 1  # against balanced labels kappa is 0 then, and its interval has no width
    low, high = (0.0, 0.0) if constant else kappa_interval(wanted, said, np.random.default_rng(seed))
    return JudgeRecord(
        model=judge.model,
        author_model=author_model,
        labels_sha256=labels.frozen_sha256,
        kappa=cohens_kappa(wanted, said),
        low=low,
        high=high,
        drift=None if before is None else _drift(before, answers, labels.frozen_sha256),
        answers=answers,
    )


def read_record(path: Path) -> JudgeRecord:
    """Read what `evals judge` wrote; CaseFileError where it is none."""
    try:
        return JudgeRecord.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise CaseFileError(f"{path} is no record of a judge: {error}", value=str(path)) from error


def _drift(before: JudgeRecord, answers: dict[str, bool], sha256: str) -> float:
    if before.labels_sha256 != sha256:
        raise CaseFileError(
            "the run before was held against other labels; judge those, or leave it out",
            value=before.labels_sha256,
        )
    changed: Sequence[str] = [name for name, said in answers.items() if before.answers.get(name) is not said]
    return len(changed) / len(answers)
