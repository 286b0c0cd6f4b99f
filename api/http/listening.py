"""The socket that an application is served on, and serving it until a signal says to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policies.errors import ConflictError

if TYPE_CHECKING:
    from types import FrameType

    from fastapi import FastAPI


class AddressTakenError(ConflictError):
    """Nothing can listen at this address."""

    code = "address_taken"


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one. OSError when it is taken or not ours.

    Answers leave at once: asyncio sets that itself only on sockets that name their protocol, and without it the second
    part of an answer waits some 40 ms for the client to acknowledge the first.
    """
    listening = socket.create_server((host, port), reuse_port=False)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def listen_or_refuse(host: str, port: int) -> socket.socket:
    """Listen on an address; AddressTakenError when it is taken or not ours."""
    try:
        return listen(host, port)
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --port",
            value=f"{host}:{port}",
        ) from error


async def serve_until_signalled(
    api: FastAPI, listening: socket.socket, closing: asyncio.Event | None = None
) -> None:
    """Serve on a socket until SIGINT or SIGTERM, and let running requests end; `closing` is set at the signal.

    The signals are left to the loop, so that whoever called closes its home in order after the last request.
    """
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if closing is not None:
                closing.set()
            super().handle_exit(sig, frame)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

    config = uvicorn.Config(api, log_level="warning", timeout_graceful_shutdown=5)
    await Server(config).serve(sockets=[listening])
