"""Checkpoints of threads that have ended are let go after some days; what the threads did stays in the store and the audit log.

A thread that runs, waits for somebody, failed or is still to be resumed keeps its checkpoints, however old they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from agents.checkpoints import Checkpoints, threads_with_checkpoints
from agents.review.graph import FINDINGS
from agents.workbench import Workbench
from store.repositories.finished_threads import FinishedThread, finished_threads
from store.threads import in_thread

PRUNE = "prune"
"""The kind of job that it is."""
PRUNED = "threads.pruned"


class Pruning:
    """Deletes the checkpoints of a home's threads `days` after they ended; a job runs it once a day."""

    def __init__(self, bench: Workbench, checkpoints: Checkpoints, days: int) -> None:
        self.bench = bench
        self.checkpoints = checkpoints
        self.days = days

    async def prune(self) -> int:
        """Delete what may go, note in each workspace's audit log how many threads that were, and return the sum.

        Running it again, or being killed in between, does no harm: a thread is either whole or gone.
        """
        stored = await threads_with_checkpoints(self.checkpoints)
        finished = await in_thread(self._finished, stored)
        for thread in finished:
            await self.checkpoints.adelete_thread(thread.thread_id)
        if finished:
            await in_thread(self._note, finished)
        return len(finished)

    async def job(self, _key: str, _part: int, _attempt: int) -> None:
        """Prune, as the job engine calls it."""
        await self.prune()

    def _finished(self, stored: Sequence[str]) -> list[FinishedThread]:
        with self.bench.database.read() as session:
            before = self.bench.clock.now(session) - timedelta(days=self.days)
            return finished_threads(session, stored, before=before, review_ends_with=FINDINGS)

    def _note(self, finished: Sequence[FinishedThread]) -> None:
        with self.bench.database.write() as session:
            at = self.bench.clock.now(session)
            for workspace_id, count in sorted(Counter(each.workspace_id for each in finished).items()):
                self.bench.audit.append(
                    session,
                    workspace_id=workspace_id,
                    at=at,
                    actor="system",
                    action=PRUNED,
                    subject=workspace_id,
                    detail={"threads": count, "days": self.days},
                )
