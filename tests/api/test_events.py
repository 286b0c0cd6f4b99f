"""Events: kept once an id, all or none, and an unsubscribe takes hold at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlmodel import select

from policies.consent import Channel, suppressed_on
from store.importing.identities import person_ids_by_external_id
from store.tables import Event, ServedProfile
from tests.api.conftest import Open, Opened
from tests.small_shop import Shop

AT = "2026-11-20T10:00:00Z"


def event(number: int, external_id: str = "1", name: str = "visit", **properties: Any) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "external_id": external_id,
        "name": name,
        "ts": AT,
        "properties": properties,
    }


def kept(opened: Opened) -> list[Event]:
    with opened.app.database.read() as session:
        return list(session.exec(select(Event).order_by(Event.event_id)))


async def test_repeating_a_batch_changes_nothing(open_shop: Open, shop: Shop) -> None:
    batch = {"events": [event(1, page="/sale"), event(2, "2"), event(2, "2")]}
    async with open_shop(shop) as opened:
        first = await opened.call("Ada", "POST", "/v1/events", json=batch)
        again = await opened.call("Ada", "POST", "/v1/events", json=batch)
        rows = kept(opened)
    assert (first.status_code, first.json()["added"], first.json()["known"]) == (200, 2, 1)
    assert (again.status_code, again.json()["added"], again.json()["known"]) == (200, 0, 3)
    assert [(row.event_id, row.properties) for row in rows] == [("e1", {"page": "/sale"}), ("e2", {})]
    assert len({row.person_id for row in rows}) == 2


async def test_one_unknown_customer_refuses_the_whole_batch(open_shop: Open, shop: Shop) -> None:
    async with open_shop(shop) as opened:
        answer = await opened.call(
            "Ada", "POST", "/v1/events", json={"events": [event(1), event(2, "ghost")]}
        )
        assert (answer.status_code, answer.json()["value"], kept(opened)) == (404, "ghost", [])


@pytest.mark.promise
@pytest.mark.parametrize(
    ("properties", "closed"), [({"channel": "email"}, {"EMAIL"}), ({}, set(Channel.__members__))]
)
async def test_an_unsubscribe_closes_its_channels_at_once(
    open_shop: Open, shop: Shop, properties: dict[str, str], closed: set[str]
) -> None:
    async with open_shop(shop) as opened:
        with opened.app.database.identity_read() as identity:
            person_id = person_ids_by_external_id(identity, shop.workspace_id)["7"]
        batch = {"events": [event(1, "7", "unsubscribe", **properties)]}
        await opened.call("Ada", "POST", "/v1/events", json=batch)
        with opened.app.database.read() as session:
            profile = session.get_one(ServedProfile, person_id)
    bits = np.array(profile.suppression_bits)
    assert {channel.name for channel in Channel if suppressed_on(bits, channel)} == closed


async def test_an_unsubscribe_from_an_unknown_channel_keeps_nothing(open_shop: Open, shop: Shop) -> None:
    batch = {"events": [event(1), event(2, "7", "unsubscribe", channel="pigeon")]}
    async with open_shop(shop) as opened:
        answer = await opened.call("Ada", "POST", "/v1/events", json=batch)
        assert (answer.status_code, answer.json()["value"], kept(opened)) == (422, "pigeon", [])
