"""Offers read in: an incentive, what one redemption costs, when and where it may be used, and how often."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlmodel import Session

from policies.consent import Channel
from store.importing.catalogue import check_cells, is_id, minor_units, rows_of
from store.importing.csv_table import TextTable, check_header
from store.importing.errors import Problems
from store.tables.base import JsonObject
from store.tables.catalogue import Offer
from tools.audience.errors import AudienceError
from tools.audience.fields import Schema
from tools.audience.filters import parse_filter

OFFER_COLUMNS = ("offer_id", "name", "value", "cost", "start", "end", "placements", "eligibility")

_PERCENT = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,]\d{1,4})?)\s*(?:%|percent\b|per cent\b)", re.IGNORECASE)
_CAP = re.compile(r"cap_[a-z][a-z_]{0,30}")
_WHOLE = Decimal(100)
_CHANNELS = frozenset(channel.name.lower() for channel in Channel)


def import_offers(
    session: Session, table: TextTable, *, workspace_id: str, currency: str, schema: Schema | None = None
) -> int:
    """Read offers in, all or none; gives their number.

    `cost` is in major units of `currency`, the workspace's own; a percentage in the words of `value` is the discount. `placements` are channels parted by `;`, blank means
    any. `cap_*` columns hold whole numbers, blank means no cap. `eligibility` is a filter, checked against `schema`
    when one is given. Raises ImportRefusedError listing every problem with its row.
    """
    caps = [name for name in table.columns if _CAP.fullmatch(name)]
    problems = Problems(table.source_name)
    check_header(table, [*OFFER_COLUMNS, *caps], ["offer_id", "name", "value", "cost"], problems)
    problems.refuse_if_any()
    check_cells(
        table,
        "offer_id",
        {
            "offer_id": (is_id, "an id of letters, digits, _, . and -"),
            "name": (bool, "a name: it is blank"),
            "value": (bool, "a value in words: it is blank"),
            "cost": (lambda cell: minor_units(cell) is not None, "a cost such as 2.50"),
            "start": (_is_day_or_blank, "a day such as 2026-12-01"),
            "end": (_is_day_or_blank, "a day such as 2026-12-14"),
            "placements": (
                lambda cell: set(_parted(cell)) <= _CHANNELS,
                f"channels of {', '.join(sorted(_CHANNELS))}",
            ),
            **{
                name: (lambda cell: not cell or cell.isdecimal(), "a whole number, or blank") for name in caps
            },
        },
        problems,
    )
    _check_days(table, problems)
    if schema is not None:
        _check_eligibility(table.column("eligibility"), schema, problems)
    problems.refuse_if_any()
    for cells in rows_of(table, [*OFFER_COLUMNS, *caps]):
        session.merge(_offer(cells, caps, workspace_id, currency))
    session.flush()
    return table.rows


def _offer(cells: dict[str, str], caps: Sequence[str], workspace_id: str, currency: str) -> Offer:
    limits: JsonObject = {name.removeprefix("cap_"): int(cells[name]) for name in caps if cells[name]}
    channels = _parted(cells["placements"])
    return Offer(
        workspace_id=workspace_id,
        offer_id=cells["offer_id"],
        name=cells["name"],
        value=cells["value"],
        cost_minor=minor_units(cells["cost"]) or 0,
        currency=currency,
        discount_percent=_discount(cells["value"]),
        starts_on=_day(cells["start"]),
        ends_on=_day(cells["end"]),
        placements={"channels": channels} if channels else {},
        eligibility=cells["eligibility"],
        caps=limits,
    )


def _discount(value: str) -> str | None:
    """The deepest percentage up to 100 that an offer's words name; None where they name none."""
    named = [Decimal(found.replace(",", ".")) for found in _PERCENT.findall(value)]
    return max(
        (f"{percent.normalize():f}" for percent in named if percent <= _WHOLE), key=Decimal, default=None
    )


def _check_days(table: TextTable, problems: Problems) -> None:
    for row, (start, end) in enumerate(zip(table.column("start"), table.column("end"), strict=True), start=1):
        first, last = _day(start), _day(end)
        if first is not None and last is not None and last < first:
            problems.add(row, "end", end, f"it ends on {end}, before it starts on {start}")


def _check_eligibility(cells: Sequence[str], schema: Schema, problems: Problems) -> None:
    for row, cell in enumerate(cells, start=1):
        if not cell:
            continue
        try:
            parse_filter(cell, schema)
        except AudienceError as error:
            problems.add(row, "eligibility", cell, error.message.rstrip("."))


def _parted(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _is_day_or_blank(cell: str) -> bool:
    return not cell or _day(cell) is not None


def _day(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None
