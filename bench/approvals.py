"""What an approver waits for, on the real HTTP application served on loopback: one answer, and the list of what waits.

An answer is set against an empty POST to the same application plus one commit of one row at synchronous=FULL beside it, by
the driver alone; the list of 1,000 pending approvals against the list of 10. All are measured in turns in one process, each
over a connection of its own that is kept. The client writes bytes and reads to the stated length, so that its own cost
does not level the ratios; what an answer leaves to the disk after it is waited for before the next is timed. Every proposal is a copy of what the example's brief came to. Jobs do not run meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI

from api.http.application import build_api
from api.settings import Settings
from api.wiring import open_app
from bench.desk import ApproversDesk, frozen_example, make_desks
from bench.loopback import Connection, serving
from bench.rows import at_most
from store.audit import AuditLog
from store.clock import WallClock
from store.database import migrate
from store.home import HomeSettings, create_home
from store.ids import RandomIds
from store.threads import in_thread

ROUNDS, WARM_UP = 100, 10
FEW, MANY = 10, 1_000
RESOLVE_BAR, LIST_BAR = 4.0, 5.0
EMPTY = "/bench/empty"


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of 100 rounds (or of the number given)."""
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        timed = asyncio.run(_measure(Path(folder), rounds))
    p50 = {name: statistics.median(values) for name, values in timed.items()}
    floor = statistics.median(
        empty + commit for empty, commit in zip(timed["empty"], timed["commit"], strict=True)
    )
    yield at_most("an empty POST, p50", p50["empty"], "ms")
    yield at_most("one commit of one row at synchronous=FULL, p50", p50["commit"], "ms")
    yield at_most("resolving, p50", p50["resolve"], "ms")
    yield at_most(
        "resolving / (an empty POST + one commit), p50", p50["resolve"] / floor, "ratio", RESOLVE_BAR
    )
    yield at_most(f"listing {FEW} pending, p50", p50["few"], "ms")
    yield at_most(f"listing {MANY:,} pending, p50", p50["many"], "ms")
    yield at_most(
        f"listing {MANY:,} pending / listing {FEW}, p50", p50["many"] / p50["few"], "ratio", LIST_BAR
    )
    yield at_most(f"the first page of {MANY:,} pending, p50", p50["page"], "ms")


async def _measure(folder: Path, rounds: int) -> dict[str, list[float]]:
    clock = WallClock()
    ids, at = RandomIds(clock), clock.now()
    home = create_home(
        folder / "desks",
        HomeSettings(home_id="bench", seed=7, created_at=at, currency="USD", timezone="America/New_York"),
    )
    database = home.database()
    migrate(database)
    database.close()
    frozen = await frozen_example(folder)
    desks = await in_thread(make_desks, home, ids, at, frozen, (WARM_UP + rounds, FEW, MANY))
    async with open_app(home, Settings(_env_file=None)) as app, serving(_with_empty(build_api(app))) as port:
        timed = await _rounds(port, app.audit, desks, frozen.digest, folder / "floor.db")
    return {name: values[WARM_UP:] for name, values in timed.items()}


async def _rounds(
    port: int, audit: AuditLog, desks: tuple[ApproversDesk, ...], digest: str, floor: Path
) -> dict[str, list[float]]:
    resolving, few, many = desks
    answers, empties, fews, manys, pages = [
        Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(5)
    ]
    timed: dict[str, list[float]] = {
        name: [] for name in ("resolve", "empty", "commit", "few", "many", "page")
    }
    with contextlib.closing(_commits_to(floor)) as commits:
        for approval_id in resolving.approval_ids:
            answer = {"answer": "approve", "digest": digest, "comment": ""}
            path = f"/v1/approvals/{approval_id}/resolve"
            took, body = await answers.send(_request("POST", path, resolving.key, answer))
            if json.loads(body)["status"] != "approved":
                raise RuntimeError(f"one signature did not settle it: {body[:300]!r}")
            timed["resolve"].append(took)
            await in_thread(audit.heads.flush)
            timed["empty"].append((await empties.send(_request("POST", EMPTY, resolving.key, {})))[0])
            timed["commit"].append(_commit(commits))
            for name, connection, desk, query in (
                ("few", fews, few, f"limit={MANY}"),
                ("many", manys, many, f"limit={MANY}"),
                ("page", pages, many, ""),
            ):
                listing = _request("GET", f"/v1/approvals?status=pending&{query}", desk.key)
                took, body = await connection.send(listing)
                listed = len(json.loads(body))
                if query and listed != len(desk.approval_ids):
                    raise RuntimeError(f"{listed} approvals were listed, of {len(desk.approval_ids)}")
                timed[name].append(took)
    return timed


def _request(method: str, path: str, key: str, content: dict[str, str] | None = None) -> bytes:
    body = b"" if content is None else json.dumps(content).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _commits_to(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE rows (number INTEGER)")
    return connection


def _commit(connection: sqlite3.Connection) -> float:
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (1)")
    connection.execute("COMMIT")
    return (time.perf_counter() - started) * 1e3


def _with_empty(api: FastAPI) -> FastAPI:
    """The application with one address more, that does nothing."""

    @api.post(EMPTY)
    async def empty() -> None: ...

    return api
