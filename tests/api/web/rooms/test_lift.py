"""The lift batch by batch: a band that may be watched beside the one verdict."""

from __future__ import annotations

from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf


async def test_the_band_has_a_point_a_batch_and_no_verdict(ran: Proposed, open_shop: Open) -> None:
    at = f"/v1/campaigns/{ran.campaign_id}"
    async with open_shop(ran.shop) as opened:
        watched = (await opened.call("Ada", "GET", f"{at}/lift")).json()
        campaign = (await opened.call("Ada", "GET", at)).json()
        record = (await opened.call("Ada", "GET", f"{at}/readout")).json()["record"]
    lift, guardrail = watched["bands"]
    batches = campaign["launch"]["batches"]
    assert [point["batch"] for point in lift["points"]] == [batch["number"] for batch in batches]
    people = [point["people"] for point in lift["points"]]
    assert people == sorted(people) and people[-1] == campaign["launch"]["people"]["net"]
    assert people[-1] == watched["planned_people"] and watched["label"] == record["label"]
    assert "verdict" not in str(watched)
    assert (lift["metric"], lift["limit"]) == (record["primary_metric"], None)
    assert (guardrail["metric"], guardrail["limit"]) == ("spend", -record["guardrail_margin"])
    for point in lift["points"] + guardrail["points"]:
        assert (point["low"] is None) or point["low"] <= point["value"] <= point["high"]


async def test_the_bands_stand_on_the_page_with_their_tables(ran: Proposed, pages_of: PagesOf) -> None:
    at = f"/campaigns/{ran.campaign_id}"
    async with pages_of(ran, "Ada") as pages:
        assert f'hx-get="{at}/lift"' in await pages.get(at)
        whole = await pages.get(f"{at}/lift")
        part = await pages.shop.http.get(f"{at}/lift", headers={"hx-request": "true"})
    assert "Visit rate" in whole and "Spend per person" in whole and "the verdict is still read once" in whole
    assert "As a table" in part.text and "<html" not in part.text


async def test_before_the_launch_it_says_from_when_on(proposed: Proposed, pages_of: PagesOf) -> None:
    async with pages_of(proposed, "Ada") as pages:
        assert "from its first batch on" in await pages.get(f"/campaigns/{proposed.campaign_id}/lift")
        missing = await pages.shop.call("Ada", "GET", f"/v1/campaigns/{proposed.campaign_id}/lift")
        assert missing.status_code == 404
