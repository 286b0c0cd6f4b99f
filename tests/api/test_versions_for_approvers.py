"""What an approver of an offer or a rule is shown, and who has to sign it because of what it says and whom it picks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import run
from tests.api.conftest import Open, Opened
from tests.api.decision_desk import live, offer, proposed
from tests.small_shop import Shop

RULE = {"type": "eligibility_rule", "fields": {"tier": "text"}, "words": "gold customers"}


async def shown(opened: Opened, made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await opened.call("Grace", "GET", f"/v1/approvals/{made['approval_id']}")).json()
    return found


def facts(view: dict[str, Any]) -> dict[str, Any]:
    return {finding["fact"]: finding["value"] for finding in view["findings"]}


@pytest.mark.promise
async def test_a_rule_that_picks_people_by_a_sensitive_trait_is_signed_by_legal(
    open_shop: Open, shop: Shop
) -> None:
    plain = {**RULE, "definition": "tier = 'gold'"}
    by_value = {**RULE, "definition": "tier = 'pregnant'"}
    by_field = {**RULE, "definition": "religion = 'x'", "fields": {"religion": "text"}}
    async with open_shop(shop) as opened:
        made = {
            name: await proposed(opened, name, body)
            for name, body in (("gold", plain), ("value", by_value), ("field", by_field))
        }
        views = {name: await shown(opened, each) for name, each in made.items()}
    found = {name: (view["risk"], facts(view)["sensitive_data"]) for name, view in views.items()}
    assert found == {"gold": ("low", ""), "value": ("high", "pregnancy"), "field": ("high", "religion")}
    legal = {name: ["legal"] in view["required"] for name, view in views.items()}
    assert legal == {"gold": False, "value": True, "field": True}


@pytest.mark.promise
async def test_a_claim_that_an_offer_makes_to_customers_is_signed_by_legal(
    open_shop: Open, shop: Shop
) -> None:
    claims = {"home": {"title": "New", "parts": [{"text": "Clinically proven to help"}]}}
    fallback = {"type": "collection", "name": "W", "offers": ["a"], "placements": ["home"]}
    async with open_shop(shop) as opened:
        bold = await shown(opened, await proposed(opened, "bold", offer("Bold", content=claims)))
        meek = await shown(opened, await proposed(opened, "meek", offer("Meek")))
        await live(opened, "a", offer("A"))
        await live(opened, "home", {"type": "placement", "name": "Home", "channel": "email"})
        body = {**fallback, "fallback": {"title": "Risk-free shopping"}}
        back = await shown(opened, await proposed(opened, "w", body))
    assert (facts(bold)["new_claims"], facts(back)["new_claims"]) == ("clinically proven", "risk free")
    assert [["legal"] in view["required"] for view in (bold, back, meek)] == [True, True, False]


async def test_a_version_is_shown_with_each_field_that_differs_from_the_live_one(
    open_shop: Open, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_shop(shop) as opened:
        first = await proposed(opened, "a", offer("A"))
        assert (await shown(opened, first))["changes"] == []
        await live(opened, "a", offer("A"))
        caps = [{"cap_id": "all", "scope": "everyone", "limit": 5}]
        second = await proposed(
            opened, "a", offer("A [b]", caps=caps, content={"home": {"title": "Ten off"}})
        )
        view = await shown(opened, second)
        early = await shown(opened, first)
    assert {one["path"]: (one["before"], one["after"]) for one in view["changes"]} == {
        "name": ("A", "A [b]"),
        "caps[0].cap_id": (None, "all"),
        "caps[0].scope": (None, "everyone"),
        "caps[0].limit": (None, "5"),
        "caps[0].counts": (None, "display"),
        "content.cart.title": ("Ten off now", None),
    }
    assert early["changes"] == []
    for made, words in (
        (second, ("caps[0].limit", "version 3 of the offer a", "A [b]")),
        (first, ("version 1",)),
    ):
        text = await asyncio.to_thread(printed, capsys, shop.home.path, made["approval_id"])
        assert [each for each in (*words, made["digest"]) if each not in text] == []


def printed(capsys: pytest.CaptureFixture[str], home: Path, approval_id: str) -> str:
    code = run(["approvals", "show", approval_id, "--as", "Grace", "--home", str(home)])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out
