"""A server of decisions and nothing else: it loads no agents, no graph, no warehouse. More of them need PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.decisioning import routes
from api.decisioning.queue import DecisionQueue
from api.http.bodies import BoundedBodies
from api.http.faults import answer_faults
from delivery.decisions.service import DecisionService
from store.audit import AuditLog
from store.clock import Clock, ReplayClock, WallClock
from store.database import Database, migrate
from store.home import Home, home_lock
from store.ids import IdSource, RandomIds
from store.keys import DecisionKeys


def decision_queue(
    home: Home, database: Database, audit: AuditLog, clock: Clock, ids: IdSource
) -> DecisionQueue:
    """Return the decisions of an opened home."""
    return DecisionQueue(DecisionService(database, audit, clock, ids, DecisionKeys(home.keys_dir)))


@contextmanager
def decision_api(home: Home) -> Iterator[FastAPI]:
    """Own a home and serve its decisions alone; HomeOwnedError while another process owns it."""
    with home_lock(home):
        database = home.database()
        try:
            migrate(database)
            replays = home.settings.clock == "replay"
            clock: Clock = ReplayClock(database, home.settings.home_id) if replays else WallClock()
            api = FastAPI(title="Countersign decisions", docs_url=None, redoc_url=None)
            audit = AuditLog(home.keys_dir)
            api.state.decisions = decision_queue(home, database, audit, clock, RandomIds(clock))
            answer_faults(api)
            api.add_middleware(BoundedBodies)
            api.include_router(routes.router)
            yield api
        finally:
            database.close()
