"""The preference centre: what the person of a message has said by channel and purpose, and saying it anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import numpy as np

from delivery.email.links import PREFERENCES_USE, TEST, UNSUBSCRIBE_USE, Links, LinkUnknownError
from delivery.inbound.leaving import state_all
from delivery.ports import Ports
from policies.consent import Channel, ConsentStatus, Purpose, permits, status_of, suppressed_on
from store.repositories import inbound
from store.repositories.sends import gate_profiles
from store.tables import MessageEvent, Send
from store.threads import in_thread

SHOWN: Final = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.IN_APP)
UNSUBSCRIBED, PREFERENCES = "message: unsubscribed", "page: preferences"
_PURPOSES: Final = {
    "marketing": Purpose.MARKETING,
    "transactional": Purpose.TRANSACTIONAL,
    "service": Purpose.SERVICE,
}


class Wish(NamedTuple):
    """Whether a person may be written to on a channel for a purpose; `stopped` by a bounce or complaint, whatever they say."""

    channel: Channel
    purpose: Purpose
    wanted: bool
    stopped: bool


class Leaver(NamedTuple):
    """Whose message it is and what leaving it means; a test message has nobody."""

    send: Send | None
    channel: Channel
    purpose: Purpose


class Preferences:
    """Reads and changes what people want, for whoever holds a link of a message to them."""

    def __init__(self, ports: Ports, links: Links) -> None:
        self._ports = ports
        self._links = links

    def leaver(self, token: str) -> Leaver:
        """Return what a link of leaving is about, changing nothing; LinkUnknownError."""
        return self._about(self._links.message_of(UNSUBSCRIBE_USE, token))

    def wishes(self, token: str) -> list[Wish]:
        """Return what the person of a preferences link wants; LinkUnknownError. Nothing for a test message."""
        send = self._about(self._links.message_of(PREFERENCES_USE, token)).send
        return [] if send is None else self._wishes(send)

    def token_of(self, leaver: Leaver) -> str:
        """The token of the preference page that belongs to a message."""
        return self._links.preferences_token(TEST if leaver.send is None else leaver.send.send_key)

    async def leave(self, token: str) -> Leaver:
        """Take back the consent that a message came by; doing it again changes nothing. LinkUnknownError."""
        leaver = await in_thread(self.leaver, token)
        if leaver.send is not None:
            await self._state(
                leaver.send, {(leaver.channel, leaver.purpose): ConsentStatus.WITHDRAWN}, UNSUBSCRIBED
            )
            await in_thread(self._note, leaver.send)
        return leaver

    async def choose(self, token: str, wanted: Collection[tuple[Channel, Purpose]]) -> list[Wish]:
        """Keep what a person wants of everything shown; what they did not change is not said anew."""
        send = (await in_thread(self._about, self._links.message_of(PREFERENCES_USE, token))).send
        if send is None:
            return []
        said = {
            (wish.channel, wish.purpose): ConsentStatus.GRANTED if wants else ConsentStatus.WITHDRAWN
            for wish in await in_thread(self._wishes, send)
            if (wants := (wish.channel, wish.purpose) in wanted) != wish.wanted
        }
        if said:
            await self._state(send, said, PREFERENCES)
        return await in_thread(self._wishes, send)

    async def _state(
        self, send: Send, said: Mapping[tuple[Channel, Purpose], ConsentStatus], source: str
    ) -> None:
        ports = self._ports
        await state_all(ports.database, ports.clock, send.workspace_id, send.person_id, said, source=source)

    def _about(self, key: str) -> Leaver:
        if key.startswith(TEST):
            return Leaver(None, Channel.EMAIL, Purpose.MARKETING)
        with self._ports.database.read() as session:
            send = inbound.find_send(session, key)
        if send is None:
            raise LinkUnknownError("this link belongs to no message any more", value="link")
        return Leaver(send, Channel[send.channel.upper()], _PURPOSES[send.category])

    def _wishes(self, send: Send) -> list[Wish]:
        with self._ports.database.read() as session:
            found = gate_profiles(session, send.workspace_id, [send.person_id]).get(send.person_id)
        if found is None or found.forgotten:
            raise LinkUnknownError("this link belongs to nobody any more", value="link")
        bits = np.array([found.consent_bits], dtype=np.int64)
        return [
            Wish(
                channel,
                purpose,
                bool(permits(status_of(bits, channel, purpose), purpose)[0]),
                bool(suppressed_on(bits, channel)[0]),
            )
            for channel in SHOWN
            for purpose in Purpose
        ]

    def _note(self, send: Send) -> None:
        now = self._ports.clock.now()
        event = MessageEvent(
            workspace_id=send.workspace_id,
            event_id=f"unsubscribed:{send.send_key}",
            send_key=send.send_key,
            person_id=send.person_id,
            kind="unsubscribed",
            source="link",
            occurred_at=now,
            received_at=now,
        )
        with self._ports.database.write(durable=True) as session:
            inbound.add_event(session, event)
            inbound.believe_sent(session, send.send_key)
