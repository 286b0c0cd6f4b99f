"""A log of choices as a CSV file: which arm, with what propensity, what came of it, and what was known before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from policies.errors import InvalidInputError
from store.importing.csv_table import TextTable, read_csv_file
from tools.bandits.ridge import FloatArray
from tools.experiments.off_policy import LoggedChoices


def read_logged_choices(
    path: Path, *, arm: str, reward: str, propensity: str, features: Sequence[str] = ()
) -> LoggedChoices:
    """Read the named columns of a CSV file (or .csv.gz); arms are sorted by name, features get an intercept.

    `features` are columns of numbers, or beginnings of column names that end in `*`. Raises FileUnreadableError,
    ImportRefusedError or InvalidInputError, naming column and value.
    """
    table = read_csv_file(path)
    if not table.rows:
        raise InvalidInputError(f"{path.name} has no rows; a log needs one row a choice", value=path.name)
    labels = _column(table, arm)
    arms = tuple(sorted(set(labels)))
    places = {name: place for place, name in enumerate(arms)}
    columns = [_numbers(table, name) for wanted in features for name in _matching(table, wanted)]
    return LoggedChoices(
        arms,
        np.column_stack([np.ones(table.rows), *columns]),
        np.array([places[label] for label in labels], dtype=np.int64),
        _numbers(table, reward),
        _numbers(table, propensity),
    )


def _column(table: TextTable, name: str) -> Sequence[str]:
    if name not in table.columns:
        raise InvalidInputError(
            f"{table.source_name} has no column {name!r}; it has {', '.join(sorted(table.columns)[:12])}",
            value=name,
        )
    return table.columns[name]


def _matching(table: TextTable, wanted: str) -> list[str]:
    if not wanted.endswith("*"):
        return [wanted]
    found = [name for name in table.columns if name.startswith(wanted[:-1])]
    if not found:
        raise InvalidInputError(
            f"{table.source_name} has no column that begins {wanted[:-1]!r}", value=wanted
        )
    return found


def _numbers(table: TextTable, name: str) -> FloatArray:
    cells = _column(table, name)
    try:
        return np.array([float(cell) for cell in cells])
    except ValueError:
        row = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise InvalidInputError(
            f"{table.source_name}, row {row + 1}: {name} {cells[row]!r} is not a number", value=cells[row]
        ) from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
