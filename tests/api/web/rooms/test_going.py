"""The palette's places and the bell: what is there for whom."""

from __future__ import annotations

import pytest

from api.web.rooms import ROOMS
from tests.api.conftest import Open, Proposed
from tests.api.web.rooms.conftest import PagesOf


async def test_the_palette_holds_rooms_campaigns_and_what_waits(
    proposed: Proposed, pages_of: PagesOf
) -> None:
    async with pages_of(proposed, "Ada") as pages:
        places = await pages.get("/palette")
    assert all(f'data-to="/{room.at}"' in places for room in ROOMS)
    assert f'data-to="/campaigns/{proposed.campaign_id}"' in places
    assert f'data-to="/approvals/{proposed.approval_id}"' in places and "<html" not in places


@pytest.mark.parametrize(
    ("who", "waits"), [("Ada", False), ("Grace", True), ("Linus", True), ("Root", False)]
)
async def test_the_bell_counts_what_the_visitor_may_sign(
    proposed: Proposed, pages_of: PagesOf, who: str, waits: bool
) -> None:
    async with pages_of(proposed, who) as pages:
        view = (await pages.shop.call(who, "GET", "/v1/me/waiting")).json()
        bell = await pages.shop.http.get("/waiting", headers={"hx-request": "true"})
        page = await pages.get("/waiting")
    assert [one["approval_id"] for one in view["to_sign"]] == ([proposed.approval_id] if waits else [])
    assert view["answered"] == []
    assert (f"/approvals/{proposed.approval_id}" in bell.text) is waits and "<html" not in bell.text
    assert ("Nothing waits for you" in page) is not waits


async def test_an_author_hears_of_the_answer(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        body = {"answer": "reject", "digest": proposed.digest, "comment": "Not this month."}
        done = await opened.call("Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body)
        assert done.status_code == 200
        mine = (await opened.call("Ada", "GET", "/v1/me/waiting")).json()
        theirs = (await opened.call("Linus", "GET", "/v1/me/waiting")).json()
    assert [(one["approval_id"], one["status"]) for one in mine["answered"]] == [
        (proposed.approval_id, "rejected")
    ]
    assert theirs == {"to_sign": [], "answered": []}
