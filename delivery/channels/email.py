"""The e-mail channel: SMTP, one message a person, addresses read when they are needed and kept nowhere.

SMTP has no idempotency key and cannot be asked what it took. So the phases of a message are told apart: whatever ends
before its words were given away is surely not sent; whatever is lost after that is unknown, and is never sent again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from delivery.channels.interface import HANDOVER_SECONDS, Message, Receipt, SendOutcome
from delivery.email.links import Links
from delivery.email.message import AddressRefusedError, Letter, Signer, write_letter
from delivery.email.settings import EmailSettings
from store.clock import Clock
from store.database import Database
from store.repositories.contacts import Contact, contacts_of
from store.threads import in_thread
from tools.content.creative import CreativeError

if TYPE_CHECKING:
    from aiosmtplib import SMTP

CHUNK = 25
"""Messages in flight at once: what a crash can leave unknown at most."""
_TOO_LATE = "its turn did not come in time"


class AddressBook(Protocol):
    """Where addresses come from, at the moment a message leaves."""

    def contacts(self, workspace_id: str, person_ids: Sequence[str]) -> Mapping[str, Contact]:
        """Return how these people are reached by e-mail; somebody without an address is absent."""
        ...


class IdentityAddresses:
    """E-mail addresses from the identity database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def contacts(self, workspace_id: str, person_ids: Sequence[str]) -> Mapping[str, Contact]:
        """Return how these people are reached by e-mail; somebody without an address is absent."""
        with self._database.identity_read() as identity:
            return contacts_of(identity, workspace_id, "email", person_ids)


class EmailChannel:
    """Hands e-mails to one SMTP server over a few connections, which stay open between chunks."""

    name = "email"
    chunk = CHUNK

    def __init__(
        self,
        settings: EmailSettings,
        addresses: AddressBook,
        links: Links,
        clock: Clock,
        *,
        patience: float = HANDOVER_SECONDS,
    ) -> None:
        self.patience = patience
        self._settings = settings
        self._addresses = addresses
        self._links = links
        self._clock = clock
        self._signer = Signer(settings)
        self._idle: list[tuple[asyncio.AbstractEventLoop, SMTP]] = []
        self._next_at = 0.0

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Hand messages over; a receipt for each, whatever happens to the connection."""
        letters, refused = await in_thread(self._write, list(messages))
        begin_before = min((message.begin_before for message in messages), default=math.inf)
        return [*refused, *await self.hand_over(letters, begin_before)]

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        """SMTP cannot be asked: every key is unknown until a receipt of delivery or a bounce tells."""
        reason = "the mail server cannot be asked what it took"
        return {key: Receipt(key, SendOutcome.UNKNOWN, reason=reason) for key in send_keys}

    async def hand_over(self, letters: Sequence[Letter], begin_before: float = math.inf) -> list[Receipt]:
        """Hand letters over side by side; none is begun after the first connection that cannot be made."""
        waiting = list(reversed(letters))
        receipts: list[Receipt] = []
        begin_before = min(begin_before, time.monotonic() + self.patience)
        lines = [
            self._line(waiting, receipts, begin_before)
            for _ in range(min(self._settings.connections, len(letters)))
        ]
        await asyncio.gather(*lines)
        receipts += [_not_begun(letter, _TOO_LATE) for letter in waiting]
        return receipts

    def signed(self, letter: Letter) -> Letter:
        """Return a letter with the home's signature."""
        return replace(letter, content=self._signer.signed(letter.content))

    async def aclose(self) -> None:
        """Close the connections that are open."""
        for loop, client in self._idle:
            if loop is asyncio.get_running_loop():
                client.close()
        self._idle.clear()

    def _write(self, messages: list[Message]) -> tuple[list[Letter], list[Receipt]]:
        now = self._clock.now()
        letters: list[Letter] = []
        refused: list[Receipt] = []
        for workspace_id in sorted({message.workspace_id for message in messages}):
            mine = [message for message in messages if message.workspace_id == workspace_id]
            contacts = self._addresses.contacts(workspace_id, [message.person_id for message in mine])
            for message in mine:
                contact = contacts.get(message.person_id)
                if contact is None:
                    refused.append(Receipt(message.send_key, SendOutcome.REJECTED, reason="email.no_address"))
                    continue
                try:
                    letter = write_letter(
                        message.send_key, message.creative, contact, self._settings, self._links, at=now
                    )
                except (CreativeError, AddressRefusedError) as error:
                    refused.append(
                        Receipt(message.send_key, SendOutcome.REJECTED, reason=f"email.{error.code}")
                    )
                    continue
                letters.append(self.signed(letter))
        return letters, refused

    async def _line(self, waiting: list[Letter], receipts: list[Receipt], begin_before: float) -> None:
        """Hand letters over one after another on one connection, a fresh one where the old one has gone stale."""
        client, fresh = self._taken(), False
        while waiting:
            await self._pace()
            if not waiting or time.monotonic() > begin_before:
                break
            if client is None:
                client, why = await self._connected()
                fresh = True
                if client is None:
                    receipts += [_not_begun(letter, why) for letter in waiting]
                    waiting.clear()
                    return
                continue
            letter = waiting.pop()
            receipt, alive = await self._hand(client, letter, begin_before)
            if not alive:
                client = None
                if receipt.outcome is SendOutcome.NOT_SENT and not fresh:
                    waiting.append(letter)  # the server had closed a connection that we kept open
                    continue
            receipts.append(receipt)
        if client is not None:
            self._idle.append((asyncio.get_running_loop(), client))

    def _taken(self) -> SMTP | None:
        loop = asyncio.get_running_loop()
        while self._idle:
            owner, client = self._idle.pop()
            if owner is loop and client.is_connected:
                return client
        return None

    async def _connected(self) -> tuple[SMTP | None, str]:
        import aiosmtplib

        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=await in_thread(settings.secret),
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            local_hostname=settings.domain.encode("idna").decode(),
            timeout=settings.timeout,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            return None, f"the mail server could not be reached ({type(error).__name__})"
        return client, ""

    async def _pace(self) -> None:
        if self._settings.per_second is None:
            return
        now = time.monotonic()
        self._next_at = max(self._next_at, now) + 1 / self._settings.per_second
        await asyncio.sleep(self._next_at - 1 / self._settings.per_second - now)

    async def _hand(self, client: SMTP, letter: Letter, begin_before: float) -> tuple[Receipt, bool]:
        """Hand one letter over; says what became of it and whether the connection can be used again.

        Its words are not given away after `begin_before`, however long the server took for its address.
        """
        import aiosmtplib

        try:
            await client.mail(self._settings.bounces or self._settings.sender)
            await client.rcpt(letter.to)
        except aiosmtplib.SMTPRecipientRefused as error:
            final = error.code >= 500
            outcome = SendOutcome.REJECTED if final else SendOutcome.NOT_SENT
            return _receipt(letter, outcome, f"email.recipient_{error.code}"), await _reset(
                client, error.code
            )
        except aiosmtplib.SMTPResponseException as error:
            # what the server holds against us says nothing about the person, so it is tried again
            return _not_begun(letter, f"email.sender_{error.code}"), await _reset(client, error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return _not_begun(letter, f"the connection was lost ({type(error).__name__})"), False
        if time.monotonic() > begin_before:
            return _not_begun(letter, _TOO_LATE), await _reset(client, 0)
        try:
            await client.data(letter.content)
        except aiosmtplib.SMTPDataError as error:
            return _answered(letter, error.code), await _reset(client, error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            reason = f"the connection was lost after the message was given away ({type(error).__name__})"
            return _receipt(letter, SendOutcome.UNKNOWN, reason), False
        return Receipt(letter.send_key, SendOutcome.ACCEPTED, letter.message_id), True


def _answered(letter: Letter, code: int) -> Receipt:
    """What a server's answer to the words themselves means: RFC 5321, 4.2.1."""
    if 400 <= code < 500:
        return _not_begun(letter, f"email.content_{code}")
    outcome = SendOutcome.REJECTED if code >= 500 else SendOutcome.UNKNOWN
    return _receipt(letter, outcome, f"email.content_{code}")


def _receipt(letter: Letter, outcome: SendOutcome, reason: str) -> Receipt:
    return Receipt(letter.send_key, outcome, letter.message_id, reason)


def _not_begun(letter: Letter, reason: str) -> Receipt:
    return _receipt(letter, SendOutcome.NOT_SENT, reason)


async def _reset(client: SMTP, code: int) -> bool:
    """Make a connection ready for the next message; 421 says that the server ends it."""
    import aiosmtplib

    if code != 421:
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            pass
        else:
            return True
    client.close()
    return False
