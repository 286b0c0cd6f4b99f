"""A page of a campaign follows it to its very end: each change is told once, and nothing between two looks is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.web import following
from store.repositories.launches import launch_of_campaign
from tests.api.conftest import Open, Opened, Proposed
from tests.api.web.test_sessions import sign_in


async def told(opened: Opened, campaign_id: str, seen: str = "") -> AsyncIterator[tuple[str, str]]:
    """The events of a campaign's stream: name and mark."""
    path = f"/campaigns/{campaign_id}/follow?seen={seen}"
    async with opened.http.stream("GET", path) as answer:
        assert answer.status_code == 200
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, line.removeprefix("data: ")


async def approve(opened: Opened, proposed: Proposed) -> None:
    body = {"answer": "approve", "digest": proposed.digest, "comment": ""}
    done = await opened.call("Grace", "POST", f"/v1/approvals/{proposed.approval_id}/resolve", json=body)
    assert done.status_code == 200, done.text


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0.02)


async def test_a_campaign_is_followed_until_its_report_is_there(proposed: Proposed, open_shop: Open) -> None:
    path = f"/campaigns/{proposed.campaign_id}"
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        stream = told(opened, proposed.campaign_id)
        events = [await anext(stream)]
        await approve(opened, proposed)
        events.append(await anext(stream))
        settling = asyncio.create_task(opened.app.engine.settle())
        events += [event async for event in stream]
        await settling
        assert [name for name, _ in events[:-1]] == ["changed"] * (len(events) - 1)
        assert events[-1] == ("over", "over")
        assert len(events) > 4
        assert len({mark for _, mark in events}) == len(events)
        page = (await opened.http.get(path)).text
        assert "Readout as one page" in page
        assert "/follow" not in page


async def test_a_page_with_a_readout_and_no_report_yet_still_follows(
    proposed: Proposed, open_shop: Open
) -> None:
    path = f"/campaigns/{proposed.campaign_id}"
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        await approve(opened, proposed)
        await opened.app.engine.settle()
        with opened.app.database.write() as session:
            launch = launch_of_campaign(session, proposed.campaign_id)
            assert launch is not None
            launch.readout_due_at = opened.app.clock.now(session)
        opened.app.reviews.report_file(proposed.campaign_id).unlink()
        page = (await opened.http.get(path)).text
        assert "Readout as one page" not in page
        assert f'hx-sse:connect="{path}/follow?seen=' in page


async def test_what_changed_before_the_stream_began_is_told_and_what_was_seen_is_not(
    proposed: Proposed, open_shop: Open
) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        _, seen = await anext(told(opened, proposed.campaign_id))
        again = told(opened, proposed.campaign_id, seen)
        waiting = asyncio.ensure_future(anext(again))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await approve(opened, proposed)
        name, mark = await waiting
        assert name == "changed" and mark != seen
        assert (await anext(told(opened, proposed.campaign_id, seen)))[1] == mark


async def test_a_stream_ends_when_the_process_is_about_to(proposed: Proposed, open_shop: Open) -> None:
    async with open_shop(proposed.shop) as opened:
        await sign_in(opened, "Grace")
        stream = told(opened, proposed.campaign_id)
        await anext(stream)
        opened.app.closing.set()
        assert [event async for event in stream] == []


async def test_only_whoever_is_signed_in_follows_and_only_what_there_is(
    proposed: Proposed, open_shop: Open
) -> None:
    async with open_shop(proposed.shop) as opened:
        assert (await opened.http.get(f"/campaigns/{proposed.campaign_id}/follow")).status_code == 303
        await sign_in(opened, "Grace")
        assert (await opened.http.get("/campaigns/nothing/follow")).status_code == 404
