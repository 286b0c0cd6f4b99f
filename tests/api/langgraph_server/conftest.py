"""A home served on loopback in this process, and the real SDK client in the hands of its people."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from sqlmodel import select

from agents.models.interface import ModelSettings
from api.http.application import build_api
from api.settings import Settings
from api.wiring import App, open_app
from store.repositories.threads import REFUSED
from store.repositories.workspaces import add_user, create_workspace, grant_role, issue_key
from store.tables import Approval, AuditEntry
from tests.api.conftest import copied
from tests.small_shop import BRIEF, VAGUE, Shop

GRAPH = "propose"


@contextlib.contextmanager
def refused(status: int, words: str | None = None) -> Iterator[None]:
    """What the SDK raises for an answer with this status; its waiting calls raise httpx's own error, with a note."""
    with pytest.raises(httpx.HTTPStatusError, match=words) as raised:
        yield
    assert raised.value.response.status_code == status


class Quiet(uvicorn.Server):
    """A server that leaves the signals of the test run alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Served:
    """A served shop. `ask` begins a campaign, with questions or before its approvers."""

    app: App
    shop: Shop
    url: str
    clients: dict[str, LangGraphClient] = field(default_factory=dict)

    def client(self, who: str) -> LangGraphClient:
        """The SDK client of a user by name, signed in by `x-api-key` alone."""
        if who not in self.clients:
            self.clients[who] = get_client(url=self.url, api_key=self.shop.keys[who])
        return self.clients[who]

    def newcomer(self, role: str, *, elsewhere: bool = False) -> LangGraphClient:
        """The SDK client of somebody new with one role, here or in another workspace of the same home."""
        app, at = self.app, self.app.clock.now()
        workspace_id = self.shop.workspace_id
        with app.database.write() as session:
            if elsewhere:
                other = create_workspace(
                    session, ids=app.ids, at=at, name=f"Other {app.ids.new()}", currency="USD", timezone="UTC"
                )
                workspace_id = other.workspace_id
            user = add_user(
                session, ids=app.ids, at=at, workspace_id=workspace_id, name=f"New {app.ids.new()}"
            )
            named = {"ids": app.ids, "at": at, "workspace_id": workspace_id, "user_id": user.user_id}
            grant_role(session, role=role, **named)
            key = issue_key(session, label="test", **named).plain
        return get_client(url=self.url, api_key=key)

    async def ask(self, text: str = BRIEF) -> str:
        ada = self.client("Ada")
        thread = await ada.threads.create(graph_id=GRAPH)
        await ada.runs.wait(
            thread["thread_id"], GRAPH, input={"messages": [{"role": "user", "content": text}]}
        )
        return str(thread["thread_id"])

    async def ask_vaguely(self) -> str:
        return await self.ask(VAGUE)

    async def answer(self, who: str, thread_id: str, resume: Any) -> Any:
        return await self.client(who).runs.wait(thread_id, GRAPH, command={"resume": resume})

    async def interrupt(self, thread_id: str) -> dict[str, Any]:
        """The one interrupt that a thread shows."""
        state = await self.client("Grace").threads.get_state(thread_id)
        (waiting,) = state["interrupts"]
        return dict(waiting)

    def approval(self, thread_id: str) -> Approval:
        with self.app.database.read() as session:
            return session.exec(select(Approval).where(Approval.thread_id == thread_id)).one()

    def refusals(self, subject: str) -> list[tuple[str, str]]:
        """Who was refused what about a thread, as (actor, reason)."""
        query = select(AuditEntry).where(AuditEntry.action == REFUSED, AuditEntry.subject == subject)
        with self.app.database.read() as session:
            rows = session.exec(query).all()
        return [(row.actor, str(row.detail["reason"])) for row in rows]


@contextlib.asynccontextmanager
async def serving(shop: Shop, *, working: bool, model: ModelSettings | None = None) -> AsyncIterator[Served]:
    """Serve a shop on loopback; without working, what is due stays due and its clock stands still."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        settings = Settings(_env_file=None, model=model or ModelSettings())
        async with open_app(shop.home, settings) as app:
            if working:
                await app.engine.start()
            server = Quiet(uvicorn.Config(build_api(app), log_level="warning", timeout_graceful_shutdown=5))
            running = asyncio.create_task(server.serve(sockets=[listening]))
            found = Served(app, shop, f"http://127.0.0.1:{listening.getsockname()[1]}")
            try:
                yield found
            finally:
                for client in found.clients.values():
                    await client.aclose()
                server.should_exit = True
                await running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One served home for a module: answers are decided, but no job takes their threads on."""
    shop = copied(shop_template, tmp_path_factory.mktemp("served") / "home")
    async with serving(shop, working=False) as found:
        yield found
