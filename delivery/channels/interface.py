"""What a provider of messages, and a source of outcomes, must be able to do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from tools.content.creative import Creative

HANDOVER_SECONDS: Final = 10.0
"""No channel begins a message later than this after it was handed over; what was not begun was surely not sent.

Whoever takes back a consent waits this long for messages in flight, so that none is begun after it.
"""
CHUNK: Final = 250
"""Messages in one call of a provider, where it can be asked what it took."""


class SendOutcome(StrEnum):
    """What a provider says of one message: `not_sent` surely did not leave and may be tried again, `rejected` never."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person, without an address: a channel that needs one resolves it itself.

    `subject` and `body` are the approved creative without any personal field filled in; a channel that knows names fills
    them into `creative` itself. `begin_before` is the instant of `time.monotonic` after which it may not be begun any more,
    counted from before it was claimed.
    """

    send_key: str
    workspace_id: str
    person_id: str
    arm: str
    channel: str
    creative_digest: str
    subject: str
    body: str
    creative: Creative
    begin_before: float = math.inf


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's answer about one send key; `reason` says why it was rejected or is unknown."""

    send_key: str
    outcome: SendOutcome
    provider_id: str | None = None
    reason: str | None = None


class Channel(Protocol):
    """A provider of messages. Handing it the same send key twice must reach the person once.

    `chunk` is how many it is given at once; where it cannot be asked what it took, few. It begins no message more than
    `patience` seconds after it was handed over, at most HANDOVER_SECONDS; so long whoever takes a batch over waits before asking.
    """

    @property
    def name(self) -> str: ...

    @property
    def chunk(self) -> int: ...

    @property
    def patience(self) -> float: ...

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
