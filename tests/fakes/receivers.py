"""What notifications are sent to in tests: a mail server and a webhook receiver on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, TypeVar, cast

from aiosmtpd.controller import Controller


@dataclass
class MailServer:
    """Keeps what it takes; while `refusing` it takes nothing."""

    port: int = 0
    refusing: bool = False
    taken: list[EmailMessage] = field(default_factory=list)

    # Any: aiosmtpd gives its own session and envelope, which have no types.
    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.refusing:
            return "451 try again later"
        self.taken.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


class _AnyPort(Controller):  # type: ignore[misc]  # no types there
    """A server on a free port; the base class would ask its own number, which is 0, whether it runs."""

    @property
    def bound(self) -> int:
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        with socket.create_connection(("127.0.0.1", self.bound), 1) as asking:
            asking.recv(1024)


class Keeps(Protocol):
    """What keeps mail: it is told its port."""

    port: int


Kept = TypeVar("Kept", bound=Keeps)


@contextmanager
def on_a_free_port(kept: Kept) -> Iterator[Kept]:
    """Let it take mail on a free port of loopback, until the end of the block."""
    controller = _AnyPort(kept, hostname="127.0.0.1", port=0)
    controller.start()
    kept.port = controller.bound
    try:
        yield kept
    finally:
        controller.stop()


def mail_server() -> AbstractContextManager[MailServer]:
    return on_a_free_port(MailServer())


@dataclass
class Receiver:
    """Records every post; answers with the statuses in turn, the last of them from then on."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = kept.statuses.pop(0) if len(kept.statuses) > 1 else kept.statuses[0]
            self.send_response(status)
            if status in (301, 302):
                self.send_header("location", kept.url + "elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
