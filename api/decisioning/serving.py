"""A server of decisions and nothing else: it loads no agents, no graph, no warehouse. More of them need PostgreSQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from fastapi import FastAPI

from api.decisioning import routes, why
from api.decisioning.queue import DecisionQueue
from api.http.bodies import BoundedBodies
from api.http.faults import answer_faults
from api.http.listening import listen_or_refuse, serve_until_signalled
from delivery.decisions.learning import Learner
from delivery.decisions.service import DecisionService
from delivery.decisions.why import WhyPages
from store.audit import AuditLog
from store.clock import Clock, ReplayClock, WallClock
from store.database import Database, migrate
from store.home import Home, home_lock
from store.ids import IdSource, RandomIds
from store.keys import DecisionKeys
from store.threads import in_thread

_LEARN_SECONDS = 60.0
_log = logging.getLogger(__name__)


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
    with home_lock(home) as lock:
        database = home.database()
        try:
            migrate(database)
            replays = home.settings.clock == "replay"
            clock: Clock = ReplayClock(database, home.settings.home_id) if replays else WallClock()
            api = FastAPI(title="Countersign decisions", docs_url=None, redoc_url=None)
            answer_faults(api)
            api.add_middleware(BoundedBodies)
            serve_decisions(api, home, database, AuditLog(home.keys_dir), clock, RandomIds(clock))
            api.state.lock, api.state.learner = lock, Learner(database, clock)
            yield api
        finally:
            database.close()


async def run_decisions(home: Home, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serve the decisions of a home until a signal says to stop, and learn once a minute; `told` hears the address."""
    with closing(listen_or_refuse(host, port)) as listening, decision_api(home) as api:
        url = f"http://{host}:{listening.getsockname()[1]}"
        api.state.lock.publish(url)
        told(url)
        learning = asyncio.create_task(_learn(api.state.learner))
        try:
            await serve_until_signalled(api, listening)
        finally:
            learning.cancel()
            with suppress(asyncio.CancelledError):
                await learning


async def _learn(learner: Learner) -> None:
    while True:
        (failure,) = await asyncio.gather(in_thread(learner.sweep), return_exceptions=True)
        if isinstance(failure, Exception):
            _log.error("learning failed and is tried again in a minute", exc_info=failure)
        await asyncio.sleep(_LEARN_SECONDS)
