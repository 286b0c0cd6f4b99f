"""A home with the whole example in it, for benches that need a real one: 64,000 customers, a workspace and its author."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.agent_run import Limits
from agents.models.interface import ModelProvider, ModelSettings
from agents.workbench import Workbench
from store.audit import AuditLog
from store.clock import ReplayClock
from store.database import migrate
from store.embedding import MiniLMEmbedder
from store.home import Home, HomeSettings, create_home
from store.ids import RandomIds
from store.importing.catalogue import read_documents
from store.importing.example import DEFAULT_EXAMPLES, read_example
from store.importing.example_rules import rules_of
from store.importing.hillstrom import prepare_hillstrom
from store.memory import ChromaMemory, MemoryDocument
from store.repositories.workspaces import add_user, create_workspace
from store.warehouse import Warehouse

EXAMPLE = DEFAULT_EXAMPLES / "hillstrom"
START = datetime(2026, 11, 21, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """A home with the example in it, and who works there."""

    home: Home
    bench: Workbench
    workspace_id: str
    author_id: str


@asynccontextmanager
async def open_place(
    folder: Path, settings: ModelSettings | None = None, limits: Limits | None = None
) -> AsyncIterator[Place]:
    """Make the home in a folder and open it; closed at the end of the block."""
    home_settings = HomeSettings(
        home_id="bench",
        kind="demo",
        clock="replay",
        seed=7,
        created_at=START,
        currency="USD",
        timezone="America/New_York",
        allowed_channels=("file", "replay"),
    )
    home = create_home(folder / "home", home_settings)
    database, warehouse = home.database(), Warehouse(home.history_dir)
    migrate(database)
    clock = ReplayClock(database, home_settings.home_id)
    clock.start(START)
    ids, models = RandomIds(clock), ModelProvider(settings or ModelSettings())
    with database.write() as session:
        workspace = create_workspace(
            session, ids=ids, at=START, name="Bench", currency="USD", timezone=home_settings.timezone
        )
        workspace.rules = rules_of(read_example(EXAMPLE), home_settings.seed).model_dump(mode="json")
        author = add_user(session, ids=ids, at=START, workspace_id=workspace.workspace_id, name="author")
        workspace_id, author_id = workspace.workspace_id, author.user_id
    prepare_hillstrom(
        database,
        warehouse,
        home.replay_dir,
        workspace_id=workspace_id,
        seed=home_settings.seed,
        ids=ids,
        at=START,
        on_progress=lambda _: None,
    )
    memory = ChromaMemory(home.memory_dir, workspace_id, MiniLMEmbedder())
    memory.upsert(
        MemoryDocument(doc_id=document.document_id, kind=document.kind, text=document.text)
        for document in read_documents(EXAMPLE / "brand")
    )
    bench = Workbench(
        database,
        warehouse,
        lambda _: memory,
        models,
        clock,
        ids,
        AuditLog(home.keys_dir),
        limits=limits or Limits(),
    )
    yield Place(home, bench, workspace_id, author_id)
    memory.close()
    warehouse.close()
    database.close()


def brief() -> str:
    """Return the words of the example's brief."""
    return (EXAMPLE / "brief.txt").read_text(encoding="utf-8").strip()


async def never(approval_id: str) -> str:
    """A launcher for threads that must not come to a launch."""
    raise RuntimeError(f"nothing is launched in a bench, and {approval_id} was to be")
