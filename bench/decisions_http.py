"""A decision over HTTP beside an empty endpoint, in one process and in turns, many connections at once.

The floor is an empty POST of a bare FastAPI application that reads no body. A decision is whole: key, identity, served
profile, eligibility rule, caps under lock, draw, reservation, log row, commit. Rates are medians over rounds in turn; the
ratio is the median of the rounds' ratios. With COUNTERSIGN_TEST_POSTGRES_URL the same on PostgreSQL is printed beside it.

    python -m bench decisions_http [ROUNDS]    # 7 rounds of 600 requests over 32 connections
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI

from api.decisioning.serving import decision_api
from bench.offer_shop import OfferShop, make_offer_shop
from bench.rows import at_most

ROUNDS, REQUESTS, CONNECTIONS = 7, 600, 32
BAR = 0.4
UNWANTED = frozenset({"sklearn", "scipy", "chromadb", "langchain", "langchain_core", "langgraph", "ibis"})


class Round(NamedTuple):
    """One round: requests a second, and the milliseconds of each request."""

    rate: float
    milliseconds: list[float]


def run(argv: list[str]) -> Iterator[dict[str, object]]:
    """Yield the figures of ROUNDS rounds, or of the number given."""
    rounds = int(argv[0]) if argv else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        yield from _figures(Path(folder) / "sqlite", None, rounds, BAR, "SQLite")
    loaded = sorted({name.split(".")[0] for name in sys.modules} & UNWANTED)
    yield {
        "name": f"heavy packages that the serving process loads ({', '.join(loaded) or 'none'})",
        "value": len(loaded),
        "unit": "count",
        "bar": 0,
        "holds": not loaded,
    }
    server = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    if server:
        with tempfile.TemporaryDirectory() as folder, _database(server) as address:
            yield from _figures(Path(folder) / "postgres", address, rounds, None, "PostgreSQL")


def _figures(
    path: Path, address: str | None, rounds: int, bar: float | None, where: str
) -> Iterator[dict[str, object]]:
    shop = make_offer_shop(path, address)
    with decision_api(shop.home) as api:
        floors, decisions = asyncio.run(_measure(api, shop, rounds))
    ratio = statistics.median(d.rate / f.rate for d, f in zip(decisions, floors, strict=True))
    slow = sorted(value for each in decisions for value in each.milliseconds)
    yield at_most(f"{where}: an empty endpoint", statistics.median(f.rate for f in floors), "requests/s")
    yield at_most(f"{where}: a decision", statistics.median(d.rate for d in decisions), "requests/s")
    name = f"{where}: rate of a decision / of an empty endpoint, {CONNECTIONS} connections"
    holds = None if bar is None else round(ratio, 3) >= bar
    yield {"name": name, "value": round(ratio, 3), "unit": "ratio", "bar": bar, "holds": holds}
    yield at_most(f"{where}: a decision, p50", slow[len(slow) // 2], "ms")
    yield at_most(f"{where}: a decision, p99", slow[int(len(slow) * 0.99)], "ms")


async def _measure(api: FastAPI, shop: OfferShop, rounds: int) -> tuple[list[Round], list[Round]]:
    bare = FastAPI()

    @bare.post("/")
    async def empty() -> None: ...

    asks = [_request("/v1/decisions", shop.key, body) for body in shop.bodies]
    nothing = [_request("/", shop.key, {})]
    floors, decisions = [], []
    async with _serving(bare) as bare_port, _serving(api) as port:
        for number in range(rounds + 1):
            floor = await _round(bare_port, nothing)
            decided = await _round(port, asks)
            if number:  # the first warms up
                floors.append(floor)
                decisions.append(decided)
    return floors, decisions


async def _round(port: int, requests: list[bytes]) -> Round:
    todo = iter(range(REQUESTS))
    took: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in todo:
            began = time.perf_counter()
            writer.write(requests[number % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            took.append((time.perf_counter() - began) * 1e3)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"the server answered {head[:40]!r}: {body[:300]!r}")
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
    return Round(REQUESTS / (time.perf_counter() - started), took)


def _request(path: str, key: str, content: object) -> bytes:
    body = json.dumps(content).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def _serving(api: FastAPI) -> AsyncIterator[int]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(api, log_level="warning", lifespan="off", access_log=False))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await serving


@contextlib.contextmanager
def _database(server: str) -> Iterator[str]:
    """An empty database of this bench's own on a server, dropped afterwards."""
    import sqlalchemy as sa

    url = sa.make_url(server)
    name = f"bench_decisions_{os.getpid()}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        engine.dispose()
