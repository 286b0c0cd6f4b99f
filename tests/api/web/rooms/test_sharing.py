"""Links to a readout: whom they open for, what they show, and how they end. And exports as files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from store.clock import ReplayClock
from tests.api.conftest import Open, Opened, Proposed
from tests.api.web.rooms.conftest import PagesOf


async def share(opened: Opened, made: Proposed, who: str = "Grace", days: int = 7) -> dict[str, str]:
    answer = await opened.call(
        who, "POST", f"/v1/campaigns/{made.campaign_id}/readout/links", json={"days": days}
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.promise
async def test_a_link_shows_the_readout_to_anybody_and_nothing_else(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        link = await share(opened, ran)
        record = (await opened.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/readout")).json()[
            "record"
        ]
        kinds = (await opened.call("Ada", "GET", f"/v1/campaigns/{ran.campaign_id}/choices")).json()
        page = await opened.http.get(link["path"])
        assert page.status_code == 200 and record["label"] in page.text and "As a table" in page.text
        assert page.headers["x-robots-tag"].startswith("noindex")
        assert (
            page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
        )
        for hidden in (*opened.keys, ran.campaign_id, ran.shop.workspace_id, ran.approval_id, "@"):
            assert hidden not in page.text, hidden
        assert not any(kind["person_id"] in page.text for kind in kinds)
        token = link["path"].rpartition("/")[2]
        for path in ("/v1/campaigns", f"/v1/campaigns/{ran.campaign_id}/readout", "/campaigns"):
            answer = await opened.http.get(path, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code in (401, 303)


async def test_a_link_ends_with_its_day_and_when_it_is_taken_back(ran: Proposed, open_shop: Open) -> None:
    at = f"/v1/campaigns/{ran.campaign_id}/readout/links"
    async with open_shop(ran.shop) as opened:
        first, second = await share(opened, ran, days=30), await share(opened, ran, days=7)
        gone = f"{at}/{first['link_id']}"
        assert (await opened.call("Ada", "DELETE", gone)).status_code == 204
        assert (await opened.call("Ada", "DELETE", gone)).status_code == 204
        assert (await opened.http.get(first["path"])).status_code == 404
        assert (await opened.http.get(second["path"])).status_code == 200
        clock = opened.app.clock
        assert isinstance(clock, ReplayClock)
        clock.advance_to(clock.now() + timedelta(days=7))
        assert (await opened.http.get(second["path"])).status_code == 404
        listed = (await opened.call("Grace", "GET", at)).json()
        assert [(one["link_id"], one["open"], one["path"]) for one in listed] == [
            (second["link_id"], False, ""),
            (first["link_id"], False, ""),
        ]
        log = (await opened.call("Root", "GET", "/v1/audit", params={"after": 0, "limit": 500})).json()
        actions = [entry["action"] for entry in log]
        assert actions.count("readout.shared") == 2 and actions.count("readout.link_revoked") == 1
        assert (await opened.call("Root", "GET", "/v1/audit/verify")).json()["ok"] is True


async def test_a_token_that_was_changed_opens_nothing(ran: Proposed, open_shop: Open) -> None:
    async with open_shop(ran.shop) as opened:
        path = (await share(opened, ran))["path"]
        turned = path[:-1] + ("A" if path[-1] != "A" else "B")
        for bad in (turned, "/shared/x", f"/shared/{'0' * 50}", path + "A", path[:-1]):
            answer = await opened.http.get(bad)
            assert answer.status_code == 404, bad
            assert "Winback" not in answer.text


async def test_who_may_share_and_for_how_long(ran: Proposed, proposed: Proposed, open_shop: Open) -> None:
    at = f"/v1/campaigns/{ran.campaign_id}/readout/links"
    async with open_shop(proposed.shop) as opened:
        early = await opened.call("Grace", "POST", at, json={"days": 7})
        assert early.status_code == 404
    async with open_shop(ran.shop) as opened:
        assert (await opened.call("Ada", "POST", at, json={"days": 7})).status_code == 403
        for days in (0, 91, "many"):
            assert (await opened.call("Grace", "POST", at, json={"days": days})).status_code == 422
        link = await share(opened, ran)
        seen = (await opened.call("Ada", "GET", at)).json()
        assert seen[0]["link_id"] == link["link_id"] and seen[0]["path"] == ""
        other = await opened.call("Grace", "DELETE", f"{at}/01M7XTEST0000000000000000A")
        assert other.status_code == 404


async def test_links_and_files_on_the_page(ran: Proposed, pages_of: PagesOf) -> None:
    at = f"/campaigns/{ran.campaign_id}"
    async with pages_of(ran, "Grace") as pages:
        assert f'href="{at}/share"' in await pages.get(at)
        done = await pages.post(f"{at}/share/new", days="14")
        assert done.status_code == 303
        page = await pages.get(f"{at}/share")
        path = page.split('href="/shared/')[1].split('"')[0]
        assert (await pages.shop.http.get(f"/shared/{path}")).status_code == 200
        refused = await pages.post(f"{at}/share/new", days="1000")
        assert refused.status_code == 422 and 'role="alert"' in refused.text
        link_id = page.split(f"{at}/share/")[1].split("/revoke")[0]
        if link_id.startswith("new"):
            link_id = page.split(f"{at}/share/")[2].split("/revoke")[0]
        assert (await pages.post(f"{at}/share/{link_id}/revoke")).status_code == 303
        assert (await pages.shop.http.get(f"/shared/{path}")).status_code == 404
        rows = list(csv.DictReader(io.StringIO(await pages.get(f"{at}/export/readout"))))
        choices = list(csv.DictReader(io.StringIO(await pages.get(f"{at}/export/choices"))))
        record = (await pages.shop.call("Ada", "GET", f"/v1{at}/readout")).json()["record"]
    assert {row["verdict"] for row in rows} == {record["verdict"]}
    assert {row["metric"] for row in rows} == {metric["metric"] for metric in record["metrics"]}
    assert len(choices) == record["people"]["net"] and "@" not in str(rows) + str(choices)


async def test_who_may_not_export_gets_no_file(ran: Proposed, pages_of: PagesOf) -> None:
    at = f"/campaigns/{ran.campaign_id}"
    async with pages_of(ran, "Ada") as pages:
        assert "takes a role that may export" in await pages.get(f"{at}/share")
        await pages.get(f"{at}/export/readout", 403)
        await pages.get(f"{at}/export/everything", 422)
