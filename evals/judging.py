"""Whether a judge may be used: held against the frozen labels, and against what it said before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.harness.errors import CaseFileError
from evals.harness.labels import Labels, Rubric, kappa_interval
from evals.harness.record import Run, Scored
from evals.harness.statistics import cohens_kappa
from evals.models.judge import RUBRICS, Judge, JudgeAnswer, JudgeError

LEAST_KAPPA: Final = 0.7
MOST_DRIFT: Final = 0.03
_AT_A_TIME: Final = 8
_READ: Final = ("subject", "preheader", "heading", "body", "call_to_action")


class Finding(BaseModel):
    """A message of a run in which a judge that may be used found a fault."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    case: str
    message: str
    rubric: Rubric
    reason: str


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
    judged: int = 0
    findings: tuple[Finding, ...] = ()

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
        if self.problems:
            return f"unvalidated: {said}; {'; '.join(self.problems)}"
        return f"validated: {said}; faults in {len(self.findings)} of {self.judged} verdicts on messages"


async def validate_judge(
    judge: Judge, author_model: str, labels: Labels, before: JudgeRecord | None, seed: int = 1
) -> JudgeRecord:
    """Ask a judge about every frozen text and compare; a typed failure of one answer is the run's failure."""
    said_of = await _asked(judge, [(item.rubric, item.text) for item in labels.frozen])
    answers = {item.id: answer.fault for item, answer in zip(labels.frozen, said_of, strict=True)}
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


async def judge_messages(judge: Judge, record: JudgeRecord, run: Run) -> JudgeRecord:
    """Return the record with what the judge finds in every message of a run; JudgeError where it may not be used."""
    if record.problems:
        raise JudgeError(f"{judge.model} may not be used: {'; '.join(record.problems)}", value=judge.model)
    places = [
        (one.result, message, rubric, text)
        for one in run.scored
        for message, text in _messages(one)
        for rubric in RUBRICS
    ]
    answers = await _asked(judge, [(rubric, text) for _, _, rubric, text in places])
    findings = tuple(
        Finding(suite=result.suite, case=result.case.id, message=message, rubric=rubric, reason=answer.reason)
        for (result, message, rubric, _), answer in zip(places, answers, strict=True)
        if answer.fault
    )
    return record.model_copy(update={"judged": len(places), "findings": findings})


async def _asked(judge: Judge, questions: Sequence[tuple[Rubric, str]]) -> list[JudgeAnswer]:
    """The answers in the order of the questions, a few at a time; the first that fails ends them all."""
    room = asyncio.Semaphore(_AT_A_TIME)

    async def ask(rubric: Rubric, text: str) -> JudgeAnswer:
        async with room:
            return await judge.ask(rubric, text)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(rubric, text)) for rubric, text in questions]
    except* JudgeError as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


def _messages(one: Scored) -> Iterator[tuple[str, str]]:
    """The messages of a case's proposal, by arm."""
    creatives = one.result.output.get("creatives")
    for arm, creative in creatives.items() if isinstance(creatives, dict) else ():
        if isinstance(creative, dict):
            yield arm, "\n".join(str(creative[part]) for part in _READ if creative.get(part))


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
