"""A small shop, made once and copied for each test, with its propose graph over real checkpoints."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agents.checkpoints import open_checkpoints
from agents.crew import LiveCrew
from agents.models.interface import ModelProvider, ModelSettings
from agents.propose.graph import build_propose
from agents.threads import Threads
from agents.workbench import Workbench
from store.audit import AuditLog
from store.clock import ReplayClock
from store.embedding import MiniLMEmbedder
from store.home import open_home
from store.ids import SeededIds
from store.memory import ChromaMemory, MemoryDocument
from store.warehouse import Warehouse
from tests.small_shop import START, Shop, make_shop


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return make_shop(tmp_path_factory.mktemp("shop") / "home")


@pytest.fixture
def shop(shop_template: Shop, tmp_path: Path) -> Shop:
    """A shop of this test's own."""
    shutil.copytree(shop_template.home.path, tmp_path / "home")
    return replace(shop_template, home=open_home(tmp_path / "home"))


@dataclass
class Desk:
    """An opened shop: its workbench, threads, and the approvals that its launcher was asked for."""

    shop: Shop
    bench: Workbench
    threads: Threads
    launched: list[str]


OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def open_desk() -> OpenDesk:
    """Open a shop for drafting; its launcher only writes down what it was asked for."""
    return _open_desk


@asynccontextmanager
async def _open_desk(shop: Shop, settings: ModelSettings | None = None) -> AsyncIterator[Desk]:
    home = shop.home
    database = home.database()
    warehouse = Warehouse(home.history_dir)
    memory = ChromaMemory(home.memory_dir, shop.workspace_id, MiniLMEmbedder())
    memory.rebuild([MemoryDocument(doc_id="voice", kind="brand", text="Tone: warm\nAddress: none")])
    models = ModelProvider(settings or ModelSettings())
    bench = Workbench(
        database=database,
        warehouse=warehouse,
        memory=lambda _: memory,
        models=models,
        clock=ReplayClock(database, home.settings.home_id),
        ids=SeededIds("desk", START),
        audit=AuditLog(home.keys_dir),
    )
    launched: list[str] = []

    async def launcher(approval_id: str) -> str:
        launched.append(approval_id)
        return f"launch-of-{approval_id}"

    try:
        async with open_checkpoints(home.checkpoints_db) as saver:
            yield Desk(
                shop, bench, Threads(bench, build_propose(bench, LiveCrew(bench), launcher, saver)), launched
            )
    finally:
        await models.aclose()
        memory.close()
        warehouse.close()
        database.close()
