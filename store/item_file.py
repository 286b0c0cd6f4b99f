"""What is known of items as a CSV file: value, margin, stock and text by item id, each column only where it is there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from policies.errors import InvalidInputError
from store.importing.csv_table import TextTable, read_csv_file
from store.purchase_file import column_of, number_in


class ItemRows(NamedTuple):
    """Numbers and texts by item id; an item without a number in a column is not in its mapping."""

    value: Mapping[str, float]
    margin: Mapping[str, float]
    stock: Mapping[str, float]
    text: Mapping[str, str]


def read_items(path: Path) -> ItemRows:
    """Read the columns item, value, margin, stock and text; `item` must be there and name each item once."""
    table = read_csv_file(path)
    ids = column_of(table, "item")
    if len(set(ids)) < len(ids) or "" in ids:
        raise InvalidInputError(f"{path.name}: each row needs an item id of its own", value="item")
    numbers = {name: _numbers(table, ids, name) for name in ("value", "margin", "stock")}
    texts = {item: cell for item, cell in zip(ids, table.column("text"), strict=True) if cell}
    return ItemRows(**numbers, text=texts)


def read_segments(path: Path) -> dict[str, str]:
    """Read the columns person and segment: the segment of each person."""
    table = read_csv_file(path)
    return dict(zip(column_of(table, "person"), column_of(table, "segment"), strict=True))


def _numbers(table: TextTable, ids: tuple[str, ...], name: str) -> dict[str, float]:
    cells = enumerate(table.column(name))
    return {ids[row]: number_in(table, name, row, cell) for row, cell in cells if cell}
