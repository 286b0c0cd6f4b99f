"""A small shop whose campaign has run to its readout, and pages of it for a user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.conftest import Opened, Proposed, copied, opened
from tests.api.web.test_sessions import sign_in


@dataclass(frozen=True)
class Pages:
    """An opened shop with somebody signed in to its page."""

    shop: Opened
    form_token: str

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.shop.http.get(path)
        assert answer.status_code == status, answer.text[:600]
        return answer.text

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.shop.http.post(path, data={"form_token": self.form_token, **form})


PagesOf = Callable[[Proposed, str], AbstractAsyncContextManager[Pages]]


@asynccontextmanager
async def _pages_of(made: Proposed, who: str) -> AsyncIterator[Pages]:
    async with opened(made.shop) as shop:
        yield Pages(shop, await sign_in(shop, who))


@pytest.fixture
def pages_of() -> PagesOf:
    """Opens a shop and signs a user in to its page."""
    return _pages_of


async def _run(made: Proposed) -> None:
    async with opened(made.shop) as shop:
        body = {"answer": "approve", "digest": made.digest, "comment": ""}
        done = await shop.call("Grace", "POST", f"/v1/approvals/{made.approval_id}/resolve", json=body)
        assert done.status_code == 200, done.text
        await shop.app.engine.settle()


@pytest.fixture(scope="session")
def ran_template(proposed_template: Proposed, tmp_path_factory: pytest.TempPathFactory) -> Proposed:
    shop = copied(proposed_template.shop, tmp_path_factory.mktemp("ran") / "home")
    made = replace(proposed_template, shop=shop)
    asyncio.run(_run(made))
    return made


@pytest.fixture
def ran(ran_template: Proposed, tmp_path: Path) -> Proposed:
    """A shop of this test's own whose campaign has run and was read out."""
    return replace(ran_template, shop=copied(ran_template.shop, tmp_path / "ran"))


@pytest.fixture(scope="module")
def browser(ran_template: Proposed, browser: Any) -> Any:
    """The browser of all web tests, opened after the campaign has run, which takes a loop of its own."""
    return browser
