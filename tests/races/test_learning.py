"""Learners that race for one collection, on every kind of database: each choice joins the sums once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.offer_shop import make_offer_shop
from delivery.decisions.asked import Ask, ItemEvent
from delivery.decisions.learning import Learner
from delivery.decisions.service import Call, DecisionService
from policies.managed import CollectionBody, Learning, OfferBody, PlacementBody
from store.audit import AuditLog
from store.clock import WallClock
from store.ids import RandomIds
from store.keys import DecisionKeys
from tests.shop_copies import BACKENDS

LEARNERS, REQUESTS = 5, 40
BODIES = {
    "home": PlacementBody(name="Home", channel="email"),
    "one": OfferBody(name="One", content={"home": {"title": "One"}}),
    "winter": CollectionBody(
        name="Winter",
        offers=("one",),
        placements=("home",),
        learning=Learning(rewards={"interact": 0.25}, window_hours=1),
    ),
}


@dataclass(frozen=True)
class Ahead:
    """A clock some hours ahead of the wall's."""

    hours: int

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)


@pytest.mark.parametrize("backend", BACKENDS)
def test_learners_at_once_learn_each_choice_once(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = request.getfixturevalue("postgres").empty() if backend == "postgresql" else None
    shop = make_offer_shop(tmp_path / "home", address, BODIES)
    database, clock = shop.home.database(), WallClock()
    service = DecisionService(
        database, AuditLog(shop.home.keys_dir), clock, RandomIds(clock), DecisionKeys(shop.home.keys_dir)
    )
    answers = service.decide([Call(shop.key, Ask.model_validate(body)) for body in shop.bodies[:REQUESTS]])
    for number, answer in enumerate(answers[:8]):
        assert isinstance(answer, dict)
        (option,) = answer["results"][0]["options"]
        event = ItemEvent(event_id=f"e{number}", token=option["token"], type="interact", ts=clock.now())
        service.take_events(shop.key, answer["decision_id"], [event])
    own = [shop.home.database() for _ in range(LEARNERS)]
    with ThreadPoolExecutor(LEARNERS) as pool:
        counts = list(pool.map(lambda each: Learner(each, Ahead(30)).sweep(), own))
    with database.read() as session:
        sums = session.connection().execute(
            sa.text("SELECT learnt_rows, total_millionths, squares_millionths FROM arm_statistics")
        )
        rows = [tuple(row) for row in sums]
    for each in (database, *own):
        each.close()
    assert sum(counts) == REQUESTS
    assert rows == [(REQUESTS, 8 * 250_000, 8 * 62_500)]
