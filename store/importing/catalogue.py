"""Products, actions and brand documents read in; a known id is replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session, SQLModel

from policies.consent import Channel
from store.importing.csv_table import TextTable, check_header, check_unique
from store.importing.errors import FileUnreadableError, Problems
from store.tables.catalogue import ActionRow, Document, Offer, Product

PRODUCT_COLUMNS = ("product_id", "name", "category", "description", "price", "currency")
ACTION_COLUMNS = (
    "action_id",
    "name",
    "channel",
    "message_cost_minor",
    "currency",
    "product_id",
    "offer_id",
    "cost_source",
)
DOCUMENT_KINDS = ("brand", "claim", "guideline", "learning")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_FRONT = re.compile(r"---\n(?P<front>.*?)\n---\n(?P<text>.*)", re.DOTALL)
_CHANNELS = frozenset(channel.name.lower() for channel in Channel)

Rule = tuple[Callable[[str], bool], str]
"""What a cell must satisfy, and how to say what it is not."""


class BrandDocument(NamedTuple):
    """One document of a brand folder: its id is the file's name without the ending."""

    document_id: str
    kind: str
    title: str
    text: str


def import_products(session: Session, table: TextTable, *, workspace_id: str) -> int:
    """Read products in, all or none; gives their number. Price is in major units, or blank when it is not known."""
    rules: dict[str, Rule] = {
        "product_id": (is_id, "an id of letters, digits, _, . and -"),
        "name": (bool, "a name: it is blank"),
        "category": (bool, "a category: it is blank"),
        "price": (lambda cell: not cell or minor_units(cell) is not None, "a price such as 49.90"),
        "currency": (_is_currency_or_blank, "a currency such as USD"),
    }
    problems = Problems(table.source_name)
    check_header(table, PRODUCT_COLUMNS, ("product_id", "name", "category"), problems)
    problems.refuse_if_any()
    check_cells(table, "product_id", rules, problems)
    for row, (price, currency) in enumerate(
        zip(table.column("price"), table.column("currency"), strict=True), 1
    ):
        if price and not currency:
            problems.add(row, "currency", "", "a price needs its currency, and it is blank")
    problems.refuse_if_any()
    for cells in rows_of(table, PRODUCT_COLUMNS):
        product = Product(
            workspace_id=workspace_id,
            product_id=cells["product_id"],
            name=cells["name"],
            category=cells["category"],
            description=cells["description"],
            price_minor=minor_units(cells["price"]),
            currency=cells["currency"] or None,
        )
        session.merge(product)
    session.flush()
    return table.rows


def import_actions(session: Session, table: TextTable, *, workspace_id: str) -> int:
    """Read the actions of a workspace in, all or none; gives their number.

    Each names its channel, what one message costs (whole minor units) and who says so. Products and offers that an
    action names must be there.
    """
    rules: dict[str, Rule] = {
        "action_id": (
            lambda cell: is_id(cell) and cell != "none",
            "an id (and `none` is kept for doing nothing)",
        ),
        "name": (bool, "a name: it is blank"),
        "channel": (lambda cell: cell in _CHANNELS, f"a channel ({', '.join(sorted(_CHANNELS))})"),
        "message_cost_minor": (
            lambda cell: cell.isascii() and cell.isdigit(),
            "a whole number of minor units",
        ),
        "currency": (lambda cell: bool(_CURRENCY.fullmatch(cell)), "a currency such as USD"),
        "cost_source": (bool, "the source of the cost: it is blank"),
        "product_id": (_known(session, Product, workspace_id), "a product that was imported"),
        "offer_id": (_known(session, Offer, workspace_id), "an offer that was imported"),
    }
    problems = Problems(table.source_name)
    check_header(table, ACTION_COLUMNS, ACTION_COLUMNS[:5], problems)
    problems.refuse_if_any()
    check_cells(table, "action_id", rules, problems)
    problems.refuse_if_any()
    for cells in rows_of(table, ACTION_COLUMNS):
        action = ActionRow(
            workspace_id=workspace_id,
            action_id=cells["action_id"],
            name=cells["name"],
            channel=cells["channel"],
            message_cost_minor=int(cells["message_cost_minor"]),
            currency=cells["currency"],
            product_id=cells["product_id"] or None,
            offer_id=cells["offer_id"] or None,
            cost_source=cells["cost_source"],
        )
        session.merge(action)
    session.flush()
    return table.rows


def read_documents(folder: Path) -> tuple[BrandDocument, ...]:
    """Read every `*.md` of a folder; each starts with a block that gives `kind` and `title`.

    Raises FileUnreadableError naming the file, ImportRefusedError for a block that lacks them.
    """
    problems = Problems(folder.name)
    found: list[BrandDocument] = []
    for path in sorted(folder.glob("*.md")):
        try:
            match = _FRONT.fullmatch(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise FileUnreadableError(f"{path.name} cannot be read: {error}.", value=path.name) from error
        lines = match["front"].splitlines() if match else []
        front = dict(line.split(": ", 1) for line in lines if ": " in line)
        kind, title = front.get("kind", ""), front.get("title", "")
        if match is None or kind not in DOCUMENT_KINDS or not title:
            kinds = ", ".join(DOCUMENT_KINDS)
            problems.add(
                0, path.name, kind, f"{path.name} must start with a block of kind ({kinds}) and title"
            )
            continue
        found.append(BrandDocument(path.stem, kind, title, match["text"].strip()))
    problems.refuse_if_any()
    return tuple(found)


def save_documents(
    session: Session, documents: Sequence[BrandDocument], *, workspace_id: str, at: datetime
) -> tuple[Document, ...]:
    """Keep documents; a changed text raises the version of the one that is there, an equal one changes nothing."""
    saved: list[Document] = []
    for document_id, kind, title, text in documents:
        row = session.get(Document, (workspace_id, document_id))
        if row is None:
            row = Document(
                workspace_id=workspace_id,
                document_id=document_id,
                kind=kind,
                title=title,
                text=text,
                updated_at=at,
            )
        elif (row.kind, row.title, row.text) != (kind, title, text):
            row.kind, row.title, row.text = kind, title, text
            row.version, row.updated_at = row.version + 1, at
        session.add(row)
        saved.append(row)
    session.flush()
    return tuple(saved)


def check_cells(table: TextTable, key: str, rules: Mapping[str, Rule], problems: Problems) -> None:
    """Note every cell that breaks the rule of its column, and every repeated `key`."""
    check_unique(table.column(key), key, problems, hide=False)
    for name, (holds, words) in rules.items():
        for row, cell in enumerate(table.column(name), start=1):
            if not holds(cell):
                problems.add(row, name, cell, f"{cell!r} is not {words}")


def rows_of(table: TextTable, names: Sequence[str]) -> list[dict[str, str]]:
    """The rows as cells by column name; columns that the file lacks are blank."""
    columns = [table.column(name) for name in names]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _known(session: Session, model: type[SQLModel], workspace_id: str) -> Callable[[str], bool]:
    return lambda cell: not cell or session.get(model, (workspace_id, cell)) is not None


def is_id(cell: str) -> bool:
    """Whether a cell may be the id of a product, an offer or an action."""
    return _ID.fullmatch(cell) is not None


def _is_currency_or_blank(cell: str) -> bool:
    return not cell or _CURRENCY.fullmatch(cell) is not None


def minor_units(cell: str) -> int | None:
    """An amount in major units as whole minor units; None when it is no amount of 0 or more with two decimals."""
    try:
        amount = Decimal(cell) * 100
    except InvalidOperation:
        return None
    return (
        int(amount) if amount.is_finite() and amount >= 0 and amount == amount.to_integral_value() else None
    )
