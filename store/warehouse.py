"""History as Parquet, one folder a workspace and table, written atomically and queried through Ibis.

A part becomes visible by a rename, so many processes may read and append. Every table is keyed by `person_id`; no column
holds an address, a name or an external id.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError, NotFoundError
from tools.audience.fields import Kind

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

Columns = Mapping[str, NDArray[Any]]
"""Columns by name, each (n,): text as objects, dates as datetime64[D]; a missing whole number makes its column float."""

Worked = TypeVar("Worked")

PERSONAL_COLUMNS = frozenset(
    [
        "email",
        "e_mail",
        "mail",
        "phone",
        "mobile",
        "telephone",
        "first_name",
        "last_name",
        "name",
        "full_name",
        "surname",
        "external_id",
        "address",
        "street",
        "date_of_birth",
        "birthday",
    ]
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_ADDRESS_PATTERN = r"[^@\s]+@[^@\s]+\.[^@\s]+"


class WarehouseError(InvalidInputError):
    """The history cannot hold or find this."""

    code = "warehouse_invalid"


class PersonalColumnError(WarehouseError):
    """A column would put personal text into the history, where it must never be."""

    code = "warehouse_personal_column"


class TableMissingError(WarehouseError, NotFoundError):
    """Nothing was ever written to this table of this workspace."""

    code = "warehouse_table_missing"


@dataclass(slots=True)
class StagedPart:
    """A part on disk that nobody sees yet: publish it with the transaction it belongs to, or discard it."""

    hidden: Path
    final: Path
    published: bool = field(default=False)

    def publish(self) -> Path:
        """Make the part visible at once and for good."""
        self.hidden.replace(self.final)
        _sync_folder(self.final.parent)
        self.published = True
        return self.final

    def publish_first(self) -> Path:
        """Make the part visible unless one of its name is there already, which then stays as it is."""
        try:
            os.link(self.hidden, self.final)
            self.published = True
        except FileExistsError:
            self.published = False
        self.hidden.unlink()
        _sync_folder(self.final.parent)
        return self.final

    def discard(self) -> None:
        """Take the part away again, published or not."""
        (self.final if self.published else self.hidden).unlink(missing_ok=True)


class _Known(NamedTuple):
    """What was worked out from a table, and the parts that it had then."""

    parts: tuple[tuple[str, int, int], ...]
    value: Any  # whatever its maker returns


class Warehouse:
    """The Parquet history of a home. Making one opens nothing; one object may serve many threads."""

    def __init__(self, history_dir: Path) -> None:
        self._history_dir = history_dir
        self._lock = threading.RLock()
        self._backend: Backend | None = None
        self._seen: dict[tuple[str, ...], ir.Table] = {}
        self._known: dict[tuple[str, str, str], _Known] = {}

    def stage(
        self, workspace_id: str, table: str, part: str, data: pa.Table, packed: Sequence[str] | None = None
    ) -> StagedPart:
        """Write `data` to disk without showing it; raises PersonalColumnError before a byte is written.

        `packed` names the columns that repeat their values, for tables of many numbers: the others are then written plainly,
        and the whole with a quick compression instead of a thorough one.
        """
        import pyarrow.parquet as pq

        _refuse_personal(table, data)
        folder = self._folder(workspace_id, table)
        final = folder / f"part-{_checked_name(part, 'part')}.parquet"
        folder.mkdir(parents=True, exist_ok=True)
        hidden = folder / f".{final.name}.{os.getpid()}.{threading.get_ident()}.tmp"
        with hidden.open("wb") as stream:
            if packed is None:
                pq.write_table(data, stream, compression="zstd")
            else:
                _write_plainly(data, stream, packed)
            stream.flush()
            os.fsync(stream.fileno())
        return StagedPart(hidden, final)

    def append(
        self, workspace_id: str, table: str, part: str, data: pa.Table, packed: Sequence[str] | None = None
    ) -> Path:
        """Add one part, visible whole or not at all. Writing the same part name again replaces it; see `stage`."""
        return self.stage(workspace_id, table, part, data, packed).publish()

    def append_first(
        self, workspace_id: str, table: str, part: str, data: pa.Table, packed: Sequence[str] | None = None
    ) -> Path:
        """Add one part unless one of its name is there already; gives the part that stands, whoever wrote it."""
        return self.stage(workspace_id, table, part, data, packed).publish_first()

    def tables(self, workspace_id: str) -> tuple[str, ...]:
        """The tables of a workspace that hold at least one part, by name."""
        folder = self._history_dir / _checked_name(workspace_id, "workspace")
        if not folder.is_dir():
            return ()
        return tuple(sorted(path.name for path in folder.iterdir() if any(path.glob("part-*.parquet"))))

    def parts(self, workspace_id: str, table: str) -> tuple[Path, ...]:
        """The visible parts of a table, by name."""
        return tuple(sorted(self._folder(workspace_id, table).glob("part-*.parquet")))

    def table(self, workspace_id: str, table: str) -> ir.Table:
        """The rows of all parts as a lazy Ibis table; columns missing from a part are null there.

        Raises TableMissingError when there is no part.
        """
        parts = self.parts(workspace_id, table)
        if not parts:
            raise TableMissingError(
                f"There is no {table} history yet. Import it first (known tables: "
                f"{', '.join(self.tables(workspace_id)) or 'none'}).",
                value=table,
            )
        return self._read(tuple(str(path) for path in parts))

    def kinds(self, workspace_id: str, table: str) -> dict[str, Kind]:
        """The columns of a table and their kinds; empty when there is no part."""
        if not self.parts(workspace_id, table):
            return {}
        schema = self.table(workspace_id, table).schema()
        return {name: _kind(dtype) for name, dtype in schema.items()}

    def arrow(self, expression: ir.Expr) -> pa.Table:
        """Run an expression made from this warehouse's tables; the result as an Arrow table."""
        with self._lock:
            return expression.as_table().to_pyarrow()

    def execute(self, expression: ir.Expr) -> dict[str, NDArray[Any]]:
        """Run an expression made from this warehouse's tables; the result as numpy columns by name."""
        return numpy_columns(self.arrow(expression))

    def known(self, workspace_id: str, table: str, what: str, work_out: Callable[[], Worked]) -> Worked:
        """Return what `work_out` makes of a table, worked out again once a part was added, replaced or taken away.

        `what` names it and stands for one type; the value must be no one's to change.
        """
        # a part is never written in place: another content is another file, by whichever process
        parts = tuple(
            (path.name, made.st_ino, made.st_mtime_ns)
            for path in self.parts(workspace_id, table)
            for made in (path.stat(),)
        )
        key = (workspace_id, table, what)
        found = self._known.get(key)
        if found is None or found.parts != parts:
            found = self._known[key] = _Known(parts, work_out())
        return cast(Worked, found.value)

    def delete_people(self, workspace_id: str, person_ids: Collection[str]) -> int:
        """Take every row of these people out of every table with a `person_id`; gives the number of rows removed."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        gone = pa.array(sorted(person_ids), pa.string())
        removed = 0
        for table in self.tables(workspace_id):
            for path in self.parts(workspace_id, table):
                with path.open("rb") as stream:
                    data = pq.read_table(stream)
                if "person_id" not in data.column_names:
                    continue
                kept = data.filter(pc.invert(pc.is_in(data["person_id"], value_set=gone)))
                if kept.num_rows < data.num_rows:
                    removed += data.num_rows - kept.num_rows
                    self.append(workspace_id, table, path.stem.removeprefix("part-"), kept)
        return removed

    def remove_part(self, workspace_id: str, table: str, part: str) -> None:
        """Take one part away."""
        (self._folder(workspace_id, table) / f"part-{_checked_name(part, 'part')}.parquet").unlink(
            missing_ok=True
        )

    def close(self) -> None:
        """Close the query engine; the object may be used again afterwards."""
        with self._lock:
            if self._backend is not None:
                self._backend.disconnect()
            self._backend = None
            self._seen.clear()
            self._known.clear()

    def _folder(self, workspace_id: str, table: str) -> Path:
        return self._history_dir / _checked_name(workspace_id, "workspace") / _checked_name(table, "table")

    def _read(self, parts: tuple[str, ...]) -> ir.Table:
        import ibis

        with self._lock:
            if self._backend is None:
                self._backend = ibis.duckdb.connect(threads=2)
            if parts not in self._seen:
                self._seen[parts] = self._backend.read_parquet(list(parts), union_by_name=True)
            return self._seen[parts]


def numpy_columns(data: pa.Table) -> dict[str, NDArray[Any]]:
    """The columns of an Arrow table as numpy arrays."""
    return {name: data[name].to_numpy() for name in data.column_names}


def person_id_array(values: Collection[str]) -> NDArray[np.str_]:
    """Person ids as a fixed-width text array (n,), fit for sorting and searching."""
    return np.asarray(list(values), dtype="<U26")


def _kind(dtype: Any) -> Kind:  # Any: Ibis data types carry no stubs
    if dtype.is_boolean():
        return "flag"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    return "date" if dtype.is_date() else "text"


def _checked_name(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise WarehouseError(
            f"The {what} name {name!r} is not allowed: use letters, digits, _ and -, at most 64.", value=name
        )
    return name


def _refuse_personal(table: str, data: pa.Table) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for name in data.column_names:
        if name.lower() in PERSONAL_COLUMNS:
            raise PersonalColumnError(
                f"The column {name!r} of {table} would hold personal text; keep it in the identity database.",
                value=name,
            )
        if not pa.types.is_string(data.schema.field(name).type):
            continue
        if pc.any(pc.match_substring_regex(data[name], _ADDRESS_PATTERN)).as_py():
            raise PersonalColumnError(
                f"The column {name!r} of {table} holds e-mail addresses; keep them in the identity database.",
                value=name,
            )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_plainly(data: pa.Table, stream: BinaryIO, packed: Sequence[str]) -> None:
    """Write numbers as they are: dictionaries for `packed` and for what is one already, no statistics of lists, lz4."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    repeating = [field.name for field in data.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(
        data,
        stream,
        compression="lz4",
        use_dictionary=[*packed, *repeating],
        write_statistics=["batch_id", "launch_id"],
    )
