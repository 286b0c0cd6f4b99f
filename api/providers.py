"""Which provider carries each channel of a home: only those that its settings allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from delivery.channels.email import EmailChannel, IdentityAddresses
from delivery.channels.file import FileChannel
from delivery.channels.interface import Assigned, Channel, Observation, OutcomeSource
from delivery.channels.replay import ReplayProvider
from delivery.email.links import Links
from delivery.email.settings import EmailSettings
from policies.errors import InvalidInputError
from store.clock import Clock
from store.database import Database
from store.home import Home

FILE_CARRIES = ("email", "sms", "push", "in_app")
REPLAY_CARRIES = ("email",)
KNOWN = ("replay", "file", "email")


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
    """The provider of each channel, and where outcomes come from; `email` is the mail server's, where there is one."""

    channels: Mapping[str, Channel]
    outcomes: OutcomeSource
    email: EmailChannel | None = None


def providers_of(
    home: Home, settings: EmailSettings, database: Database, links: Links, clock: Clock
) -> Providers:
    """Build the providers that home.json allows; replay or the mail server carry e-mail and the file the rest.

    E-mail that is allowed without a mail server in the environment has no provider, and nothing is launched on it.
    """
    allowed = home.settings.allowed_channels
    unknown = sorted(set(allowed) - set(KNOWN))
    if unknown:
        raise ProviderUnknownError(
            f"{home.settings_file} allows the channel {unknown[0]!r}, which this version cannot use; "
            f"it knows {', '.join(KNOWN)}",
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
    email: EmailChannel | None = None
    if "email" in allowed:
        channels.pop("email", None)
        if settings.host is not None:
            email = EmailChannel(settings, IdentityAddresses(database), links, clock)
            channels["email"] = email
    return Providers(channels, outcomes, email)
