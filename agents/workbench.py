"""Everything a node may reach, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agents.agent_run import Limits, ProgressEvent
from agents.models.interface import ModelProvider
from store.audit import AuditLog
from store.clock import Clock
from store.database import Database
from store.ids import IdSource
from store.memory import Memory
from store.warehouse import Warehouse


@dataclass(frozen=True)
class Workbench:
    """Stores, clock, ids, models; `progress` is told what agents do, by thread id."""

    database: Database
    warehouse: Warehouse
    memory: Callable[[str], Memory]
    models: ModelProvider
    clock: Clock
    ids: IdSource
    audit: AuditLog
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[str, ProgressEvent], None] | None = None

    def teller(self, thread_id: str) -> Callable[[ProgressEvent], None] | None:
        """Return the progress callback of one thread."""
        progress = self.progress
        return None if progress is None else lambda event: progress(thread_id, event)
