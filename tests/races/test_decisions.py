"""Servers of decisions that race for one cap, on every kind of database: never one more than it allows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.offer_shop import OfferShop, make_offer_shop
from delivery.decisions.asked import Ask
from delivery.decisions.service import Answer, Call, DecisionService
from policies.managed import Cap, CollectionBody, OfferBody, PlacementBody
from store.audit import AuditLog
from store.clock import WallClock
from store.database import Database
from store.ids import RandomIds
from store.keys import DecisionKeys
from tests.shop_copies import BACKENDS

SERVERS, REQUESTS, LIMIT = 5, 50, 3
BODIES = {
    "home": PlacementBody(name="Home", channel="email"),
    "few": OfferBody(
        name="Few",
        caps=(Cap(cap_id="all", scope="everyone", limit=LIMIT),),
        content={"home": {"title": "One of three"}},
    ),
    "winter": CollectionBody(name="Winter", offers=("few",), placements=("home",)),
}


def server(shop: OfferShop) -> tuple[Database, DecisionService]:
    """One server with connections of its own, as another process has."""
    database, clock = shop.home.database(), WallClock()
    keys = DecisionKeys(shop.home.keys_dir)
    return database, DecisionService(database, AuditLog(shop.home.keys_dir), clock, RandomIds(clock), keys)


@pytest.mark.promise
@pytest.mark.parametrize("backend", BACKENDS)
def test_fifty_at_once_at_a_cap_of_three_give_three(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = request.getfixturevalue("postgres").empty() if backend == "postgresql" else None
    shop = make_offer_shop(tmp_path / "home", address, BODIES)
    servers = [server(shop) for _ in range(SERVERS)]
    calls = [Call(shop.key, Ask.model_validate(body)) for body in shop.bodies[:REQUESTS]]

    def serve(number: int) -> list[Answer]:
        _, service = servers[number]
        return [answer for call in calls[number::SERVERS] for answer in service.decide([call])]

    with ThreadPoolExecutor(SERVERS) as pool:
        answers = [answer for part in pool.map(serve, range(SERVERS)) for answer in part]
    given = [answer["results"][0] for answer in answers if isinstance(answer, dict)]
    assert len(given) == REQUESTS
    assert sum("options" in result for result in given) == LIMIT
    with servers[0][0].read() as session:
        taken = session.connection().execute(sa.text("SELECT taken FROM cap_counters")).scalar_one()
        kept = session.connection().execute(sa.text("SELECT count(*) FROM reservations")).scalar_one()
    for database, _ in servers:
        database.close()
    assert (taken, kept) == (LIMIT, LIMIT)
