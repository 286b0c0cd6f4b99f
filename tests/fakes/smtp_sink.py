"""A mail server on loopback that keeps what it takes, and fails where it is told to."""

from __future__ import annotations

# ruff: noqa: N802  # the names of the handlers are the library's
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.fakes.receivers import on_a_free_port


@dataclass
class Sink:
    """Keeps envelopes as (recipient, bytes). The answers by phase are used once each, the first first."""

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    at_mail: list[str] = field(default_factory=list)
    at_recipient: list[str] = field(default_factory=list)
    at_content: list[str] = field(default_factory=list)
    silent_after_taking: int = 0

    # Any: aiosmtpd gives its own server, session and envelope, which have no types; the names are its own
    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if self.at_mail:
            answer = self.at_mail.pop(0)
            if answer == "hang up":
                server.transport.abort()
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if self.at_recipient:
            return self.at_recipient.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        if self.at_content:
            return self.at_content.pop(0)
        self.taken.append((envelope.rcpt_tos[0], envelope.content))
        if self.silent_after_taking:
            self.silent_after_taking -= 1
            server.transport.abort()
        return "250 OK"


def smtp_sink() -> AbstractContextManager[Sink]:
    return on_a_free_port(Sink())
