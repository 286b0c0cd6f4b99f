"""What each failure of a mail server means for a message."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from delivery.channels.email import EmailChannel
from delivery.channels.interface import Receipt, SendOutcome
from delivery.email.settings import EmailSettings, SecretFileError
from store.repositories.contacts import Contact
from tests.delivery.email.conftest import MakeChannel, everybody, message, sent
from tests.fakes.smtp_sink import Sink


def outcome(channel: EmailChannel, number: int = 1) -> Receipt:
    (receipt,) = sent(channel, message(number))
    return receipt


def test_many_messages_share_a_few_connections(channel_of: MakeChannel, sink: Sink) -> None:
    channel = channel_of(everybody(60), connections=3)

    async def twice() -> list[Receipt]:
        first = await channel.send([message(i) for i in range(30)])
        second = await channel.send([message(i) for i in range(30, 60)])
        await channel.aclose()
        return first + second

    receipts = asyncio.run(twice())
    assert {r.outcome for r in receipts} == {SendOutcome.ACCEPTED} and len(receipts) == 60
    assert len({r.send_key for r in receipts}) == 60
    assert sorted(to for to, _ in sink.taken) == sorted(f"p{i}@mail.example.org" for i in range(60))
    assert sink.connections == 3


@pytest.mark.parametrize(
    ("phase", "answer", "expected"),
    [
        ("at_mail", "451 later", SendOutcome.NOT_SENT),
        ("at_mail", "550 we do not know you", SendOutcome.NOT_SENT),
        ("at_mail", "421 closing", SendOutcome.NOT_SENT),
        ("at_mail", "hang up", SendOutcome.NOT_SENT),
        ("at_recipient", "450 mailbox busy", SendOutcome.NOT_SENT),
        ("at_recipient", "550 no such user", SendOutcome.REJECTED),
        ("at_content", "452 no room", SendOutcome.NOT_SENT),
        ("at_content", "554 refused", SendOutcome.REJECTED),
    ],
)
def test_an_answer_says_what_became_of_it(
    channel_of: MakeChannel, sink: Sink, phase: str, answer: str, expected: SendOutcome
) -> None:
    setattr(sink, phase, [answer])
    channel = channel_of(everybody(3))
    first, second = sent(channel, message(1), message(2))
    assert first.outcome is expected and first.reason
    assert "@" not in first.reason and answer not in first.reason
    assert second.outcome is SendOutcome.ACCEPTED
    assert [to for to, _ in sink.taken] == ["p2@mail.example.org"]


@pytest.mark.promise
def test_what_is_lost_after_its_words_were_given_away_is_unknown(channel_of: MakeChannel, sink: Sink) -> None:
    sink.silent_after_taking = 1
    channel = channel_of(everybody(2))
    receipt = outcome(channel)
    assert receipt.outcome is SendOutcome.UNKNOWN and len(sink.taken) == 1
    asked = asyncio.run(channel.lookup([receipt.send_key]))
    assert asked[receipt.send_key].outcome is SendOutcome.UNKNOWN


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    channel_of: MakeChannel, sink: Sink
) -> None:
    channel = channel_of(everybody(3), connections=1)

    async def both() -> list[Receipt]:
        first = await channel.send([message(1)])
        sink.at_mail = ["hang up"]
        second = await channel.send([message(2)])
        await channel.aclose()
        return first + second

    assert [r.outcome for r in asyncio.run(both())] == [SendOutcome.ACCEPTED] * 2
    assert sink.connections == 2


def test_without_a_server_nothing_was_sent(links: object, channel_of: MakeChannel) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = channel_of(everybody(9), port=taken.getsockname()[1])
        receipts = asyncio.run(channel.send([message(i) for i in range(9)]))
    assert {r.outcome for r in receipts} == {SendOutcome.NOT_SENT} and len(receipts) == 9


@pytest.mark.parametrize("address", ["ü@mail.example.org", "a b@mail.example.org", "nobody", "a@b>c"])
def test_an_address_that_cannot_be_given_is_rejected(
    channel_of: MakeChannel, sink: Sink, address: str
) -> None:
    receipt = outcome(channel_of({"person-1": Contact(address)}))
    assert receipt.outcome is SendOutcome.REJECTED and receipt.reason == "email.address_refused"
    assert sink.taken == []


def test_somebody_without_an_address_is_rejected(channel_of: MakeChannel) -> None:
    assert outcome(channel_of({})).reason == "email.no_address"


def test_a_domain_of_another_script_is_written_in_ascii(channel_of: MakeChannel, sink: Sink) -> None:
    outcome(channel_of({"person-1": Contact("a@bücher.example")}))
    assert sink.taken[0][0] == "a@xn--bcher-kva.example"


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush\n")
    assert EmailSettings(host="h", password_file=file).secret() == "hush"
    with pytest.raises(SecretFileError, match="cannot be read"):
        EmailSettings(host="h", password_file=tmp_path / "none").secret()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"host": "mail.example.org", "tls": "none"}, "tls is none"),
        ({"password": "x", "password_file": "/x"}, "password_file"),
        ({"dkim_domain": "example.org"}, "dkim_key_file"),
        ({"sender": "nobody"}, "sender"),
        ({"per_second": 0}, "per_second"),
        ({"connections": 0}, "connections"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_that_break_a_rule_are_named(settings: dict[str, object], named: str) -> None:
    with pytest.raises(ValidationError, match=named) as refused:
        EmailSettings.model_validate(settings)
    assert named in str(refused.value)
