"""Long lists: campaigns are paged without a gap, and the log is shown without reading the whole chain."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from store.tables import Campaign
from tests.api.conftest import Open, Opened, Proposed
from tests.api.web.test_sessions import sign_in
from tests.store.audit_example import tamper

MANY = 120


def add_campaigns(opened: Opened, proposed: Proposed) -> set[str]:
    """Older campaigns beside the one that is there; every id."""
    with opened.app.database.write() as session:
        known = session.get_one(Campaign, proposed.campaign_id)
        old = known.model_dump() | {
            "state": "draft",
            "proposal_id": None,
            "thread_id": None,
            "brief_id": None,
            "changed_at": known.changed_at - timedelta(days=30),
        }
        ids = [f"00000000000000000000000{number:03d}" for number in range(MANY)]
        session.add_all([Campaign.model_validate(old | {"campaign_id": each}) for each in ids])
    return {*ids, proposed.campaign_id}


async def test_every_campaign_stands_on_exactly_one_page(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        wanted = add_campaigns(opened, proposed)
        shown: list[str] = []
        path: str | None = "/campaigns"
        while path is not None:
            page = (await opened.http.get(path)).text
            shown += re.findall(r'<th scope="row"><a href="/campaigns/(\w+)"', page)
            older = re.search(r'href="(/campaigns\?before=\w+)"', page)
            path = older[1] if older else None
        assert len(shown) == len(wanted) and set(shown) == wanted
        assert shown == sorted(shown, reverse=True)
        listed = (await opened.call("Grace", "GET", f"/v1/campaigns?before={shown[49]}&limit=10")).json()
        assert [each["campaign_id"] for each in listed] == shown[50:60]
        past = await opened.http.get("/campaigns?before=0")
        assert "That was the oldest one" in past.text


@pytest.mark.parametrize("query", ["before=" + "x" * 65, "limit=0", "limit=1001", "limit=x"])
async def test_a_page_that_cannot_be_is_refused(proposed: Proposed, open_shop: Open, query: str) -> None:
    async with open_shop(proposed.shop) as opened:
        assert (await opened.call("Grace", "GET", f"/v1/campaigns?{query}")).status_code == 422


async def test_the_log_shows_its_last_check_and_is_checked_anew_when_asked(
    proposed: Proposed, open_shop: Open
) -> None:
    async with open_shop(proposed.shop) as opened:
        form = {"form_token": await sign_in(opened, "Root")}
        assert "has not been checked as a whole yet" in (await opened.http.get("/audit")).text
        assert (await opened.http.post("/audit/check", data=form)).status_code == 303
        assert "The log is whole" in (await opened.http.get("/audit")).text
        tamper(opened.app.database, "UPDATE audit SET actor = 'somebody else' WHERE sequence = 1")
        assert "The log is whole" in (await opened.http.get("/audit")).text, "looking checks nothing"
        await opened.http.post("/audit/check", data=form)
        page = (await opened.http.get("/audit")).text
        assert "The log is not sound" in page and "Entry 1: altered" in page


async def test_a_check_needs_a_form_of_ours(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Root")
        assert (await opened.http.post("/audit/check", data={})).status_code == 403
        assert (await opened.http.get("/audit/check")).status_code == 405
        assert "has not been checked" in (await opened.http.get("/audit")).text
