"""The replayed campaign on its way: which batch is being sent or observed, and what the home's clock says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from store.clock import Clock
from store.database import Database
from store.repositories.launches import get_batch
from store.repositories.leases import Work

_LINES = 5
_OTHER_WORK = {"resume": "launching", "review": "measuring"}
_STEPS = {
    "planned": "choosing and sending",
    "chosen": "sending what was held of",
    "sent": "outcomes of",
    "observed": "learning from",
}


class Journey:
    """Shows units of due work as a bar; where nobody watches a terminal, as a few lines.

    `clock` and `database` are those of the home, once it is open.
    """

    def __init__(self, out: Console | None) -> None:
        self._out = out
        self.clock: Clock | None = None
        self.database: Database | None = None
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._batches = 0
        self._sent = 0

    def tell(self, work: Work) -> None:
        """Hear of one unit before it runs."""
        if self._out is None:
            return
        day = f"{self.clock.now():%d %b %H:%M}" if self.clock else ""
        words = (
            _OTHER_WORK.get(work.kind) or f"{_STEPS.get(self._state(work), 'working on')} batch {work.part}"
        )
        self._sent = max(self._sent, work.part)
        if self._bar is not None:
            self._bar.update(self._task, description=f"{day} · {words}", completed=self._sent)
        elif self._batches and self._is_worth_a_line(work):
            self._out.print(f"  {day} · {words}")

    def _state(self, work: Work) -> str:
        if self.database is None:
            return ""
        with self.database.read() as session:
            return get_batch(session, work.owner, work.part).state

    @contextmanager
    def to_the_end(self, batches: int) -> Iterator[None]:
        """Show the way until the block ends."""
        self._batches = batches
        if self._out is None or not self._out.is_terminal:
            yield
            return
        columns = (TextColumn("  {task.description}"), BarColumn(40), TimeElapsedColumn())
        with Progress(*columns, console=self._out, transient=True) as bar:
            self._bar, self._task = bar, bar.add_task("launching", total=batches)
            yield
        self._bar = None

    def _is_worth_a_line(self, work: Work) -> bool:
        every = max(1, self._batches // _LINES)
        return work.kind != "batch" or (work.part % every == 1 % every and self._state(work) == "planned")
