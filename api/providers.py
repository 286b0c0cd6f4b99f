"""Which provider carries each channel of a home: only those that its settings allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from delivery.channels.file import FileChannel
from delivery.channels.interface import Assigned, Channel, Observation, OutcomeSource
from delivery.channels.replay import ReplayProvider
from policies.errors import InvalidInputError
from store.home import Home

FILE_CARRIES = ("email", "sms", "push", "in_app")
REPLAY_CARRIES = ("email",)


class ProviderUnknownError(InvalidInputError):
    """The home's settings allow a provider that does not exist."""

    code = "provider_unknown"


class NothingSeen:
    """The outcome source of a home that has none: every choice stays unobserved, which is never zero."""

    name = "none"

    async def observe(self, assigned: Sequence[Assigned]) -> list[Observation]:
        """Return nothing, because nothing was seen."""
        return []


class Providers(NamedTuple):
    """The provider of each channel, and where outcomes come from."""

    channels: Mapping[str, Channel]
    outcomes: OutcomeSource


def providers_of(home: Home) -> Providers:
    """Build the providers that home.json allows; where both are, replay carries e-mail and the file the rest."""
    allowed = home.settings.allowed_channels
    unknown = sorted(set(allowed) - {"replay", "file"})
    if unknown:
        raise ProviderUnknownError(
            f"{home.settings_file} allows the channel {unknown[0]!r}, which this version cannot use; "
            "it knows replay and file",
            value=unknown[0],
        )
    channels: dict[str, Channel] = {}
    outcomes: OutcomeSource = NothingSeen()
    if "file" in allowed:
        file = FileChannel(home.outbox_dir)
        channels |= dict.fromkeys(FILE_CARRIES, file)
    if "replay" in allowed:
        replay = ReplayProvider(home.replay_dir, home.settings.currency)
        channels |= dict.fromkeys(REPLAY_CARRIES, replay)
        outcomes = replay
    return Providers(channels, outcomes)
