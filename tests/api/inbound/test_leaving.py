"""Leaving by one click, by the page, by preferences: never by looking."""

from __future__ import annotations

import re

import numpy as np
import pytest

from policies.consent import Channel, ConsentStatus, Purpose, status_of
from store.tables import Send, ServedProfile
from tests.api.inbound.conftest import Letter, Mailed, OpenOffice, events, profile_of


def status(
    profile: ServedProfile, channel: Channel = Channel.EMAIL, purpose: Purpose = Purpose.MARKETING
) -> int:
    return int(status_of(np.array([profile.consent_bits]), channel, purpose)[0])


async def test_the_campaign_was_mailed(mailed: Mailed, open_office: OpenOffice) -> None:
    assert len(mailed.letters) > 50
    async with open_office(mailed.shop) as desk:
        shown = (await desk.call("Ada", "GET", f"/v1/campaigns/{mailed.campaign_id}")).json()
        assert shown["launch"]["people"]["sent"] == len(mailed.letters)
        assert shown["launch"]["people"]["unknown"] == 0
        found = (await desk.call("Ada", "GET", f"/v1/campaigns/{mailed.campaign_id}/preview")).json()
        assert found["gross"] == found["net"] + sum(found["removed"].values())
        counts = dict(found["launched"])
        assert counts.pop("net") == found["net"] == sum(counts.pop("dropped").values()) + sum(counts.values())
        assert (await desk.call("Ada", "GET", f"/v1/campaigns/{mailed.campaign_id}/uncertain")).json() == []
    assert len({letter.send_key for letter in mailed.letters}) == len(mailed.letters)


@pytest.mark.promise
async def test_one_click_leaves_without_signing_in_and_a_look_does_not(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    letter = mailed.letters[0]
    async with open_office(mailed.shop) as desk:
        shown = await desk.http.get(letter.leave)
        assert shown.status_code == 200 and "One press ends that" in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert status(profile_of(desk, letter)) == ConsentStatus.GRANTED
        form = {"content-type": "application/x-www-form-urlencoded"}
        for _ in range(2):
            left = await desk.http.post(letter.leave, content="List-Unsubscribe=One-Click", headers=form)
            assert left.status_code == 200 and "You are unsubscribed" in left.text
        assert status(profile_of(desk, letter)) == ConsentStatus.WITHDRAWN
        assert [kind for kind, *_ in events(desk, letter)] == ["unsubscribed"]
        assert status(profile_of(desk, mailed.letters[1])) == ConsentStatus.GRANTED


async def test_preferences_change_what_was_ticked_and_nothing_else(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    letter = mailed.letters[2]
    async with open_office(mailed.shop) as desk:
        page = (await desk.http.get(letter.leave)).text
        (path,) = re.findall(r'href="(/p/[^"]+)"', page)
        form = (await desk.http.get(path)).text
        ticked = re.findall(r'name="([a-z_.]+)" aria-label="[^"]*" checked', form)
        assert "email.marketing" in ticked and "sms.marketing" not in ticked
        assert "sms.transactional" in ticked  # nobody said no
        before = profile_of(desk, letter).consent_bits
        same = await desk.http.post(path, data=dict.fromkeys(ticked, "on"))
        assert same.status_code == 200 and profile_of(desk, letter).consent_bits == before
        wanted = [name for name in ticked if name != "email.marketing"] + ["sms.marketing"]
        await desk.http.post(path, data=dict.fromkeys(wanted, "on"))
        profile = profile_of(desk, letter)
        assert status(profile) == ConsentStatus.WITHDRAWN
        assert status(profile, Channel.SMS) == ConsentStatus.GRANTED
        assert status(profile, Channel.SMS, Purpose.TRANSACTIONAL) == ConsentStatus.UNKNOWN
        refused = await desk.http.post(path, data={"fax.marketing": "on"})
        assert (refused.status_code, refused.json()["error"]) == (422, "wish_unknown")


def changed(path: str, at: int) -> str:
    signs = list(path)
    signs[at] = "A" if path[at] != "A" else "B"
    return "".join(signs)


async def test_a_link_that_this_home_did_not_make_opens_nothing(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    letter, other = mailed.letters[:2]
    async with open_office(mailed.shop) as desk:
        before = profile_of(desk, letter)
        mixed = f"/u/{letter.send_key}{other.leave[-24:]}"
        clicked = letter.clicks[0].replace("/c/", "/u/")
        for path in (changed(letter.leave, -1), changed(letter.leave, 5), mixed, clicked, "/u/x", "/u/é"):
            for method in ("GET", "POST"):
                answer = await desk.http.request(method, path)
                assert (answer.status_code, answer.json()["error"]) == (404, "link_unknown"), path
        assert profile_of(desk, letter) == before


async def test_somebody_who_left_between_choice_and_sending_is_not_written_to(
    mailed: Mailed, open_office: OpenOffice
) -> None:
    """The statement stands beside the profile: what the gate reads is what was said."""
    letter = mailed.letters[3]
    async with open_office(mailed.shop) as desk:
        with desk.app.database.write() as session:
            send = session.get(Send, letter.send_key)
            assert send is not None
            send.status = "sending"  # being handed over, by somebody who takes his time
            session.add(send)
        import delivery.inbound.leaving as leaving

        assert leaving.LONGEST_WAIT > leaving.HANDOVER_SECONDS
        import asyncio

        waiting = asyncio.create_task(desk.http.post(letter.leave))
        await asyncio.sleep(0.5)
        assert not waiting.done() and status(profile_of(desk, letter)) == ConsentStatus.GRANTED
        with desk.app.database.write() as session:
            send = session.get(Send, letter.send_key)
            assert send is not None
            send.status = "sent"
            session.add(send)
        assert (await waiting).status_code == 200
        assert status(profile_of(desk, letter)) == ConsentStatus.WITHDRAWN


def test_letters_name_nobody_else(mailed: Mailed) -> None:
    first: Letter = mailed.letters[0]
    assert first.to.endswith("@example.invalid") and first.send_key in first.leave
