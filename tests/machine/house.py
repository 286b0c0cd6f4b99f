"""A shop that is opened, worked in, closed and opened again, with every client of its people in one process."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from langgraph_sdk.client import LangGraphClient

from agents.thread_stand import config_of
from api.cli.asgi_stream import StreamingTransport
from api.cli.client import Client
from api.http.application import build_api
from api.mcp.server import Request, build_server
from api.settings import Settings
from api.wiring import App, open_app
from delivery.drive import Driver, Handlers, job_handlers
from delivery.policy_changes import apply_change
from policies.policy_change import KIND as POLICY_CHANGE
from store.clock import ReplayClock
from store.home import open_home
from tests.delivery.runs import Direct
from tests.machine.recordings import Recordings
from tests.small_shop import Shop, make_shop

Value = TypeVar("Value")
Row = Mapping[str, Any]  # columns of whichever table
GRAPH = "propose"
ROUNDS = 2
"""A batch is chosen in the first and sent in the second."""


def memory_folder() -> Path:
    """A new folder in memory where the machine has one, since thousands of homes are made and thrown away."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="countersign-", dir=shared if shared.is_dir() else None))


class Street:
    """What the sequences of one process share: the shop that is copied, an event loop, recordings of the agents."""

    def __init__(self) -> None:
        self.folder = memory_folder()
        self.template = make_shop(self.folder / "template")
        self.loop = asyncio.new_event_loop()
        self.recordings = Recordings()
        self._installed = ExitStack()
        self._installed.enter_context(self.recordings.installed())
        self.tables: Callable[[sqlite3.Connection], None] | None = None
        """What is done to the tables of each house before it is opened."""
        self._houses = 0

    def house(self) -> House:
        """Return a copy of the shop, opened."""
        self._houses += 1
        path = self.folder / f"house-{self._houses}"
        shutil.copytree(self.template.home.path, path)
        if self.tables is not None:
            with closing(sqlite3.connect(path / "operational.db", isolation_level=None)) as connection:
                self.tables(connection)
        return House(replace(self.template, home=open_home(path)), self.loop, self.recordings)

    def close(self) -> None:
        """Let go of the loop and remove what is left."""
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self._installed.close()
        shutil.rmtree(self.folder)


class House:
    """One shop of a sequence, with the keys and ids of its people by name."""

    def __init__(self, shop: Shop, loop: asyncio.AbstractEventLoop, recordings: Recordings) -> None:
        self.shop = shop
        self.keys = dict(shop.keys)
        self.users = dict(shop.users)
        self.recordings = recordings
        recordings.data = "as made"
        self._loop = loop
        self._stack = AsyncExitStack()
        self.run(self._open())
        self.rows = sqlite3.connect(self.home / "operational.db", isolation_level=None)
        self.rows.row_factory = sqlite3.Row

    @property
    def home(self) -> Path:
        """Its directory."""
        return self.shop.home.path

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Do something to its end."""
        return self._loop.run_until_complete(work)

    def together(self, *work: Coroutine[Any, Any, Any]) -> list[Any]:
        """Do several things at once; gives what came of each, an error as a value."""

        async def gathered() -> list[Any]:
            return list(await asyncio.gather(*work, return_exceptions=True))

        return self.run(gathered())

    def restart(self) -> None:
        """Close the home and open it again, as its next owner."""
        self.run(self._stack.aclose())
        self.run(self._open())

    def close(self) -> None:
        """Close the home and remove it."""
        self.rows.close()
        self.run(self._stack.aclose())
        shutil.rmtree(self.home)

    def select(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Read rows plainly, beside the product's own connections."""
        return self.rows.execute(query, values).fetchall()

    def write(self, statement: str, *values: Any) -> None:
        """Change rows past the product, as whoever holds the database could."""
        self.rows.execute(statement, values)

    def data_changed(self) -> None:
        """Say that the data is other than it was, so that nothing recorded about it is taken for true."""
        self.recordings.data = "with a customer more"

    async def call(self, who: str | None, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the HTTP API as a user by name; None calls without a key."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if who else {}
        return await self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)

    async def told(self, who: str, path: str, body: Mapping[str, Any]) -> tuple[int, str, dict[str, Any]]:
        """Post for a stream of events; gives the status with the name and data of the last one."""
        answer = await self.call(who, "POST", path, json=dict(body))
        if not answer.headers["content-type"].startswith("text/event-stream"):
            return answer.status_code, str(answer.json().get("error")), answer.json()
        name, data = answer.text.strip().split("\n\n")[-1].split("\n")
        return (
            answer.status_code,
            name.removeprefix("event: "),
            json.loads(data.removeprefix("data: ")),
        )

    def sdk(self, who: str) -> LangGraphClient:
        """The LangGraph SDK's client, signed in as a user."""
        headers = {"x-api-key": self.keys[who]}
        http = httpx.AsyncClient(
            transport=self._transport, base_url="http://shop", headers=headers, timeout=None
        )
        return LangGraphClient(http)

    @asynccontextmanager
    async def mcp(self, who: str) -> AsyncIterator[Any]:
        """The MCP client, signed in as a user; Any, since its package is an optional one."""
        from mcp import Client as McpClient

        @asynccontextmanager
        async def reach(_: Request) -> AsyncIterator[Client]:
            yield Client(self.http, self.keys[who])

        async with McpClient(build_server(reach, version="1")) as client:
            yield client

    async def work(self) -> int:
        """Carry out what is due now, and what that makes due, without moving the time; gives how many units ran."""
        ran = 0
        for _ in range(ROUNDS):
            ran += await self.driver.run_due()
        return ran

    def now(self) -> datetime:
        """The home's time."""
        return self.app.clock.now()

    def advance(self, at: datetime) -> None:
        """Let the time jump, never backwards."""
        assert isinstance(self.app.clock, ReplayClock)
        if at > self.now():
            self.app.clock.advance_to(at)

    async def history(self, thread_id: str) -> Sequence[Any]:
        """A thread's checkpoints, the newest first, as whoever holds the checkpointer sees them."""
        return [each async for each in self.app.threads.graph.aget_state_history(config_of(thread_id))]

    async def _open(self) -> None:
        self.app: App = await self._stack.enter_async_context(
            open_app(self.shop.home, Settings(_env_file=None))
        )
        if self.recordings.api is None:
            self.recordings.api = build_api(self.app)
        self.recordings.api.state.app = self.app
        self._transport = StreamingTransport(self.recordings.api)
        self.http = await self._stack.enter_async_context(
            httpx.AsyncClient(transport=self._transport, base_url="http://shop", timeout=None)
        )
        self.driver = Driver(self.app.ports, Direct(job_handlers(self.app.ports, self._handlers())))

    def _handlers(self) -> Handlers:
        threads = self.app.threads

        async def resume(approval_id: str) -> None:
            query = "SELECT kind FROM proposals JOIN approvals USING (proposal_id) WHERE approval_id = ?"
            (row,) = self.select(query, approval_id)
            if row["kind"] == POLICY_CHANGE:
                await asyncio.to_thread(apply_change, self.app.ports, approval_id)
            else:
                await threads.resume_approval(approval_id)

        return Handlers(resume, _nothing, threads.carry_on, _nothing)


async def _nothing(_of: str) -> None:
    """Neither a readout nor a notification is made here."""
