"""Why a file was not read in: every problem with its row, so that one look mends them all."""

from __future__ import annotations

from typing import NamedTuple, NoReturn

from policies.errors import InvalidInputError

MOST_SHOWN = 8
MOST_KEPT = 200


class RowProblem(NamedTuple):
    """One cell or row that cannot be read. `row` 1 is the first row below the header; 0 is the header itself."""

    row: int
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        place = "header" if self.row == 0 else f"row {self.row}"
        column = f", column {self.column}" if self.column else ""
        return f"{place}{column}: {self.problem}"


class ImportingError(InvalidInputError):
    """Root of what an import refuses."""

    code = "import_invalid"


class FileUnreadableError(ImportingError):
    """The file is not there, or is not a table of text."""

    code = "import_unreadable"


class ImportRefusedError(ImportingError):
    """The file was read and holds problems; nothing of it was written. `problems` lists them (at most 200)."""

    code = "import_refused"

    def __init__(self, source: str, problems: tuple[RowProblem, ...], count: int) -> None:
        shown = "; ".join(str(problem) for problem in problems[:MOST_SHOWN])
        more = f"; and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
        noun = "problem" if count == 1 else "problems"
        super().__init__(
            f"{source} was not imported, nothing was changed: {count} {noun}. {shown}{more}.",
            value=problems[0].value,
        )
        self.problems = problems
        self.count = count


class Problems:
    """Collects what is wrong with one file, then refuses it whole."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: list[RowProblem] = []
        self._count = 0

    def add(self, row: int, column: str, value: str, problem: str) -> None:
        """Note one problem; beyond 200 they are only counted."""
        self._count += 1
        if len(self._found) < MOST_KEPT:
            self._found.append(RowProblem(row, column, value, problem))

    def refuse_if_any(self) -> None:
        """Raise ImportRefusedError when anything was noted."""
        if self._found:
            self.refuse()

    def refuse(self) -> NoReturn:
        """Raise ImportRefusedError with everything noted so far, in the order of the rows."""
        raise ImportRefusedError(self.source, tuple(sorted(self._found)), self._count)


def masked(value: str) -> str:
    """A personal value so that its owner finds it and nobody else learns it: first letter and length."""
    return f"{value[:1]}… ({len(value)} characters)"
