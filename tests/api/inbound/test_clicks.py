"""Links lead to where their message leads and nowhere else; programs that follow them are told from people."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store.clock import ReplayClock
from tests.api.conftest import Opened
from tests.api.inbound.conftest import PERSON, Mailed, OpenOffice, events


def later(desk: Opened, seconds: int) -> None:
    clock = desk.app.clock
    assert isinstance(clock, ReplayClock)
    clock.advance_to(clock.now() + timedelta(seconds=seconds))


async def test_a_click_of_a_person_leads_on_and_is_noted(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[0]
    async with open_office(mailed.shop) as desk:
        later(desk, 60)
        gone = await desk.http.get(letter.clicks[0], headers={"user-agent": PERSON})
        assert gone.status_code == 302 and gone.headers["location"].startswith("https://")
        assert gone.headers["referrer-policy"] == "no-referrer"
        assert events(desk, letter) == [("clicked", 0, None)]


async def test_no_parameter_makes_it_lead_elsewhere(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[0]
    async with open_office(mailed.shop) as desk:
        usual = (await desk.http.get(letter.clicks[0])).headers["location"]
        for more in ("?url=https://evil.example.org", "?to=//evil.example.org", "?next=/x"):
            there = await desk.http.get(letter.clicks[0] + more)
            assert there.headers["location"] == usual
        for path in (letter.clicks[0] + "/https://evil.example.org", "/c/https://evil.example.org", "/c/x"):
            assert (await desk.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("headers", "method", "machine"),
    [
        ({"user-agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"}, "GET", "agent"),
        ({"user-agent": "curl/8.5.0"}, "GET", "agent"),
        ({"user-agent": ""}, "GET", "agent"),
        ({"user-agent": PERSON, "sec-purpose": "prefetch;prerender"}, "GET", "prefetch"),
        ({"user-agent": PERSON}, "HEAD", "method"),
    ],
)
async def test_a_program_leads_on_and_is_flagged(
    mailed: Mailed, open_office: OpenOffice, headers: dict[str, str], method: str, machine: str
) -> None:
    letter = mailed.letters[1]
    async with open_office(mailed.shop) as desk:
        later(desk, 60)
        gone = await desk.http.request(method, letter.clicks[0], headers=headers)
        assert gone.status_code == 302
        assert events(desk, letter) == [("clicked", 0, machine)]


async def test_whoever_follows_the_hidden_link_made_the_clicks_around_it(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    letter = mailed.letters[2]
    seen, hidden = letter.clicks
    async with open_office(mailed.shop) as desk:
        later(desk, 60)
        for path in (seen, hidden, seen):
            await desk.http.get(path, headers={"user-agent": PERSON})
        later(desk, 3600)
        await desk.http.get(seen, headers={"user-agent": PERSON})
        found = sorted(str(machine) for _, _, machine in events(desk, letter))
        assert found == ["None", "together", "together", "trap"]


async def test_a_flood_of_clicks_is_not_kept_for_ever(mailed: Mailed, open_office: OpenOffice) -> None:
    letter = mailed.letters[4]
    async with open_office(mailed.shop) as desk:
        import store.repositories.inbound as inbound

        for _ in range(5):
            await desk.http.get(letter.clicks[0])
        assert len(events(desk, letter)) == 5 < inbound.MOST_EVENTS
