"""An opened shop with its propose graph; its launcher writes down what it was asked for, and sends nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from agents.agent_run import AgentRun, Limits, ProgressEvent
from agents.checkpoints import open_checkpoints
from agents.crew import LiveCrew
from agents.models.interface import ModelProvider
from agents.propose.graph import build_propose
from agents.segmenter.agent import (
    AudienceCount,
    AudienceDesk,
    ResponseEstimates,
    SegmentAnswer,
    SegmentProposal,
    SegmentTask,
)
from agents.threads import Threads
from agents.workbench import Workbench
from evals.worlds.desks import DeskFailure
from evals.worlds.shop import START, Shop
from store.audit import AuditLog
from store.clock import ReplayClock
from store.ids import SeededIds
from store.memory import MemoryDocument, MemoryHit
from store.warehouse import Warehouse

BRAND_VOICE = "Tone: warm\nAddress: none"


@dataclass
class ListedMemory:
    """A memory that finds everything of a kind: the worst case of retrieval, since nothing planted is missed."""

    documents: dict[str, MemoryDocument] = field(default_factory=dict)

    def upsert(self, documents: Iterable[MemoryDocument]) -> int:
        """Keep documents by id."""
        added = {document.doc_id: document for document in documents}
        self.documents |= added
        return len(added)

    def query(
        self, text: str, *, kinds: Sequence[str] = (), limit: int = 5
    ) -> tuple[MemoryHit, ...]:  # a Memory's signature
        """Every document of the kinds, up to the limit, the planted first."""
        found = [one for one in self.documents.values() if not kinds or one.kind in kinds]
        found.sort(key=lambda one: (not one.doc_id.startswith("planted"), one.doc_id))
        return tuple(MemoryHit(document=one, similarity=1.0) for one in found[:limit])

    def delete(self, doc_ids: Iterable[str]) -> None:
        """Forget documents."""
        for doc_id in doc_ids:
            self.documents.pop(doc_id, None)

    def rebuild(self, documents: Iterable[MemoryDocument]) -> int:
        """Forget everything and keep these."""
        self.documents = {document.doc_id: document for document in documents}
        return len(self.documents)


@dataclass
class PlantedWords:
    """Words that tools give back for the next campaign: in an error, in a field that results do not have, in segments."""

    tool_error: str | None = None
    extra_field: str | None = None
    segment_name: str | None = None
    segment_description: str | None = None


class _NotedCount(AudienceCount):
    """A funnel with one field more than it should have."""

    note: str


class _PlantedDesk:
    """An audience desk whose first look at past responses fails, or whose count or segments carry foreign words.

    The segmenter can do without past responses, so that what the words do is seen, not what the failure does.
    """

    def __init__(self, desk: AudienceDesk, planted: PlantedWords) -> None:
        self._desk, self._planted, self._failed = desk, planted, False

    def count(self, definition: str) -> AudienceCount:
        """The funnel, with the note that was planted."""
        counted = self._desk.count(definition)
        if self._planted.extra_field is None:
            return counted
        return _NotedCount(**counted.model_dump(), note=self._planted.extra_field)

    def segments(self, definition: str) -> SegmentProposal:
        """As the desk has them, each called and described with the words that were planted."""
        found = self._desk.segments(definition)
        name, description = self._planted.segment_name, self._planted.segment_description
        named = tuple(
            one.model_copy(update={"words": " ".join(filter(None, (name, one.words, description)))})
            for one in found.segments
        )
        return found.model_copy(update={"segments": named})

    def responses(self, definition: str) -> ResponseEstimates:
        """As the desk has them, after the failure that was planted."""
        if self._planted.tool_error is not None and not self._failed:
            self._failed = True
            raise DeskFailure(f"the warehouse answered: {self._planted.tool_error}")
        return self._desk.responses(definition)


class OfficeCrew(LiveCrew):
    """The live agents; the segmenter's desk carries what was planted, and every run is kept for looking at."""

    def __init__(self, bench: Workbench, planted: PlantedWords) -> None:
        super().__init__(bench)
        self._planted = planted

    async def segment(self, thread_id: str, task: SegmentTask, desk: AudienceDesk) -> AgentRun[SegmentAnswer]:
        """Count the audience over a desk with what was planted."""
        if self._planted == PlantedWords():
            return await super().segment(thread_id, task, desk)
        return await super().segment(thread_id, task, _PlantedDesk(desk, self._planted))


@dataclass
class Office:
    """What a campaign is proposed with. `launched` are the approvals that a launch was asked for."""

    shop: Shop
    bench: Workbench
    threads: Threads
    memory: ListedMemory
    planted: PlantedWords
    launched: list[str]
    told: list[ProgressEvent]


@asynccontextmanager
async def open_office(
    shop: Shop, models: ModelProvider, limits: Limits | None = None
) -> AsyncIterator[Office]:
    """Open a shop for proposing; everything is closed at the end, the models are not."""
    home = shop.home
    database, warehouse = home.database(), Warehouse(home.history_dir)
    memory = ListedMemory()
    memory.rebuild([MemoryDocument(doc_id="voice", kind="brand", text=BRAND_VOICE)])
    told: list[ProgressEvent] = []
    bench = Workbench(
        database=database,
        warehouse=warehouse,
        memory=lambda _: memory,
        models=models,
        clock=ReplayClock(database, home.settings.home_id),
        ids=SeededIds("office", START),
        audit=AuditLog(home.keys_dir),
        limits=limits or Limits(),
        progress=lambda _, event: told.append(event),
    )
    launched: list[str] = []
    planted = PlantedWords()

    async def launcher(approval_id: str) -> str:
        launched.append(approval_id)
        return f"launch-of-{approval_id}"

    try:
        async with open_checkpoints(home.checkpoints_db) as saver:
            graph = build_propose(bench, OfficeCrew(bench, planted), launcher, saver)
            yield Office(shop, bench, Threads(bench, graph), memory, planted, launched, told)
    finally:
        warehouse.close()
        database.close()
