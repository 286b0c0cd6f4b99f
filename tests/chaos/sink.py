"""A mail server in a process of its own that fails by seed, and writes down what it took before it answers."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

SILENT, HANGING, LATER, REFUSED = 0.004, 0.002, 0.02, 0.01
"""Shares of messages that are taken without an answer, taken with one that comes too late, put off, and refused."""
TOO_LATE_SECONDS = 3.0


class Taken(NamedTuple):
    """A message as it was taken: when, its key and whose it is."""

    at: float
    send_key: str
    person_id: str


class _Conversation(asyncio.Protocol):
    """SMTP as far as a client of ours speaks it."""

    def __init__(self, log: int, chance: random.Random) -> None:
        self._log, self._chance = log, chance
        self._buffer, self._to, self._content = b"", "", False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and not self._transport.is_closing():
            end = b"\r\n.\r\n" if self._content else b"\r\n"
            part, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._content:
                self._take(part)
            else:
                self._command(part.decode())

    def _command(self, line: str) -> None:
        verb = line[:4].upper()
        if verb == "RCPT":
            self._to = line.partition("<")[2].partition(">")[0]
            drawn = self._chance.random()
            self._say(
                "550 no such user" if drawn < REFUSED else "450 busy" if drawn < REFUSED + LATER else "250 ok"
            )
        elif verb == "DATA":
            self._content = True
            self._say("354 go on")
        elif verb == "QUIT":
            self._say("221 bye")
            assert self._transport is not None
            self._transport.close()
        else:
            self._say("250 ok")

    def _take(self, content: bytes) -> None:
        self._content = False
        key = content.partition(b"Message-ID: <")[2].partition(b"@")[0].decode()
        os.write(self._log, f"{time.time():.6f} {key} {self._to.partition('@')[0]}\n".encode())
        assert self._transport is not None
        drawn = self._chance.random()
        if drawn < SILENT:
            self._transport.abort()
        elif drawn < SILENT + HANGING:
            asyncio.get_running_loop().call_later(TOO_LATE_SECONDS, self._say, "250 ok")
        else:
            self._say("250 ok")

    def _say(self, line: str) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(f"{line}\r\n".encode())


def _serve(log_file: str, seed: int, ready: Connection) -> None:
    async def run() -> None:
        log = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        chance = random.Random(seed)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Conversation(log, chance), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def failing_sink(log_file: Path, seed: int) -> Iterator[int]:
    """Run the mail server; gives its port."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(str(log_file), seed, there), daemon=True
    )
    process.start()
    try:
        assert here.poll(60), "the mail server did not start"
        yield int(here.recv())
    finally:
        process.kill()
        process.join()
        here.close()
        there.close()


def read_taken(log_file: Path) -> list[Taken]:
    """Return what was taken, in order."""
    rows = [line.split() for line in log_file.read_text().splitlines()] if log_file.exists() else []
    return [Taken(float(at), key, person.upper()) for at, key, person in rows]
