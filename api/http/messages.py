"""A campaign's messages: who they reach, tests of them, and those whose fate nobody knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.campaigns import campaign_of
from api.http.signing_in import SignedIn
from api.views.numbers import View
from delivery.email.trying import Tests
from delivery.errors import ChannelMissingError
from delivery.preview import preview
from delivery.uncertain import say_what_became, uncertain
from policies.authority import Action
from policies.layers import TEST_MESSAGE_LIMIT
from store.repositories.workspaces import user_by_name
from store.tables import User
from store.threads import in_thread

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


class PreviewView(View):
    """Everybody of a campaign, each counted once.

    gross = removed by reason + net. Before the launch net = held_out + dropped by rule + reachable, as of now; after it the
    counts of `launched` add up to net.
    """

    proposal_id: str
    gross: int
    removed: dict[str, int]
    net: int
    held_out: int | None
    dropped: dict[str, int] | None
    reachable: int | None
    launched: dict[str, Any] | None  # counts by name, and dropped counts by reason


class UncertainView(View):
    """A message that a provider may have taken; only a person, or a later report, can say."""

    send_key: str
    person_id: str
    channel: str
    provider: str | None
    reason: str | None
    since: datetime | None


class Became(BaseModel):
    """What became of a message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sent: bool


@router.get("/{campaign_id}/preview")
async def previewed(caller: SignedIn, campaign_id: str) -> PreviewView:
    """Show who a campaign reaches, to the last person; looking changes nothing."""
    caller.require(Action.VIEW)
    found = await in_thread(preview, caller.app.ports, caller.workspace_id, campaign_id)
    now = found.now
    return PreviewView(
        proposal_id=found.proposal_id,
        gross=found.funnel.gross,
        removed=dict(found.funnel.removed),
        net=found.funnel.net,
        held_out=None if now is None else now.held_out,
        dropped=None if now is None else dict(now.dropped),
        reachable=None if now is None else now.reachable,
        launched=None if found.launched is None else found.launched.as_detail(),
    )


@router.get("/{campaign_id}/uncertain")
async def listed(caller: SignedIn, campaign_id: str) -> list[UncertainView]:
    """List messages that a provider may or may not have taken; none of them is sent again."""
    caller.require(Action.VIEW)
    found = await in_thread(uncertain, caller.app.ports, caller.workspace_id, campaign_id)
    return [UncertainView(**one._asdict()) for one in found]


@router.post("/{campaign_id}/uncertain/{send_key}", status_code=204)
async def settled(caller: SignedIn, campaign_id: str, send_key: str, given: Became) -> None:
    """Say what became of a message, as the provider's own records show it; the audit log keeps who said so."""
    campaign = await in_thread(campaign_of, caller, campaign_id)
    caller.require_for(Action.RESUME, campaign)
    await in_thread(say_what_became, caller.app.ports, caller.person, campaign_id, send_key, sent=given.sent)


class TestIn(BaseModel):
    """To which users, by name, and which arm's message; you and every message when left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: tuple[str, ...] = Field(default=(), max_length=TEST_MESSAGE_LIMIT)
    arm: str | None = Field(default=None, max_length=200)


class TestOut(View):
    """A test message and what the mail server said of it."""

    test_id: str
    arm: str
    to: str
    outcome: str
    rule: str | None


@router.post("/{campaign_id}/test-sends")
async def tested(caller: SignedIn, campaign_id: str, given: TestIn) -> list[TestOut]:
    """Send messages of the campaign's proposal to verified addresses of users, marked TEST; at most 20 a proposal."""
    app = caller.app
    campaign = await in_thread(campaign_of, caller, campaign_id)
    caller.require_for(Action.SEND_TEST, campaign)
    if app.email is None:
        raise ChannelMissingError(
            "this home has no mail server for customers: allow the channel email and set COUNTERSIGN_EMAIL_HOST",
            value="email",
        )

    def users() -> list[User]:
        with app.database.read() as session:
            return [user_by_name(session, caller.workspace_id, name) for name in given.to or (caller.name,)]

    people = await in_thread(users)
    names = {user.user_id: user.name for user in people}
    tests = Tests(app.ports, app.email, app.settings.email, app.links)
    done = await tests.send(caller.workspace_id, campaign_id, caller.person.user_id, people, given.arm)
    return [
        TestOut(test_id=t.test_id, arm=t.arm, to=names[t.recipient], outcome=t.outcome, rule=t.rule)
        for t in done
    ]
