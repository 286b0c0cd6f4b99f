"""The message as a mail client gets it: it parses, its signature holds, and one click leaves."""

from __future__ import annotations

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery.channels.interface import SendOutcome
from delivery.email.links import TRAP, UNSUBSCRIBE_USE, Links
from delivery.email.message import send_key_in
from store.repositories.contacts import Contact
from tests.delivery.email.conftest import CREATIVE, MakeChannel, everybody, message, sent
from tests.fakes.smtp_sink import Sink


def parsed(content: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(content, policy=policy.default))


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return cast(str, part.get_content())


def verifies(content: bytes, key: rsa.RSAPrivateKey) -> bool:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    asked: list[bytes] = []

    def published(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    found: bool = dkim.verify(content, dnsfunc=published)
    assert asked == [b"s1._domainkey.example.org."]
    return found


@pytest.fixture
def signed(channel_of: MakeChannel, sink: Sink, key_file: Path) -> bytes:
    channel = channel_of(
        everybody(2),
        dkim_domain="example.org",
        dkim_selector="s1",
        dkim_key_file=key_file,
        sender_name="The Shop",
    )
    (receipt,) = sent(channel, message(1))
    assert receipt.outcome is SendOutcome.ACCEPTED
    ((to, content),) = sink.taken
    assert to == "p1@mail.example.org"
    return content


def test_a_mail_client_reads_it_in_two_forms(signed: bytes, links: Links) -> None:
    mail = parsed(signed)
    assert not mail.defects
    assert mail["From"] == "The Shop <shop@example.org>" and mail["To"] == "p1@mail.example.org"
    assert mail["Subject"] == "Something for you, Maria"
    assert mail["Message-ID"] == f"<{1:064x}@example.org>"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = body(mail, "plain"), body(mail, "html")
    assert "größer, wärmer" in text and "größer, wärmer" in html
    leave, click = links.unsubscribe(f"{1:064x}"), links.click(f"{1:064x}", 0)
    assert f"Unsubscribe: {leave}" in text and f'<a href="{leave}">' in html
    assert f"Look: {click}" in text and f'<a href="{click}">' in html
    assert links.click(f"{1:064x}", TRAP) in html and links.click(f"{1:064x}", TRAP) not in text
    assert CREATIVE.link not in text and CREATIVE.link not in html


def test_it_can_be_left_with_one_click(signed: bytes, links: Links) -> None:
    mail = parsed(signed)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail["List-Unsubscribe"]).strip("<>")
    token = address.removeprefix("https://desk.example.org/u/")
    assert links.message_of(UNSUBSCRIBE_USE, token) == f"{1:064x}"


def test_its_signature_covers_the_headers_of_leaving(signed: bytes, dkim_key: rsa.RSAPrivateKey) -> None:
    assert verifies(signed, dkim_key)
    covered = {
        name.strip().lower()
        for name in str(parsed(signed)["DKIM-Signature"]).split("h=")[1].split(";")[0].split(":")
    }
    assert {"list-unsubscribe", "list-unsubscribe-post", "from", "subject", "message-id"} <= covered


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"https://desk.example.org/u/", b"https://evil.example.org/u/"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"MIME-Version: 1.0", b"List-Unsubscribe: <https://evil.example.org/>\r\nMIME-Version: 1.0"),
        (b"MIME-Version: 1.0", b"From: other@example.org\r\nMIME-Version: 1.0"),
        (b"Something for you", b"Something for me!"),
    ],
    ids=["another address", "another way", "one added", "another sender added", "another subject"],
)
def test_a_changed_header_breaks_the_signature(
    signed: bytes, dkim_key: rsa.RSAPrivateKey, old: bytes, new: bytes
) -> None:
    assert signed.count(old) >= 1
    assert not verifies(signed.replace(old, new, 1), dkim_key)


def test_a_name_cannot_write_headers_or_markup(channel_of: MakeChannel, sink: Sink) -> None:
    name = "Eve\r\nBcc: all@example.org\n<script>{{ unsubscribe_url }}"
    sent(channel_of({"person-1": Contact("e@mail.example.org", name)}), message(1))
    mail = parsed(sink.taken[0][1])
    assert mail["Bcc"] is None and mail["Subject"].endswith("<script>{{ unsubscribe_url }}")
    assert "<script>" not in body(mail, "html")


def test_a_message_id_of_ours_is_recognised() -> None:
    assert send_key_in(f"<{5:064x}@example.org>") == f"{5:064x}"
    assert send_key_in("<abc@example.org>") is None and send_key_in("") is None
    assert send_key_in(f"{'g' * 64}@example.org") is None


def test_an_address_shows_nowhere_when_it_is_printed() -> None:
    assert "@" not in repr(Contact("p1@mail.example.org", "Maria")) and "Maria" not in repr(
        Contact("p1@mail.example.org", "Maria")
    )
