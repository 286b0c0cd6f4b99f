"""An e-mail channel before a mail server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.channels.email import EmailChannel
from delivery.channels.interface import Message, Receipt
from delivery.email.links import Links
from delivery.email.settings import EmailSettings
from store.clock import FixedClock
from store.keys import LinkKeys
from store.repositories.contacts import Contact
from tests.fakes.smtp_sink import Sink, smtp_sink
from tools.content.creative import Creative

AT = datetime(2026, 12, 1, 15, tzinfo=UTC)
CREATIVE = Creative(
    arm_id="winter",
    channel="email",
    locale="en",
    subject="Something for you, {{ customer.first_name | default: 'friend' }}",
    preheader="Only in December",
    heading="Hello {{ customer.first_name | default: 'there' }}",
    body="Look at this.\n\nIt is warm, and it is wool: größer, wärmer.",
    call_to_action="Look",
    link="https://shop.example.org/winter",
    footer="A shop, Street 1. Unsubscribe: {{ unsubscribe_url }}",
)


class Book(dict[str, Contact]):
    """Addresses by person."""

    def contacts(self, _workspace_id: str, person_ids: Sequence[str]) -> Mapping[str, Contact]:
        return {person: self[person] for person in person_ids if person in self}


@pytest.fixture
def sink() -> Iterator[Sink]:
    with smtp_sink() as server:
        yield server


@pytest.fixture
def links(tmp_path: Path) -> Links:
    return Links("https://desk.example.org/", LinkKeys(tmp_path))


@pytest.fixture(scope="session")
def dkim_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


@pytest.fixture
def key_file(dkim_key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    file = tmp_path / "dkim.pem"
    file.write_bytes(
        dkim_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return file


MakeChannel = Callable[..., EmailChannel]


@pytest.fixture
def channel_of(sink: Sink, links: Links) -> MakeChannel:
    """Makes a channel to the sink; `settings` are added to the usual ones."""

    def made(book: Mapping[str, Contact], **settings: Any) -> EmailChannel:
        usual = {"host": "127.0.0.1", "port": sink.port, "tls": "none", "sender": "shop@example.org"}
        return EmailChannel(EmailSettings.model_validate(usual | settings), Book(book), links, FixedClock(AT))

    return made


def message(number: int, creative: Creative = CREATIVE) -> Message:
    return Message(
        send_key=f"{number:064x}",
        workspace_id="w",
        person_id=f"person-{number}",
        arm=creative.arm_id,
        channel="email",
        creative_digest=creative.digest(),
        subject="unused",
        body="unused",
        creative=creative,
    )


def everybody(count: int) -> dict[str, Contact]:
    return {f"person-{i}": Contact(f"p{i}@mail.example.org", "Maria", "Keller") for i in range(count)}


def sent(channel: EmailChannel, *messages: Message) -> list[Receipt]:
    """Hand messages over one call after another, and close the connections."""

    async def run() -> list[Receipt]:
        try:
            return [receipt for one in messages for receipt in await channel.send([one])]
        finally:
            await channel.aclose()

    return asyncio.run(run())
