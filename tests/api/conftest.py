"""A small shop behind the application: with nothing proposed yet, and with a proposal before its approvers."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli.asgi_stream import StreamingTransport
from api.cli.client import DEMO_KEYS, in_process
from api.http.application import build_api
from api.settings import Settings
from api.wiring import App, open_app
from store.files import write_private
from store.home import open_home
from tests.small_shop import BRIEF, Shop, make_shop


@dataclass(frozen=True)
class Proposed:
    """A shop whose marketer Ada has proposed a campaign."""

    shop: Shop
    campaign_id: str
    approval_id: str
    digest: str


@dataclass(frozen=True)
class Opened:
    """An opened shop and its application."""

    app: App
    http: httpx.AsyncClient
    keys: dict[str, str]

    async def call(self, who: str | None, method: str, path: str, **options: Any) -> httpx.Response:
        """Call as a user by name; None calls without a key."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if who else {}
        return await self.http.request(method, path, headers=headers | options.pop("headers", {}), **options)


Open = Callable[[Shop], AbstractAsyncContextManager[Opened]]


@asynccontextmanager
async def opened(shop: Shop) -> AsyncIterator[Opened]:
    async with open_app(shop.home, Settings(_env_file=None)) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            yield Opened(app, http, dict(shop.keys))


async def sign(opened: Opened, made: Any, who: str = "Grace", answer: str = "approve") -> httpx.Response:
    """Answer a policy change that was just proposed, and let what is due happen."""
    body = {"answer": answer, "digest": made["digest"], "comment": "as asked"}
    done = await opened.call(who, "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=body)
    await opened.app.engine.settle()
    return done


async def hand_over(opened: Opened, made: Any, signer: str = "Grace") -> str:
    """The whole key that a signed change issues, from its author's half and its signer's."""
    half = (await opened.call(signer, "POST", f"/v1/approvals/{made['approval_id']}/key-half")).json()
    return f"{made['key_half']}{half['joint']}{half['key_half']}"


async def propose(shop: Shop) -> dict[str, Any]:
    """Let Ada propose the usual campaign; return the closing event."""
    async with open_app(shop.home, Settings(_env_file=None)) as app, in_process(app, shop.keys["Ada"]) as ada:
        told = [event async for event in ada.events("/v1/chat", {"text": BRIEF})]
    name, made = told[-1]
    assert name == "proposal", made
    return made


def copied(shop: Shop, to: Path) -> Shop:
    shutil.copytree(shop.home.path, to)
    return replace(shop, home=open_home(to))


@pytest.fixture(autouse=True)
def no_handler_outlives_its_stream() -> Iterator[None]:
    """The job engine's logger keeps the error stream it first saw, which pytest closes after a test that reads it."""
    yield
    logging.getLogger("dbos").handlers.clear()


@pytest.fixture(scope="session")
def shop_template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = make_shop(tmp_path_factory.mktemp("shop") / "home")
    write_private(shop.home.keys_dir / DEMO_KEYS, json.dumps(shop.keys).encode())
    return shop


@pytest.fixture(scope="session")
def proposed_template(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> Proposed:
    shop = copied(shop_template, tmp_path_factory.mktemp("proposed") / "home")
    made = asyncio.run(propose(shop))
    return Proposed(shop, made["campaign_id"], made["approval_id"], made["digest"])


@pytest.fixture(scope="session")
def winter_template(shop_template: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    from tests.api.decision_desk import winter

    shop = copied(shop_template, tmp_path_factory.mktemp("winter") / "home")

    async def prepare() -> None:
        async with opened(shop) as made:
            await winter(made)

    asyncio.run(prepare())
    return shop


@pytest.fixture
def winter_shop(winter_template: Shop, tmp_path: Path) -> Shop:
    """A shop of this test's own whose collection `winter` is live, with three offers at two placements."""
    return copied(winter_template, tmp_path / "home")


@pytest.fixture
def shop(shop_template: Shop, tmp_path: Path) -> Shop:
    """A shop of this test's own; nothing is proposed."""
    return copied(shop_template, tmp_path / "home")


@pytest.fixture
def proposed(proposed_template: Proposed, tmp_path: Path) -> Proposed:
    """A shop of this test's own with a campaign before its approvers."""
    return replace(proposed_template, shop=copied(proposed_template.shop, tmp_path / "home"))


@pytest.fixture
def open_shop() -> Open:
    """Opens a shop and its application."""
    return opened
