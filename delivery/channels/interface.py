"""What a provider of messages, and a source of outcomes, must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol


class SendOutcome(StrEnum):
    """What a provider says of one message."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, without an address: a channel that needs one resolves it itself.

    `subject` and `body` are the approved creative without any personal field filled in.
    """

    send_key: str
    workspace_id: str
    person_id: str
    arm: str
    channel: str
    creative_digest: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's answer about one send key; `reason` says why it was rejected or is unknown."""

    send_key: str
    outcome: SendOutcome
    provider_id: str | None = None
    reason: str | None = None


class Channel(Protocol):
    """A provider of messages. Handing it the same send key twice must reach the person once."""

    @property
    def name(self) -> str: ...

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Hand messages over; ChannelError when the provider did not answer, so nothing is known of them."""
        ...

    async def lookup(self, send_keys: Sequence[str]) -> Mapping[str, Receipt]:
        """Say what the provider knows of these keys; a key that is absent surely never reached it.

        A provider that cannot be sure answers `unknown` for the key; ChannelError when it did not answer.
        """
        ...


class Assigned(NamedTuple):
    """A choice and the arm that the person really got of us (`none` where nothing left)."""

    choice_id: str
    person_id: str
    arm: str


class Observation(NamedTuple):
    """One thing seen after a choice: `visit` and `conversion` are 0 or 1, `spend` is in minor units."""

    choice_id: str
    name: str
    value: int
    unit: str


class OutcomeSource(Protocol):
    """Where outcomes come from. A choice without any observation is unobserved, never zero."""

    @property
    def name(self) -> str: ...

    async def observe(self, assigned: Sequence[Assigned]) -> list[Observation]:
        """Return what was seen after these choices."""
        ...
