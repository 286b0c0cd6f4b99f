"""A customers file, checked whole: every cell is either understood or named as a problem."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import numpy as np

from policies.consent import (
    BoolArray,
    Channel,
    ConsentColumnError,
    ConsentReading,
    ConsentStatus,
    ConsentWordError,
    Purpose,
    StatusArray,
    read_column,
    read_word,
)
from policies.privacy import holds_address
from store.importing.csv_table import TextTable, check_header, check_unique
from store.importing.errors import Problems, masked
from store.warehouse import PERSONAL_COLUMNS
from tools.audience.fields import Kind

PLAIN_COLUMNS = (
    "external_id",
    "email",
    "phone",
    "timezone",
    "locale",
    "first_name",
    "last_name",
    "consent_at",
    "consent_source",
)
RESERVED_ATTRIBUTES = PERSONAL_COLUMNS | {
    "person_id",
    "workspace_id",
    "import_id",
    "imported_at",
    "timezone",
    "locale",
}

_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\.[A-Za-z]{2,}")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_LOCALE = re.compile(r"[a-z]{2,3}(?:[-_][A-Z]{2})?")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WHOLE = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?")
_LONGEST_ID = 200


class ConsentColumn(NamedTuple):
    """What a column of the file says for one channel and purpose: statuses (n,), hard suppressions (n,)."""

    channel: Channel
    purpose: Purpose
    statuses: StatusArray
    suppressed: BoolArray


class Attribute(NamedTuple):
    """A typed attribute column: None where the cell was blank."""

    name: str
    kind: Kind
    values: list[int | float | str | bool | date | None]


@dataclass(frozen=True, slots=True)
class CheckedCustomers:
    """A customers file without problems, by column; every sequence has `rows` entries in the order of the file."""

    rows: int
    external_ids: Sequence[str]
    emails: Sequence[str]
    phones: Sequence[str]
    first_names: Sequence[str]
    last_names: Sequence[str]
    timezones: Sequence[str]
    locales: Sequence[str]
    consents: tuple[ConsentColumn, ...]
    consent_at: Sequence[datetime | None]
    consent_sources: Sequence[str]
    attributes: tuple[Attribute, ...]
    columns: frozenset[str]


def check_customers(
    table: TextTable, *, default_timezone: str, default_locale: str, at: datetime
) -> CheckedCustomers:
    """Decide what a customers file says; raises ImportRefusedError listing every problem with its row.

    Blank time zones and locales take the defaults. A stated consent needs its `consent_at`. Blank consent stays
    unknown, which is not contactable for marketing. at: the import's time (aware UTC), which no `consent_at` may come
    after, or a later withdrawal would never count. Attribute kinds follow from all cells of a column.
    """
    problems = Problems(table.source_name)
    attribute_names = [name for name in table.columns if name.startswith("attr.")]
    consent_names = [name for name in table.columns if name.startswith("consent.")]
    check_header(table, [*PLAIN_COLUMNS, *consent_names, *attribute_names], ["external_id"], problems)
    problems.refuse_if_any()
    external_ids = table.column("external_id")
    _check_cells(external_ids, "external_id", problems, _external_id_problem)
    check_unique(external_ids, "external_id", problems, hide=True)
    emails = [value.lower() for value in table.column("email")]
    _check_cells(emails, "email", problems, _email_problem)
    check_unique(emails, "email", problems, hide=True)
    phones = [re.sub(r"[\s().-]", "", value) for value in table.column("phone")]
    _check_cells(phones, "phone", problems, _phone_problem)
    check_unique(phones, "phone", problems, hide=True)
    _check_distinct(table.column("timezone"), "timezone", problems, _timezone_problem)
    _check_distinct(table.column("locale"), "locale", problems, _locale_problem)
    consents = tuple(
        c for name in consent_names if (c := _consent_column(name, table.column(name), problems))
    )
    moments = _moments(table.column("consent_at"), at, problems)
    _check_distinct(table.column("consent_source"), "consent_source", problems, _source_problem)
    _check_dated(consents, moments, problems)
    attributes = tuple(a for name in attribute_names if (a := _attribute(name, table.column(name), problems)))
    problems.refuse_if_any()
    return CheckedCustomers(
        rows=table.rows,
        external_ids=external_ids,
        emails=emails,
        phones=phones,
        first_names=table.column("first_name"),
        last_names=table.column("last_name"),
        timezones=[value or default_timezone for value in table.column("timezone")],
        locales=[value or default_locale for value in table.column("locale")],
        consents=consents,
        consent_at=moments,
        consent_sources=[value or "import" for value in table.column("consent_source")],
        attributes=attributes,
        columns=frozenset(table.columns),
    )


def _check_cells(
    values: Sequence[str], column: str, problems: Problems, problem_of: Callable[[str], str | None]
) -> None:
    for row, value in enumerate(values, start=1):
        problem = problem_of(value)
        if problem is not None:
            problems.add(row, column, masked(value), problem)


def _check_distinct(
    values: Sequence[str], column: str, problems: Problems, problem_of: Callable[[str], str | None]
) -> None:
    wrong = {value: problem for value in set(values) if value and (problem := problem_of(value)) is not None}
    if wrong:
        for row, value in enumerate(values, start=1):
            if value in wrong:
                problems.add(row, column, masked(value) if holds_address(value) else value, wrong[value])


def _external_id_problem(value: str) -> str | None:
    if not value:
        return "the external id is blank"
    return f"the external id is longer than {_LONGEST_ID} characters" if len(value) > _LONGEST_ID else None


def _email_problem(value: str) -> str | None:
    if not value or (_EMAIL.fullmatch(value) and len(value) <= 254):
        return None
    return f"{masked(value)} is not an e-mail address"


def _phone_problem(value: str) -> str | None:
    if not value or _PHONE.fullmatch(value):
        return None
    return f"{masked(value)} is not a phone number; write it with its country, such as +1 555 010 0000"


def _timezone_problem(value: str) -> str | None:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return f"{value!r} is not a time zone; write one such as Europe/Paris"
    return None


def _locale_problem(value: str) -> str | None:
    return None if _LOCALE.fullmatch(value) else f"{value!r} is not a locale; write one such as en-US"


def _consent_column(name: str, cells: Sequence[str], problems: Problems) -> ConsentColumn | None:
    try:
        channel, purpose = read_column(name)
    except ConsentColumnError as error:
        problems.add(0, name, name, error.message.rstrip("."))
        return None
    readings: dict[str, ConsentReading] = {}
    wrong: dict[str, str] = {}
    for word in set(cells):
        try:
            readings[word] = read_word(word)
        except ConsentWordError as error:
            wrong[word] = error.message.rstrip(".")
    if wrong:
        for row, word in enumerate(cells, start=1):
            if word in wrong:
                problems.add(row, name, word, wrong[word])
        return None
    statuses = np.fromiter((readings[word].status for word in cells), dtype=np.int8, count=len(cells))
    suppressed = np.fromiter((readings[word].suppressed for word in cells), dtype=np.bool_, count=len(cells))
    return ConsentColumn(channel, purpose, statuses, suppressed)


def _source_problem(value: str) -> str | None:
    return "the source holds an e-mail address; name a form or a system" if holds_address(value) else None


def _moments(cells: Sequence[str], at: datetime, problems: Problems) -> list[datetime | None]:
    read: dict[str, datetime | None] = {}
    for cell in set(cells):
        read[cell] = _moment(cell)
    for row, cell in enumerate(cells, start=1):
        moment = read[cell]
        if cell and moment is None:
            problems.add(
                row, "consent_at", cell, f"{cell!r} is not a time; write one such as 2026-01-31T09:00:00Z"
            )
        elif moment is not None and moment > at:
            bound = at.astimezone(UTC).isoformat(timespec="seconds")
            problems.add(
                row,
                "consent_at",
                cell,
                f"{cell} is later than this import ({bound}); write when it was given",
            )
    return [read[cell] for cell in cells]


def _moment(cell: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(cell)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _check_dated(
    consents: Sequence[ConsentColumn], moments: Sequence[datetime | None], problems: Problems
) -> None:
    dated = np.fromiter((moment is not None for moment in moments), dtype=np.bool_, count=len(moments))
    stated = np.zeros(len(moments), dtype=np.bool_)
    for column in consents:
        stated |= column.statuses == int(ConsentStatus.GRANTED)
    for row in np.flatnonzero(stated & ~dated):
        problems.add(
            int(row) + 1, "consent_at", "", "a yes needs the time it was given, and consent_at is blank"
        )


def _attribute(name: str, cells: Sequence[str], problems: Problems) -> Attribute | None:
    short = name.removeprefix("attr.")
    if not _ATTRIBUTE.fullmatch(short):
        problems.add(
            0, name, name, f"the attribute {short!r} must be small letters, digits and _, at most 40"
        )
        return None
    if short in RESERVED_ATTRIBUTES:
        problems.add(
            0, name, name, f"the attribute {short!r} has a column of its own or is personal; leave it out"
        )
        return None
    distinct = {cell for cell in cells if cell}
    kind = attribute_kind(distinct)
    read = _READ[kind]
    typed: Mapping[str, int | float | str | bool | date] = {cell: read(cell) for cell in distinct}
    return Attribute(short, kind, [typed.get(cell) for cell in cells])


def attribute_kind(cells: set[str]) -> Kind:
    """Decide the kind of a column from its distinct cells that are not blank: the narrowest that fits them all.

    Whole numbers with leading zeros (postcodes) stay text.
    """
    if not cells:
        return "text"
    if cells <= {"true", "false"}:
        return "flag"
    if all(_WHOLE.fullmatch(cell) for cell in cells):
        return "integer"
    if all(_DECIMAL.fullmatch(cell) for cell in cells) and not any(
        re.match(r"-?0\d", cell) for cell in cells
    ):
        return "number"
    return "date" if all(_is_date(cell) for cell in cells) else "text"


def _is_date(cell: str) -> bool:
    try:
        date.fromisoformat(cell)
    except ValueError:
        return False
    return len(cell) == 10


_READ: Mapping[Kind, Callable[[str], int | float | str | bool | date]] = {
    "flag": lambda cell: cell == "true",
    "integer": int,
    "number": float,
    "date": date.fromisoformat,
    "text": str,
}
