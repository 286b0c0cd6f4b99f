"""What an MCP client may not do: every refusal is a typed error, and no tool call decides or sends anything."""

from __future__ import annotations

from typing import Any

import pytest

from api.cli.main import run
from store.repositories.launches import launch_of_campaign
from tests.api.conftest import Open, Proposed
from tests.api.mcp.test_tools import data, in_memory
from tests.small_shop import VAGUE, Shop

LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
ACCEPTED = {"Accept": "application/json, text/event-stream"}


NO_MESSAGES = (
    b"",
    b"{",
    b"[]",
    b"7",
    b'{"jsonrpc": "2.0"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}',
)


async def test_nobody_reaches_the_tools_without_a_key(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        for method in ("GET", "POST", "DELETE"):
            for key in ({}, {"Authorization": "Bearer cs_no"}):
                answer = await opened.call(None, method, "/mcp", headers=ACCEPTED | key)
                assert (answer.status_code, answer.json()["error"]) == (401, "not_authenticated")


async def test_what_is_no_message_of_the_protocol_is_answered_as_such(open_shop: Open, shop: Shop) -> None:
    headers = ACCEPTED | {"Content-Type": "application/json"}
    async with open_shop(shop) as opened:
        for content in NO_MESSAGES:
            bad = await opened.call("Ada", "POST", "/mcp", content=content, headers=headers)
            assert "error" in bad.text and bad.status_code < 500, content
        good = await opened.call("Ada", "POST", "/mcp", json=LISTING, headers=ACCEPTED)
    assert good.status_code == 200 and "draft_campaign" in good.text


async def test_a_message_beyond_the_largest_is_not_read(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        answer = await opened.call(
            "Ada", "POST", "/mcp", json=LISTING | {"params": {"cursor": "x" * 1_000_001}}
        )
    assert answer.status_code == 413


CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("no_such_tool", {}, "unknown_tool"),
    ("show_campaign", {}, "invalid_input"),
    ("show_campaign", {"campaign_id": "x", "also": 1}, "invalid_input"),
    ("show_campaign", {"campaign_id": ""}, "invalid_input"),
    ("show_campaign", {"campaign_id": "../users"}, "invalid_input"),
    ("show_campaign", {"campaign_id": "x/export"}, "invalid_input"),
    ("show_campaign", {"campaign_id": "x%2Fexport"}, "invalid_input"),
    ("show_approval", {"approval_id": "x/resolve"}, "invalid_input"),
    (
        "answer_questions",
        {"campaign_id": "x/pause?", "interrupt_id": "i", "answers": {"budget": "$1"}},
        "invalid_input",
    ),
    ("show_campaign", {"campaign_id": "none"}, "not_found"),
    ("show_approval", {"approval_id": "none"}, "not_found"),
    ("show_proposal", {"campaign_id": "none"}, "not_found"),
    ("show_readout", {"campaign_id": "none"}, "not_found"),
    ("list_approvals", {"status": "king"}, "invalid_input"),
    ("list_audit", {"limit": 10_000}, "invalid_input"),
    ("count_audience", {"filter": "drop table customers"}, "filter_syntax"),
    ("count_audience", {"filter": "all", "channels": ["pigeon"]}, "invalid_input"),
    ("count_audience", {"filter": "all", "as_of": "soon"}, "invalid_input"),
    ("draft_campaign", {"objective": "   "}, "invalid_input"),
    ("draft_campaign", {"objective": "x" * 8_001}, "invalid_input"),
    ("draft_campaign", {"objective": "Win back bob@example.com, budget $40"}, "address_in_text"),
    ("draft_campaign", {"objective": 7}, "invalid_input"),
    (
        "answer_questions",
        {"campaign_id": "none", "interrupt_id": "i", "answers": {"budget": "$4"}},
        "not_found",
    ),
    ("answer_questions", {"campaign_id": "none", "interrupt_id": "i", "answers": {}}, "invalid_input"),
]


async def test_a_call_that_breaks_a_rule_is_a_typed_error(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened, in_memory(opened, "Ada") as ada:
        for tool, given, code in CALLS:
            answer = await ada.call_tool(tool, given)
            assert answer.is_error and answer.structured_content["message"], (tool, given)
            assert answer.structured_content["error"] == code, (tool, given)
        campaigns = data(await ada.call_tool("list_campaigns"))
    assert campaigns == []


@pytest.mark.promise
async def test_answering_the_interrupt_of_an_approval_decides_nothing(
    open_shop: Open, proposed: Proposed
) -> None:
    async with open_shop(proposed.shop) as opened, in_memory(opened, "Ada") as ada:
        campaign = data(await ada.call_tool("show_campaign", {"campaign_id": proposed.campaign_id}))
        waiting = await opened.app.threads.waiting(campaign["thread_id"])
        assert waiting is not None
        given = {
            "campaign_id": proposed.campaign_id,
            "interrupt_id": waiting.id,
            "answers": {"decision": "approve"},
        }
        answer = await ada.call_tool("answer_questions", given)
        await opened.app.engine.settle()
        after = data(await ada.call_tool("show_campaign", {"campaign_id": proposed.campaign_id}))
        with opened.app.database.read() as session:
            launched = launch_of_campaign(session, proposed.campaign_id)
    assert answer.is_error
    assert (after["state"], after["approval_status"], launched) == ("in_review", "pending", None)


async def test_only_the_author_answers_questions(open_shop: Open, shop: Shop) -> None:
    async with (
        open_shop(shop) as opened,
        in_memory(opened, "Ada") as ada,
        in_memory(opened, "Grace") as grace,
    ):
        asked = data(await ada.call_tool("draft_campaign", {"objective": VAGUE}))
        given = {name: asked[name] for name in ("campaign_id", "interrupt_id")} | {
            "answers": {"budget": "$40"}
        }
        answer = await grace.call_tool("answer_questions", given)
    assert answer.is_error and answer.structured_content["error"] == "not_authorised"


def test_the_command_refuses_to_serve_nobody(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["--home", str(shop.home.path), "mcp"])
    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert told.err.startswith("error: say who you are")
