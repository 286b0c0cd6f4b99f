"""What a campaign gives away: the offers of its actions are part of what is signed, and a stated discount is counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Open, Opened
from tests.api.test_chat import events
from tests.small_shop import BRIEF, Shop

OFFERS = "offer_id,name,value,cost\nten_off10,Ten off,{value},{cost}\n"
ACTIONS = (
    "action_id,name,channel,message_cost_minor,currency,product_id,offer_id,cost_source\n"
    "mens_merchandise,Men's e-mail,email,20,USD,mens_merchandise,ten_off10,declared by the test\n"
)


async def bring(opened: Opened, kind: str, rows: str) -> None:
    done = await opened.call("Ada", "POST", f"/v1/imports/{kind}?name={kind}.csv", content=rows.encode())
    assert done.status_code == 200, done.text


async def offered(opened: Opened, value: str = "10 % off", cost: str = "4.50") -> None:
    await bring(opened, "offers", OFFERS.format(value=value, cost=cost))
    await bring(opened, "actions", ACTIONS)


async def propose(opened: Opened, text: str = BRIEF) -> tuple[str, dict[str, Any]]:
    name, made = events(await opened.call("Ada", "POST", "/v1/chat", json={"text": text}))[-1]
    return name, made


async def shown(opened: Opened, approval_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await opened.call("Grace", "GET", f"/v1/approvals/{approval_id}")).json()
    return found


def fact(view: dict[str, Any], name: str) -> Any:
    return next(finding["value"] for finding in view["findings"] if finding["fact"] == name)


async def test_the_offer_of_an_action_is_signed_with_its_worst_case(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await offered(opened)
        name, made = await propose(opened)
        assert name == "proposal", made
        view = await shown(opened, made["approval_id"])
    exposure, people = view["exposure"], view["content"]["audience"]["net"]["value"]
    (offer,) = exposure["offers"]
    assert (offer["offer_id"], offer["value"], offer["discount_percent"]) == ("ten_off10", "10 % off", "10")
    assert offer["worst"]["value"] == exposure["discounts"]["value"] == 450 * people
    assert exposure["worst_case"]["value"] == exposure["messages"]["value"] + 450 * people
    assert fact(view, "discount") == 10


@pytest.mark.promise
@pytest.mark.parametrize("changed", ["dearer", "gone"])
async def test_an_offer_that_is_no_longer_the_approved_one_is_not_launched(
    open_shop: Open, shop: Shop, changed: str
) -> None:
    async with open_shop(shop) as opened:
        await offered(opened)
        _, made = await propose(opened)
        answer = {"answer": "approve", "digest": made["digest"]}
        if changed == "dearer":
            await offered(opened, value="90 % off", cost="99")
        else:
            with opened.app.database.write() as session:
                from sqlalchemy import text

                session.connection().execute(text("DELETE FROM offers"))
        view = await shown(opened, made["approval_id"])
        path = f"/v1/approvals/{made['approval_id']}/resolve"
        assert (await opened.call("Grace", "POST", path, json=answer)).status_code == 200
        await opened.app.engine.settle()
        after = await shown(opened, made["approval_id"])
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{made['campaign_id']}")).json()
        log = (await opened.call("Root", "GET", "/v1/audit?limit=200")).text
    assert view["exposure"]["offers"][0]["worst"] is None
    assert "ten_off10" in view["exposure"]["words"]
    assert (after["status"], campaign["launch"]) == ("revoked", None)
    assert "the offer ten_off10 is not the one that was approved" in log


async def test_an_unchanged_offer_is_launched(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await offered(opened)
        _, made = await propose(opened)
        await offered(opened)
        answer = {"answer": "approve", "digest": made["digest"]}
        await opened.call("Grace", "POST", f"/v1/approvals/{made['approval_id']}/resolve", json=answer)
        await opened.app.engine.settle()
        campaign = (await opened.call("Ada", "GET", f"/v1/campaigns/{made['campaign_id']}")).json()
    assert campaign["launch"] is not None


async def test_an_offer_above_the_ceiling_is_not_proposed(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        await offered(opened, value="41 percent off")
        name, made = await propose(opened)
    assert name == "blocked", made
    assert "discount.ceiling" in str(made)


async def test_a_discount_that_only_the_brief_states_is_counted_and_said_to_be_unbounded(
    open_shop: Open, shop: Shop
) -> None:
    async with open_shop(shop) as opened:
        _, made = await propose(opened, BRIEF.replace(". Budget", " and 20 % off. Budget"))
        view = await shown(opened, made["approval_id"])
        _, plain = await propose(opened)
        none = (await shown(opened, plain["approval_id"]))["exposure"]
    exposure = view["exposure"]
    high = next(part for part in view["content"]["forecast"] if part["quantity"] == "revenue")["high"][
        "value"
    ]
    assert fact(view, "discount") == 20
    assert exposure["discounts"]["value"] == round(int(high) * 0.2)
    assert exposure["discounts"]["formula"] == "forecast.revenue.high × stated_discount"
    assert exposure["discounts"]["settings"]["stated_discount"]["shown"] == "20 %"
    assert "20 %, which no offer carries or bounds" in exposure["words"]
    assert exposure["worst_case"]["value"] == exposure["messages"]["value"] + exposure["discounts"]["value"]
    assert (none["discounts"]["value"], none["offers"]) == (0, [])
