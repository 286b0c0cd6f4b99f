"""The socket that the API is served on."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; port 0 takes a free one. OSError when it is taken or not ours.

    Answers leave at once: asyncio sets that itself only on sockets that name their protocol, and without it the second
    part of an answer waits some 40 ms for the client to acknowledge the first.
    """
    listening = socket.create_server((host, port), reuse_port=False)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
