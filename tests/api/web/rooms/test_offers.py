"""Offers and experiments: managed versions with their approvals, and what every campaign declared and read."""

from __future__ import annotations

from tests.api import decision_desk
from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf


async def test_an_object_is_shown_with_every_version_and_its_approval(
    proposed: Proposed, pages_of: PagesOf
) -> None:
    async with pages_of(proposed, "Ada") as pages:
        shop = pages.shop
        await decision_desk.winter(shop)
        again = await decision_desk.proposed(shop, "a", decision_desk.offer("A, longer"))
        room = await pages.get("/offers")
        assert all(name in room for name in ("Offers", "Placements", "Collections", "3 of 3 live"))
        assert "version 2 proposed" in room and "Eligibility rules" not in room
        one = await pages.get("/offers/offer/a")
        assert "A, longer" in one and f"/approvals/{again['approval_id']}" in one
        view = (await shop.call("Ada", "GET", "/v1/managed/offer/a")).json()
        assert [version["version"] for version in view["versions"]] == [2, 1]
        assert [version["status"] for version in view["versions"]] == ["proposed", "live"]
        assert view["versions"][0]["body"]["name"] == "A, longer"


async def test_a_live_object_is_withdrawn_on_the_page_and_only_once(
    proposed: Proposed, pages_of: PagesOf
) -> None:
    async with pages_of(proposed, "Ada") as pages:
        await decision_desk.live(pages.shop, "ten", decision_desk.offer("Ten off"))
        await pages.shop.app.engine.settle()
        done = await pages.post("/offers/offer/ten/withdraw")
        assert done.status_code == 303 and "withdrawn" in await pages.get("/offers/offer/ten")
        again = await pages.post("/offers/offer/ten/withdraw")
        assert again.status_code >= 400 and 'role="alert"' in again.text
        assert "Stop serving" not in await pages.get("/offers/offer/ten")
        await pages.get("/offers/offer/nothing", 404)
        await pages.get("/offers/coupon/ten", 422)


async def test_an_experiment_is_listed_before_and_after_it_was_read(
    ran: Proposed, proposed: Proposed, pages_of: PagesOf, open_shop: Open
) -> None:
    async with open_shop(proposed.shop) as opened:
        (before,) = (await opened.call("Ada", "GET", "/v1/experiments")).json()["declared"]
    async with pages_of(ran, "Ada") as pages:
        view = (await pages.shop.call("Ada", "GET", "/v1/experiments")).json()
        readout = (await pages.shop.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/readout")).json()
        page = await pages.get("/experiments")
    (after,) = view["declared"]
    assert before["read"] is None and before["hypothesis"] == after["hypothesis"]
    assert after["read"]["verdict"] == readout["verdict"]
    assert after["read"]["label"] == readout["record"]["label"]
    assert {group["group"] for group in after["groups"]} == {"optimised", "holdout"}
    assert view["logged"][0]["name"] in page and f"/campaigns/{ran.campaign_id}" in page
    if after["read"]["lift"] is not None:
        assert "As a table" in page


async def test_a_version_and_a_change_of_the_rules_are_read_before_they_are_signed(
    proposed: Proposed, pages_of: PagesOf
) -> None:
    async with pages_of(proposed, "Grace") as pages:
        made = await decision_desk.proposed(pages.shop, "ten", decision_desk.offer("Ten off"))
        change = await pages.shop.call("Root", "POST", "/v1/policies", json={"rules": {"approval_days": 5}})
        for asked, words in ((made, "Offer ten, version 1"), (change.json(), "pproval")):
            page = await pages.get(f"/approvals/{asked['approval_id']}")
            assert words in page and asked["digest"] in page
            assert "What would change" in page and "Why this risk" in page and "Countersign" in page
