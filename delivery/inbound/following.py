"""Following a link of a message: only to where that message leads, with a note of who or what followed it."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from delivery.channels.email import AddressBook
from delivery.email.links import TEST, TRAP, Links, LinkUnknownError
from delivery.email.message import fields_of
from delivery.errors import ChoiceFileError
from delivery.ports import Ports
from policies.machine_clicks import TOGETHER, Visit, machine_reason
from store.repositories import inbound
from store.repositories.campaigns import get_creative
from store.repositories.contacts import Contact
from store.tables import MessageEvent, Send
from tools.content.creative import Creative, link_of


class Followed(NamedTuple):
    """Where a link leads; None for the link that nobody sees, and for those of test messages."""

    to: str | None


class Following:
    """Notes clicks and says where they lead."""

    def __init__(self, ports: Ports, links: Links, addresses: AddressBook) -> None:
        self._ports = ports
        self._links = links
        self._addresses = addresses

    def follow(self, token: str, method: str, agent: str, purpose: str) -> Followed:
        """Note that a link was followed, and say where it leads; LinkUnknownError for one that is none of this home's.

        The browser's name for itself decides whether a program did it, and is not kept.
        """
        key, number = self._links.followed(token)
        if key.startswith(TEST):
            return Followed(None)
        ports = self._ports
        with ports.database.write() as session:
            send = inbound.find_send(session, key)
            if send is None or send.creative_digest is None:
                raise LinkUnknownError("this link belongs to no message any more", value="link")
            kept = get_creative(session, send.workspace_id, send.creative_digest)
            now = ports.clock.now(session)
            trap_at = inbound.last_trap(session, key)
            visit = Visit(now, method, agent, purpose, number == TRAP, send.sent_at, trap_at)
            event = MessageEvent(
                workspace_id=send.workspace_id,
                event_id=f"click:{ports.ids.new(now)}",
                send_key=key,
                person_id=send.person_id,
                kind="clicked",
                source="link",
                link=number,
                machine=machine_reason(visit),
                occurred_at=now,
                received_at=now,
            )
            inbound.add_event(session, event)
            inbound.believe_sent(session, key)
            if number == TRAP:
                inbound.flag_together(session, key, now, TOGETHER)
        if number == TRAP:
            return Followed(None)
        return Followed(self._leads_to(send, Creative.model_validate(kept.content)))

    def _leads_to(self, send: Send, creative: Creative) -> str:
        if creative.digest() != send.creative_digest:
            raise ChoiceFileError(
                "the creative of this message is not the one that was approved", value=send.arm
            )
        found = self._addresses.contacts(send.workspace_id, [send.person_id])
        link = link_of(creative, fields_of(found.get(send.person_id, Contact(""))))
        parts = urlsplit(link)
        if parts.scheme not in ("http", "https") or not parts.hostname or any(sign < " " for sign in link):
            raise LinkUnknownError("this message leads to no web page", value="link")
        return link
