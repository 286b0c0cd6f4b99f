"""A server of decisions and nothing else: it loads no agents, no graph, no warehouse. More of them need PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from api.decisioning import routes, why
from api.decisioning.queue import DecisionQueue
from api.http.bodies import BoundedBodies
from api.http.faults import answer_faults
from delivery.decisions.service import DecisionService
from delivery.decisions.why import WhyPages
from store.audit import AuditLog
from store.clock import Clock, ReplayClock, WallClock
from store.database import Database, migrate
from store.home import Home, home_lock
from store.ids import IdSource, RandomIds
from store.keys import DecisionKeys


def serve_decisions(
    api: FastAPI, home: Home, database: Database, audit: AuditLog, clock: Clock, ids: IdSource
) -> None:
    """Let an application answer for the decisions of an opened home."""
    keys = DecisionKeys(home.keys_dir)
    api.state.decisions = DecisionQueue(DecisionService(database, audit, clock, ids, keys))
    api.state.why_pages = WhyPages(database, clock, keys)
    api.include_router(routes.router)
    api.include_router(why.router)


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
            answer_faults(api)
            api.add_middleware(BoundedBodies)
            serve_decisions(api, home, database, AuditLog(home.keys_dir), clock, RandomIds(clock))
            yield api
        finally:
            database.close()
