"""What delivery is given by the home it works in; built once, in the composition root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from delivery.channels.interface import Channel, OutcomeSource
from delivery.errors import ChannelMissingError
from store.audit import AuditLog
from store.clock import Clock
from store.database import Database
from store.ids import IdSource
from store.warehouse import Warehouse
from tools.bandits.features import Column


class FeatureSource(Protocol):
    """Where the customer columns come from that a feature definition turns into numbers."""

    def columns(
        self, workspace_id: str, person_ids: Sequence[str], names: Sequence[str], as_of: datetime
    ) -> Mapping[str, Column]:
        """Return the named columns of these people, each (n,), in this order, as they stood at `as_of`."""
        ...


@dataclass(frozen=True)
class Ports:
    """The home's parts that a launch is carried out with.

    `channels` maps the channel that a proposal names (`email`) to the provider configured for it; `unsubscribe_url`
    is the address that footers link to, without anything personal in it.
    """

    database: Database
    warehouse: Warehouse
    clock: Clock
    ids: IdSource
    audit: AuditLog
    channels: Mapping[str, Channel]
    outcomes: OutcomeSource
    features: FeatureSource
    unsubscribe_url: str

    def channel(self, name: str) -> Channel:
        """Return the provider of a channel; ChannelMissingError names it."""
        provider = self.channels.get(name)
        if provider is None:
            raise ChannelMissingError(
                f"no provider is configured for {name}; known: {', '.join(sorted(self.channels)) or 'none'}"
                + (" (a mail server is named by COUNTERSIGN_EMAIL_HOST)" if name == "email" else ""),
                value=name,
            )
        return provider
