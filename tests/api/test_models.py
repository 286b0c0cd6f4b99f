"""The models behind the application: what is checked of them, what is shown of them, and what comes of one that fails."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from agents.models.prices import ModelPrice
from api.cli.asgi_stream import StreamingTransport
from api.cli.client import AnsweredError, in_process
from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from tests.agents.models.test_probe import able
from tests.agents.replaying import scripted
from tests.fakes.openai_server import OpenAIServer, Reply
from tests.small_shop import BRIEF, Shop

PRICES = {"scripted": ModelPrice.model_validate({"input": "10", "output": "10"})}


async def checked(shop: Shop, settings: Settings) -> dict[str, Any]:
    async with open_app(shop.home, settings) as app:
        transport = StreamingTransport(build_api(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop", timeout=None) as http:
            key = {"Authorization": f"Bearer {shop.keys['Ada']}"}
            answer = await http.get("/v1/models/check", headers=key)
    assert answer.status_code == 200
    return answer.json()


async def told(shop: Shop, settings: Settings) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """What a chat tells, and the campaigns after it."""
    async with open_app(shop.home, settings) as app, in_process(app, shop.keys["Ada"]) as ada:
        events = [event async for event in ada.events("/v1/chat", {"text": BRIEF})]
        lines = await ada.get("/v1/campaigns")
        return events, await ada.get(f"/v1/campaigns/{lines[0]['campaign_id']}")


async def test_each_model_of_each_chain_is_checked_by_ability(shop: Shop) -> None:
    with OpenAIServer(able("named_tool", "json_object", "plain", "stream")) as server:
        model = scripted(server, "openai:scripted, offline", answer_method="auto", copywriter="offline")
        found = await checked(shop, Settings(_env_file=None, model=model))
    scripted_view, rules = found["models"]
    assert found["ready"] and scripted_view["ready"] and rules["where"] == "in this process"
    assert (scripted_view["method"], scripted_view["where"]) == ("named_tool_call", server.base_url)
    works = {each["ability"]: each["state"] for each in scripted_view["capabilities"]}
    assert works["named_tool"] == "works" and works["tools"] == "refused"
    assert all(each["latency_ms"] >= 0 for each in scripted_view["capabilities"])
    assert found["agents"]["planner"] == ["openai-compatible/scripted", "embedded-rules/1"]
    assert found["agents"]["copywriter"] == ["embedded-rules/1"]
    assert "sk-test" not in json.dumps(found)


async def test_a_model_that_can_not_be_used_is_not_ready_and_says_why(shop: Shop) -> None:
    with OpenAIServer(lambda _: Reply(status=401)) as server:
        found = await checked(shop, Settings(_env_file=None, model=scripted(server, answer_method="auto")))
    (only,) = found["models"]
    assert (found["ready"], only["ready"], only["problem"]["error"]) == (False, False, "model_refused")
    assert "HTTP 401" in only["problem"]["message"] and "sk-test" not in only["problem"]["message"]


async def test_without_a_fallback_a_chat_ends_with_the_model_s_typed_failure_and_what_it_used(
    shop: Shop,
) -> None:
    with OpenAIServer(lambda _: Reply(text="No.", usage=(10, 5))) as server:
        settings = Settings(_env_file=None, model=scripted(server))
        async with open_app(shop.home, settings) as app, in_process(app, shop.keys["Ada"]) as ada:
            with pytest.raises(AnsweredError) as caught:
                [event async for event in ada.events("/v1/chat", {"text": BRIEF})]
            lines = await ada.get("/v1/campaigns")
            used = (await ada.get(f"/v1/campaigns/{lines[0]['campaign_id']}"))["used"]
    assert caught.value.code == "answer_missing"
    assert (used["models"], used["tokens_in"]) == ([], 10 * len(server.requests))


async def test_with_one_the_approval_and_the_campaign_say_who_wrote_and_who_could_not(shop: Shop) -> None:
    with OpenAIServer(lambda _: Reply(text="No.", usage=(1000, 500))) as server:
        settings = Settings(_env_file=None, model=scripted(server, "openai:scripted, offline"), prices=PRICES)
        events, campaign = await told(shop, settings)
    assert events[-1][0] == "proposal"
    fallbacks = {data["agent"] for name, data in events if name == "progress" and data["kind"] == "fallback"}
    assert fallbacks == {"planner", "segmenter", "copywriter", "analyst"}
    used = campaign["used"]
    assert used["models"] == ["embedded-rules/1"]
    assert (used["tokens_in"], used["tokens_out"]) == (
        1000 * len(server.requests),
        500 * len(server.requests),
    )
    assert used["money"]["shown"] == f"USD {0.015 * len(server.requests):g}"
