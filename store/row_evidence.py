"""What the audit log keeps of other rows: digests by which a changed, added or removed row shows.

An entry that opens a row, or moves its state, tells of it: one digest over the columns that never change and one over
those that change only with such an entry. The last entry that tells of a row says what it must be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, SQLModel

from policies.proposal import digest_json
from store.bulk import table_of
from store.clock import aware
from store.driver import Prepared
from store.tables import ApiKey, Approval, Delegation, Launch, Proposal, RoleGrant, Signature, User

ROWS = "row_digests"
"""Where in an entry's detail it stands what the entry tells of rows."""
_LEASE = "whose turn the work is; it changes with every attempt and decides nothing"
_LONG = 256
"""Characters up to which a text is written out; of a longer one its own digest is taken, in a fraction of the time."""
_LEARNT = (
    "what a launch has done so far; it follows from its batches and choices, which are rows of their own"
)


class Covered(NamedTuple):
    """A table that the log answers for. `state` moves only with an entry; `work`, by column with the reason, is left out.

    A log that began before the table was covered (not `from_the_start`) answers for its rows once it tells of one.

    Every other column is content: one that a migration adds is covered without being named here.
    """

    model: type[SQLModel]
    state: frozenset[str]
    work: Mapping[str, str]
    from_the_start: bool = True

    @property
    def table(self) -> sa.Table:
        return table_of(self.model)

    @property
    def key(self) -> sa.Column[str]:
        (column,) = self.table.primary_key
        return column

    @property
    def families(self) -> dict[str, list[str]]:
        """Columns by family, in order of name."""
        return _families(self.model)


COVERED: Mapping[str, Covered] = {
    each.table.name: each
    for each in (
        Covered(Proposal, frozenset({"status"}), {}),
        Covered(
            Approval,
            frozenset({"status", "limits", "resolved_at", "required", "escalates_at", "escalated_at"}),
            {
                "resumed_at": "when its thread was taken on; setting it back only repeats what the ledger does once",
                "attempt": _LEASE,
                "leased_until": _LEASE,
            },
        ),
        Covered(Signature, frozenset(), {}),
        Covered(Delegation, frozenset({"revoked_at", "revoked_by"}), {}),
        Covered(User, frozenset({"disabled_at", "enabled_at"}), {}, from_the_start=False),
        Covered(RoleGrant, frozenset({"revoked_at"}), {}, from_the_start=False),
        Covered(ApiKey, frozenset({"revoked_at"}), {}, from_the_start=False),
        Covered(
            Launch,
            frozenset(),
            {
                "state": _LEARNT,
                "bandit_state": _LEARNT,
                "learned_until": _LEARNT,
                "started_at": _LEARNT,
                "finished_at": _LEARNT,
                "readout_due_at": _LEARNT,
                "attempt": _LEASE,
                "leased_until": _LEASE,
                "failures": _LEASE,
                "failure": _LEASE,
            },
        ),
    )
}
"""The tables that `countersign audit verify` compares with the log, and the only place that says what it leaves out."""

Row = Mapping[str, Any]
"""Values by column name; Any because each column has its own type."""


def evidence_of(session: Session, rows: Sequence[SQLModel]) -> list[JsonValue]:
    """Return what an entry tells of rows as the database has them now; only rows of `COVERED` tables.

    A row that a session follows is read again. One that none follows (`store.rows`) was read or written in this
    transaction, and is taken at its word: were it wrong, `verify` would find the row altered.
    """
    session.flush()
    return [_told(session, row) for row in rows]


def family_digest(table: str, row_id: str, columns: Sequence[str], row: Row) -> str:
    """Return sha256 over the RFC 8785 JSON of the named columns of a row; ValueError when one has no such form."""
    content: dict[str, Any] = {"table": table, "id": row_id}  # RFC 8785 refuses what is no JSON
    content["columns"] = {name: _plain(row[name]) for name in columns}
    return digest_json(content)


def stored_rows(session: Session, covered: Covered, workspace_id: str) -> Iterator[tuple[str, Row | None]]:
    """Yield every row of a workspace by id, in order; None for one whose columns can no longer be read."""
    table = covered.table
    in_workspace = table.c.workspace_id == workspace_id
    query = sa.select(*_columns(covered)).where(in_workspace).order_by(covered.key)
    execute = session.connection().execute
    try:
        rows = [{**row} for row in execute(query).mappings()]
    except (ValueError, TypeError):
        ids = execute(sa.select(covered.key).where(in_workspace).order_by(covered.key)).scalars().all()
        for row_id in ids:
            yield str(row_id), _read_one(session, covered, row_id)
        return
    yield from ((str(row[covered.key.name]), row) for row in rows)


def _told(session: Session, row: SQLModel) -> JsonValue:
    covered = COVERED[table_of(type(row)).name]
    row_id = getattr(row, covered.key.name)
    stored: Row = row.__dict__
    if not sa.inspect(row, raiseerr=True).transient:
        (stored,) = _stored(covered.table.name).mappings(session, row_id=row_id)
    told: dict[str, JsonValue] = {"table": covered.table.name, "id": row_id}
    for family, names in covered.families.items():
        digest = family_digest(covered.table.name, row_id, names, stored)
        told[family] = {"columns": " ".join(names), "sha256": digest}
    return told


@cache
def _families(model: type[SQLModel]) -> dict[str, list[str]]:
    each = COVERED[table_of(model).name]
    covered = sorted(column.name for column in each.table.columns if column.name not in each.work)
    parts = {
        "content": [name for name in covered if name not in each.state],
        "state": [name for name in covered if name in each.state],
    }
    return {family: names for family, names in parts.items() if names}


@cache
def _stored(table: str) -> Prepared:
    covered = COVERED[table]
    return Prepared(sa.select(*_columns(covered)).where(covered.key == sa.bindparam("row_id")))


def _columns(covered: Covered) -> list[sa.Column[Any]]:
    return [covered.table.c[name] for names in covered.families.values() for name in names]


def _read_one(session: Session, covered: Covered, row_id: str) -> Row | None:
    try:
        query = sa.select(*_columns(covered)).where(covered.key == row_id)
        return {**session.connection().execute(query).mappings().one()}
    except (ValueError, TypeError, NoResultFound):
        return None


def _plain(value: object) -> Any:  # Any: a JSON value, or what is no JSON and refused by the caller
    if isinstance(value, datetime):
        return f"{aware(value).astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, str) and len(value) > _LONG:
        return {"sha256": hashlib.sha256(value.encode()).hexdigest()}
    return value
