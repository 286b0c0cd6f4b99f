"""What a conversation has come to: its campaigns with their records, and the one that was last spoken of."""

from __future__ import annotations

from typing import NamedTuple

from agents.planner.brief import Brief


class Spoken(NamedTuple):
    """A campaign of a conversation: the words it was asked for with, and what is read from them so far."""

    campaign_id: str
    name: str
    text: str
    record: Brief

    @property
    def asks(self) -> bool:
        """Whether it waits for answers before it can be planned."""
        return self.record.action == "clarify"


class Standing(NamedTuple):
    """The campaigns in the order they were begun, and the id of the one a turn is about unless it names another.

    `offered` says that something to be remembered was offered in the turn before, so that "yes" accepts it.
    """

    campaigns: tuple[Spoken, ...] = ()
    current: str | None = None
    offered: bool = False

    def campaign(self, campaign_id: str | None) -> Spoken | None:
        """Return a campaign by id."""
        return next((each for each in self.campaigns if each.campaign_id == campaign_id), None)
