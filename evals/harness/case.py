"""What is asked, what came of it, and how it is scored: the three values that every suite is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from evals.harness.errors import CaseFileError

JsonObject = dict[str, JsonValue]
_KNOWN = ("kind", "id", "lang", "text", "expected", "tags")


class Case(BaseModel):
    """One thing asked of an agent. `data` holds what is peculiar to its kind, `expected` what a scorer compares with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    kind: str = Field(min_length=1)
    lang: str = "en"
    text: str = ""
    expected: JsonObject = {}
    tags: tuple[str, ...] = ()
    data: JsonObject = {}


class Step(BaseModel):
    """One tool call of an agent, in the order of asking; `refused` when the tool gave a problem instead of a result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: str
    tool: str
    args: JsonObject = {}
    refused: bool = False


class CaseResult(BaseModel):
    """What one run of one case left: its output, the tools called, what it took.

    `error` is the run's own failure ("code: sentence"), which no scorer forgives. Costs in US dollars, time in seconds.
    `trace` names where the whole story can be read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    case: Case
    epoch: int = Field(ge=1)
    seed: int
    model: str
    output: JsonObject = {}
    steps: tuple[Step, ...] = ()
    error: str | None = None
    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    model_calls: int = Field(default=0, ge=0)
    cost: float = Field(default=0.0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    trace: str = ""


class Score(BaseModel):
    """One scorer's verdict on one result.

    `value` lies from 0 to 1 and `passed` says whether it is good enough; `counts` add up over cases (such as true
    positives of a rule); `applies` is false where the case says nothing about this scorer's question.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    passed: bool
    value: float = Field(ge=0, le=1)
    detail: str = ""
    counts: dict[str, int] = {}
    applies: bool = True


def verdict(name: str, problems: Sequence[str], **counts: int) -> Score:
    """Return the score of a check that found these problems: passed without any."""
    return Score(
        name=name,
        passed=not problems,
        value=0.0 if problems else 1.0,
        detail="; ".join(problems)[:2000],
        counts=counts,
    )


def confusion(label: str, *, wanted: bool, found: bool) -> dict[str, int]:
    """Return the counts of one verdict, `LABEL.tp` to `.tn`, the three that it is not as 0."""
    cell = {(True, True): "tp", (False, True): "fp", (True, False): "fn", (False, False): "tn"}[wanted, found]
    return {f"{label}.{name}": int(name == cell) for name in ("tp", "fp", "fn", "tn")}


class CaseFile(NamedTuple):
    """The cases of a file, its `meta` line (empty without one) and the sha256 of its bytes."""

    meta: JsonObject
    cases: tuple[Case, ...]
    sha256: str


def read_cases(path: Path) -> CaseFile:
    """Read a file of cases, one JSON object a line; CaseFileError names the line, the value and the remedy.

    Where the first line is a `meta` line that says which day is today, every case has it as `data.setting`.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(f"{path} cannot be read as UTF-8 text: {error}", value=str(path)) from error
    meta: JsonObject = {}
    cases: dict[str, Case] = {}
    for number, row in _rows(path, text):
        if row.get("kind") == "meta":
            meta = row
            continue
        case = _case(path, number, row, meta)
        if case.id in cases:
            raise CaseFileError(f"{path}, line {number}: the id {case.id} stands twice", value=case.id)
        cases[case.id] = case
    if not cases:
        raise CaseFileError(f"{path} holds no case; a suite without cases shows nothing", value=str(path))
    return CaseFile(meta, tuple(cases.values()), hashlib.sha256(raw).hexdigest())


def cases_digest(cases: Sequence[Case]) -> str:
    """Return a sha256 over generated cases, in their order."""
    text = "\n".join(case.model_dump_json() for case in cases)
    return hashlib.sha256(text.encode()).hexdigest()


def _rows(path: Path, text: str) -> Iterator[tuple[int, JsonObject]]:
    # split at line feeds only: a case may hold other separators of lines inside a text
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CaseFileError(f"{path}, line {number} is not JSON: {error}", value=line[:80]) from error
        if not isinstance(row, dict):
            raise CaseFileError(
                f"{path}, line {number} is {type(row).__name__}; give one JSON object a line", value=line[:80]
            )
        yield number, row


def _case(path: Path, number: int, row: JsonObject, meta: JsonObject) -> Case:
    known = {name: row[name] for name in _KNOWN if name in row}
    if isinstance(row.get("expected"), list):  # a conversation expects one record a campaign
        known["expected"] = {"records": row["expected"]}
    data = {name: value for name, value in row.items() if name not in _KNOWN}
    extra = data.pop("data", {}) if isinstance(data.get("data"), dict) else {}
    if "today" in meta:
        data["setting"] = {name: value for name, value in meta.items() if name != "kind"}
    try:
        return Case.model_validate({**known, "data": {**data, **extra}})  # type: ignore[dict-item]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise CaseFileError(
            f"{path}, line {number}: {place} is {first.get('input')!r} ({first['msg']}); see the contract of cases",
            value=str(row.get("id", number)),
        ) from error
