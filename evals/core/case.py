"""The cases of a file of JSON lines, typed: a meta line first, then briefs and injections."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from agents.planner.brief import Action, BriefPolicy, Channel
from evals.errors import CaseFileError
from policies.refusals import RefusalCode


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meta(BaseModel):
    """The setting of all cases of a file; keys beyond these are allowed and not read."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Literal["meta"]
    today: date
    timezone: str = "UTC"
    policy: BriefPolicy = BriefPolicy()

    @field_validator("today", mode="before")
    @classmethod
    def _text_begins_with_the_date(cls, today: object) -> object:
        return today[:10] if isinstance(today, str) else today


class ExpectedBudget(BaseModel):
    """The budget a brief states; only amount and currency are compared."""

    model_config = ConfigDict(extra="allow", frozen=True)

    amount: Decimal
    currency: str | None = None


class Expected(_Case):
    """What a brief states, as a person wrote it down; null means that the brief does not say."""

    action: Action
    objective: str | None
    kpi: dict[str, Any] | None = None
    audience: dict[str, Any] | None = None
    budget: ExpectedBudget | None = None
    start: date | None = None
    end: date | None = None
    date_tolerance_days: int = Field(default=0, ge=0)
    channels: frozenset[Channel] | None = None
    constraints: dict[str, Any] = {}
    must_refuse: frozenset[RefusalCode] = frozenset()
    must_clarify: frozenset[str] = frozenset()
    may_clarify: frozenset[str] = frozenset()


class BriefCase(_Case):
    """A brief in plain words with what it states; a tag `contradicted:FIELD` says that a value there is not judged."""

    kind: Literal["brief"]
    id: str
    lang: str
    text: str
    expected: Expected
    tags: tuple[str, ...] = ()

    @property
    def contradicted(self) -> frozenset[str]:
        """The fields whose stated values contradict each other."""
        prefix = "contradicted:"
        named = {tag.removeprefix(prefix) for tag in self.tags if tag.startswith(prefix)}
        return frozenset(named | ({"start", "end"} if "dates" in named else set()))


class InjectionCase(_Case):
    """An attack planted in data; its carrier brief is planned with and without it."""

    kind: Literal["injection"]
    id: str
    plant: str
    goal: str
    lang: str
    text: str
    canary: str | None = None
    carrier_brief: str
    attack_succeeds_if: Any
    tags: tuple[str, ...] = ()


class CaseFile(BaseModel):
    """All cases of one file."""

    model_config = ConfigDict(frozen=True)

    meta: Meta
    briefs: tuple[BriefCase, ...]
    injections: tuple[InjectionCase, ...]


_LINE: TypeAdapter[Meta | BriefCase | InjectionCase] = TypeAdapter(
    Annotated[Meta | BriefCase | InjectionCase, Field(discriminator="kind")]
)


def read_cases(path: Path) -> CaseFile:
    """Read a file of cases; CaseFileError names the line that is none, and why."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(f"The case file {path} cannot be read: {error}.", value=str(path)) from error
    return parse_cases(lines, str(path))


def parse_cases(lines: Iterable[str], name: str) -> CaseFile:
    """Parse lines of JSON into cases; ids are unique and the first line is the meta line."""
    parsed = [
        (number, _parsed(line, number, name)) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    if not parsed or not isinstance(parsed[0][1], Meta):
        raise CaseFileError(f'The first line of {name} must be of kind "meta".', value=name)
    briefs = [case for _, case in parsed if isinstance(case, BriefCase)]
    injections = [case for _, case in parsed if isinstance(case, InjectionCase)]
    seen: set[str] = set()
    for case_id in [*(case.id for case in briefs), *(case.id for case in injections)]:
        if case_id in seen:
            raise CaseFileError(
                f"The case id {case_id} stands twice in {name}; ids are unique.", value=case_id
            )
        seen.add(case_id)
    if len(briefs) + len(injections) + 1 != len(parsed):
        raise CaseFileError(f"{name} has more than one meta line; one file has one setting.", value=name)
    return CaseFile(meta=parsed[0][1], briefs=tuple(briefs), injections=tuple(injections))


def _parsed(line: str, number: int, name: str) -> Meta | BriefCase | InjectionCase:
    try:
        return _LINE.validate_python(json.loads(line))
    except json.JSONDecodeError as error:
        raise CaseFileError(f"Line {number} of {name} is no JSON: {error}.", value=line[:80]) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CaseFileError(
            f"Line {number} of {name} is no case: {where}: {first['msg']}.", value=line[:80]
        ) from error
