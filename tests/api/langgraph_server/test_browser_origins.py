"""A browser application, such as Agent Inbox, may call only from an origin that was named."""

from __future__ import annotations

import httpx
import pytest

from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from tests.small_shop import Shop

INBOX = "http://localhost:3000"


async def asked_from(shop: Shop, origins: tuple[str, ...]) -> httpx.Response:
    """The answer to what a browser asks before it sends a key."""
    headers = {
        "Origin": INBOX,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key,content-type",
    }
    async with open_app(shop.home, Settings(_env_file=None, allowed_origins=origins)) as app:
        transport = httpx.ASGITransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as browser:
            return await browser.options("/threads/search", headers=headers)


async def test_a_named_origin_may_send_a_key_and_no_other_may(shop: Shop) -> None:
    named = await asked_from(shop, (INBOX,))
    assert (named.status_code, named.headers["access-control-allow-origin"]) == (200, INBOX)
    assert "x-api-key" in named.headers["access-control-allow-headers"]
    for origins in ((), ("http://elsewhere.example",)):
        other = await asked_from(shop, origins)
        assert "access-control-allow-origin" not in other.headers


def test_origins_are_a_list_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_ALLOWED_ORIGINS", f'["{INBOX}"]')
    assert Settings(_env_file=None).allowed_origins == (INBOX,)
