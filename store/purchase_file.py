"""Purchases as a CSV file: one row an item bought, with who bought it and on which day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError
from store.importing.csv_table import TextTable, read_csv_file


class PurchaseRows(NamedTuple):
    """Person and item ids and days (n,), and how many rows of the file were no purchase of a known person."""

    person: NDArray[np.str_]
    item: NDArray[np.str_]
    day: NDArray[np.datetime64]
    left_out: int

    @property
    def last_day(self) -> date:
        """The day of the newest purchase."""
        last: date = self.day.max().astype(object)
        return last


def read_purchases(
    path: Path, *, person: str, item: str, day: str, amount: str | None = None
) -> PurchaseRows:
    """Read the named columns of a CSV file (or .csv.gz). Rows without a person or an item, or whose amount is not above
    0 (returns), are left out. Days begin with YYYY-MM-DD. Raises FileUnreadableError or InvalidInputError by name.
    """
    table = read_csv_file(path)
    who = np.array(column_of(table, person), dtype=np.str_)
    what = np.array(column_of(table, item), dtype=np.str_)
    kept = (who != "") & (what != "")
    if amount is not None:
        kept &= (
            np.array(
                [number_in(table, amount, row, cell) for row, cell in enumerate(column_of(table, amount))]
            )
            > 0
        )
    if not kept.any():
        raise InvalidInputError(
            f"{path.name} has no purchase of a known person; {person} and {item} must be filled",
            value=path.name,
        )
    days = np.array([cell[:10] for cell in column_of(table, day)], dtype=np.str_)[kept]
    try:
        when = days.astype("datetime64[D]")
    except ValueError as error:
        raise InvalidInputError(
            f"{path.name}: a {day} does not begin with a day as YYYY-MM-DD: {error}", value=day
        ) from error
    if np.isnat(when).any():
        raise InvalidInputError(f"{path.name}: a purchase has no {day}; fill or remove it", value=day)
    return PurchaseRows(who[kept], what[kept], when, int(len(kept) - kept.sum()))


def column_of(table: TextTable, name: str) -> tuple[str, ...]:
    """The cells of a column that must be there; InvalidInputError names those there are."""
    if name not in table.columns:
        raise InvalidInputError(
            f"{table.source_name} has no column {name!r}; it has {', '.join(sorted(table.columns)[:12])}",
            value=name,
        )
    return tuple(table.columns[name])


def number_in(table: TextTable, name: str, row: int, cell: str) -> float:
    """A cell as a number; InvalidInputError names row and column."""
    try:
        return float(cell)
    except ValueError:
        raise InvalidInputError(
            f"{table.source_name}, row {row + 1}: {name} {cell!r} is not a number", value=cell
        ) from None
