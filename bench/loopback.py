"""The application served on loopback within this process, and a client that adds as little as it can."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from api.http.listening import listen


class Connection:
    """One kept connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, request: bytes) -> tuple[float, bytes]:
        """Return the milliseconds until the whole answer was there, and its body; RuntimeError for any but 200."""
        started = time.perf_counter()
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        )
        body = await self._reader.readexactly(length)
        took = (time.perf_counter() - started) * 1e3
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the server answered {head[:60]!r}: {body[:300]!r}")
        return took, body


@asynccontextmanager
async def serving(api: FastAPI) -> AsyncIterator[int]:
    """Serve as `countersign serve` does; the port."""
    with contextlib.closing(listen("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(api, log_level="warning", lifespan="off", timeout_keep_alive=60)
        )
        served = asyncio.create_task(server.serve(sockets=[listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await served
