"""A scripted server that speaks OpenAI's chat completions on loopback.

It can also be hostile: slow, dripping, dropping, endless, huge, refusing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from evals.models import openai_server
from evals.models.openai_server import Call, ChatHandler, ChatServer

__all__ = ["Call", "OpenAIServer", "Reply", "serving"]


@dataclass(frozen=True)
class Reply(openai_server.Reply):
    """One scripted answer, or something worse.

    `drop_after` cuts the connection after so many bytes of the body; `drip_s` sends it a byte at a time, so many seconds
    apart; `endless` never comes to the end of a streamed answer.
    """

    delay_s: float = 0.0
    headers: Sequence[tuple[str, str]] = ()
    drop_after: int | None = None
    drip_s: float = 0.0
    endless: bool = False


_PLAIN = Reply()
Script = Sequence[Reply] | Callable[[dict[str, Any]], Reply]


class OpenAIServer(ChatServer):
    """Answers requests from a script in turn, or by a function of the request; records every request."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        super().__init__()

    def handler(self) -> type[ChatHandler]:
        return type("Handler", (_HostileHandler,), {"chat": self})

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        super().__exit__(*exc)

    def reply(self, request: dict[str, Any], headers: Mapping[str, str]) -> Reply:
        """The reply to this request; past the end of the script HTTP 599."""
        with self._lock:
            self.requests.append(request)
            self.headers.append(dict(headers))
            turn = len(self.requests)
            if callable(self.script):
                return self.script(request)
            return self.script[turn - 1] if turn <= len(self.script) else Reply(status=599)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def wait(self, seconds: float) -> None:
        self._stopping.wait(seconds)


@contextmanager
def serving(*script: Reply) -> Iterator[OpenAIServer]:
    """A running server with these replies."""
    with OpenAIServer(script) as server:
        yield server


class _HostileHandler(ChatHandler):
    """Sends a reply as badly as it says."""

    _reply = _PLAIN

    @property
    def _server(self) -> OpenAIServer:
        return cast(OpenAIServer, self.chat)

    def answer(self, request: dict[str, Any], reply: openai_server.Reply) -> None:
        self._reply = cast(Reply, reply)
        self._server.wait(self._reply.delay_s)
        super().answer(request, reply)

    def give(self, status: int, body: bytes, kind: str = "application/json") -> None:
        reply, self._reply = self._reply, _PLAIN
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            for name, value in reply.headers:
                self.send_header(name, value)
            if reply.endless:
                self.send_header("connection", "close")
            else:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self._write(body, reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up, as a test of time-outs wants

    def _write(self, body: bytes, reply: Reply) -> None:
        if reply.drop_after is not None:
            self.wfile.write(body[: reply.drop_after])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if reply.drip_s:
            for at in range(len(body)):
                if self._server.stopping:
                    return
                self.wfile.write(body[at : at + 1])
                self.wfile.flush()
                self._server.wait(reply.drip_s)
            return
        if reply.endless:
            first, rest = body.split(b"\n\n", 1)[0] + b"\n\n", body.split(b"\n\n", 2)[1] + b"\n\n"
            self.wfile.write(first)
            while not self._server.stopping:
                self.wfile.write(rest * 50)
        self.wfile.write(body)
