"""A CSV file as columns of text, with the checks every file shares: header, cell counts, encoding."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from store.importing.errors import FileUnreadableError, Problems

LARGEST_FILE_BYTES = 1_000_000_000
LARGEST_TEXT = 2**30
LONGEST_LINE = 1_000_000
MOST_COLUMNS = 1_000
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class TextTable:
    """Columns of stripped text of equal length, with the name and sha256 of where they came from."""

    source_name: str
    source_sha256: str
    columns: Mapping[str, Sequence[str]]
    rows: int

    def column(self, name: str) -> Sequence[str]:
        """The cells of a column; blanks when the file has no such column."""
        found = self.columns.get(name)
        return ("",) * self.rows if found is None else found


def read_csv_file(path: Path, name: str | None = None, *, largest: int = LARGEST_TEXT) -> TextTable:
    """Read a UTF-8 CSV file, plain or compressed with gzip; its first bytes and the suffix .gz say which.

    name: what errors call the file, else that of the path. largest: characters it may unpack to. Raises
    FileUnreadableError when it is missing, empty, too large, not UTF-8 or not CSV, ImportRefusedError for rows with
    too many or too few cells.
    """
    shown = name or path.name
    try:
        with path.open("rb") as raw:
            sha256 = hashlib.file_digest(raw, "sha256").hexdigest()
            raw.seek(0)
            zipped = raw.read(2) == _GZIP or path.suffix == ".gz"
            raw.seek(0)
            with gzip.open(raw) if zipped else raw as stream:
                text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
                lines = _lines(text, shown, largest)
                return read_csv_rows(csv.reader(lines, strict=True), shown, sha256)
    except FileNotFoundError:
        raise FileUnreadableError(f"There is no file {shown!r}; check the path.", value=shown) from None
    except (OSError, EOFError, zlib.error) as error:
        raise FileUnreadableError(f"{shown} cannot be read: {error}.", value=shown) from error
    except UnicodeDecodeError as error:
        bad = error.object[error.start : error.start + 1].hex()
        raise FileUnreadableError(
            f"{shown} is not UTF-8 text (it holds the byte {bad}); save it as CSV UTF-8.", value=bad
        ) from error


def _lines(text: io.TextIOWrapper, name: str, largest: int) -> Iterator[str]:
    """The lines one by one, so that a small compressed file cannot fill the memory before it is refused."""
    size = 0
    while line := text.readline(LONGEST_LINE + 1):
        size += len(line)
        if len(line) > LONGEST_LINE:
            raise FileUnreadableError(
                f"{name} has a line longer than {LONGEST_LINE:,} characters; is it a CSV file?",
                value=LONGEST_LINE,
            )
        if size > largest:
            raise FileUnreadableError(f"{name} holds more than {largest:,} characters; split it", value=size)
        yield line


def read_csv_rows(rows: Iterable[Sequence[str]], source_name: str, source_sha256: str) -> TextTable:
    """Turn rows of cells, the header first, into columns; the same checks as for a file."""
    problems = Problems(source_name)
    found: list[Sequence[str]] = []
    try:
        for row in rows:
            if row:
                found.append(row)
            if len(row) > MOST_COLUMNS:
                raise FileUnreadableError(
                    f"{source_name}, row {len(found) - 1}: it has {len(row):,} columns; at most {MOST_COLUMNS:,} are read",
                    value=len(row),
                )
    except csv.Error as error:
        raise FileUnreadableError(f"{source_name}, row {len(found)}: {error}.", value=len(found)) from error
    if not found:
        raise FileUnreadableError(
            f"{source_name} is empty; the first line names the columns.", value=source_name
        )
    header = [name.strip() for name in found[0]]
    for name in sorted(name for name, times in Counter(header).items() if times > 1):
        problems.add(0, name, name, f"the column {name!r} stands there twice")
    width = len(header)
    for number, row in enumerate(found[1:], start=1):
        if len(row) != width:
            problems.add(number, "", str(len(row)), f"it has {len(row)} cells, the header has {width}")
    problems.refuse_if_any()
    cells = list(zip(*found[1:], strict=True)) or [()] * width
    columns = {name: [cell.strip() for cell in column] for name, column in zip(header, cells, strict=True)}
    return TextTable(source_name, source_sha256, columns, len(found) - 1)


def check_header(table: TextTable, known: Iterable[str], required: Iterable[str], problems: Problems) -> None:
    """Note every column that nobody knows, with the closest known one, and every required one that is missing."""
    names = list(known)
    for column in table.columns:
        if column not in names:
            near = get_close_matches(column, names, n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known columns: {', '.join(names)}"
            problems.add(0, column, column, f"the column {column!r} is not known{hint}")
    for name in required:
        if name not in table.columns:
            problems.add(0, name, name, f"the column {name!r} is missing")
    if table.rows == 0:
        problems.add(1, "", "", "there is no row below the header")


def check_unique(values: Sequence[str], column: str, problems: Problems, *, hide: bool) -> None:
    """Note every value that an earlier row already has; blanks may repeat. `hide` keeps the value out of the words."""
    first: dict[str, int] = {}
    for row, value in enumerate(values, start=1):
        if not value:
            continue
        earlier = first.setdefault(value, row)
        if earlier != row:
            shown = "the value" if hide else repr(value)
            problems.add(row, column, "" if hide else value, f"{shown} already stands in row {earlier}")
