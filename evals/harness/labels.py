"""Labelled texts that a judge is held against: 240 items, half of them frozen and never used to write its rubric."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.harness.errors import CaseFileError
from evals.harness.statistics import RESAMPLES, Interval, StatisticsError, cohens_kappa

ITEMS: Final = 240
LEAST_SHARE, MOST_SHARE = 0.4, 0.6
Rubric = Literal["implied_claim", "tone"]


class LabelledText(BaseModel):
    """A text and what a person said of it: `label` is true where the rubric's fault is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    rubric: Rubric
    text: str = Field(min_length=1)
    label: bool
    half: Literal["open", "frozen"]


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["meta"]
    frozen_sha256: str


class Labels(NamedTuple):
    """A valid file of labels; the sha256 is of the frozen half."""

    items: tuple[LabelledText, ...]
    frozen_sha256: str

    @property
    def frozen(self) -> tuple[LabelledText, ...]:
        """The half that a judge is held against."""
        return tuple(item for item in self.items if item.half == "frozen")


def frozen_digest(items: Sequence[LabelledText]) -> str:
    """Return the sha256 over the frozen items, one JSON line each, by id."""
    frozen = sorted((item for item in items if item.half == "frozen"), key=lambda item: item.id)
    return hashlib.sha256("\n".join(item.model_dump_json() for item in frozen).encode()).hexdigest()


def read_labels(path: Path) -> Labels:
    """Read a file of labels: a meta line with `frozen_sha256`, then 240 items; CaseFileError says what is wrong with it."""
    try:
        first, *rest = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
        head = _Head.model_validate_json(first)
        items = tuple(LabelledText.model_validate_json(line) for line in rest)
    except (OSError, ValueError, ValidationError) as error:
        raise CaseFileError(f"{path} is no file of labels: {error}", value=str(path)) from error
    _check(path, items, head)
    return Labels(items, head.frozen_sha256)


def _check(path: Path, items: Sequence[LabelledText], head: _Head) -> None:
    if len(items) != ITEMS:
        raise CaseFileError(f"{path} has {len(items)} items; a judge needs {ITEMS}", value=len(items))
    twice = [name for name, times in Counter(item.id for item in items).items() if times > 1]
    if twice:
        raise CaseFileError(f"{path}: the id {twice[0]} stands twice", value=twice[0])
    frozen = sum(item.half == "frozen" for item in items)
    if frozen != ITEMS // 2:
        raise CaseFileError(f"{path} freezes {frozen} items; freeze {ITEMS // 2}", value=frozen)
    for half in ("open", "frozen"):
        of_half = [item for item in items if item.half == half]
        for rubric in ("implied_claim", "tone"):
            labels = [item.label for item in of_half if item.rubric == rubric]
            share = sum(labels) / len(labels) if labels else 0.0
            if not LEAST_SHARE <= share <= MOST_SHARE:
                raise CaseFileError(
                    f"{path}: {share:.0%} of the {half} half's {rubric} items have the fault; "
                    f"it takes {LEAST_SHARE:.0%} to {MOST_SHARE:.0%}",
                    value=round(share, 4),
                )
    found = frozen_digest(items)
    if found != head.frozen_sha256:
        raise CaseFileError(
            f"{path}: the frozen half has the sha256 {found}, its meta line says {head.frozen_sha256}; "
            "frozen items do not change",
            value=found,
        )


def kappa_interval(
    first: Sequence[bool], second: Sequence[bool], rng: np.random.Generator, confidence: float = 0.95
) -> Interval:
    """Return the percentile bootstrap interval of Cohen's kappa, items resampled together.

    Resamples in which kappa is not defined are left out.
    """
    a, b = np.array(first, dtype=np.bool_), np.array(second, dtype=np.bool_)
    found = []
    for rows in rng.integers(0, len(a), (RESAMPLES // 4, len(a))):
        try:
            found.append(cohens_kappa(a[rows].tolist(), b[rows].tolist()))
        except StatisticsError:
            continue
    if not found:
        raise StatisticsError("kappa is defined in no resample; both raters say one thing", value=len(a))
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
