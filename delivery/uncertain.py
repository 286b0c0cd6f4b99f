"""Messages whose fate nobody knows: listed for a person, who says what became of each. None of them is ever sent again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from delivery.ports import Ports
from delivery.settle import settle_launch
from policies.authority import Person
from policies.errors import ConflictError
from store.repositories import sends as send_rows
from store.repositories.campaigns import get_campaign
from store.repositories.launches import launches_of_campaign


class NotUncertainError(ConflictError):
    """A message of which it is known what became of it."""

    code = "not_uncertain"


class Uncertain(NamedTuple):
    """A message that a provider may have taken; `reason` is what it was last heard of."""

    send_key: str
    person_id: str
    channel: str
    provider: str | None
    reason: str | None
    since: datetime | None


def uncertain(ports: Ports, workspace_id: str, campaign_id: str, *, limit: int = 1_000) -> list[Uncertain]:
    """Return a campaign's messages that are unknown, by key."""
    with ports.database.read() as session:
        get_campaign(session, workspace_id, campaign_id)
        launches = [launch.launch_id for launch in launches_of_campaign(session, campaign_id)]
        return [
            Uncertain(row.send_key, row.person_id, row.channel, row.provider, row.rule, row.sent_at)
            for row in send_rows.unknown_sends(session, launches, limit=limit)
        ]


def say_what_became(ports: Ports, person: Person, campaign_id: str, send_key: str, *, sent: bool) -> None:
    """Let a person say what became of an unknown message; NotUncertainError for any other.

    One that was sent cost its money; one that was not gives it back, and is not tried again.
    """
    now = ports.clock.now()
    with ports.database.write(durable=True) as session:
        campaign = get_campaign(session, person.workspace_id, campaign_id)
        launches = {launch.launch_id for launch in launches_of_campaign(session, campaign.campaign_id)}
        found = send_rows.settle_unknown(session, send_key, launches, sent=sent, by=person.user_id, at=now)
        if found is None:
            raise NotUncertainError(
                "this campaign has no message under that key whose fate is unknown", value=send_key[:64]
            )
        send_rows.settle_budget(session, found, at=now, final=False)
        ports.audit.append(
            session,
            workspace_id=person.workspace_id,
            at=now,
            actor=person.user_id,
            action="message.settled",
            subject=found,
            detail={"send_key": send_key, "sent": sent},
        )
        settle_launch(session, ports, found, now)
