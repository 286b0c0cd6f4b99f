"""Links that show one readout to whoever holds them, until a day or until somebody takes them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from agents.review.record import ReadoutRecord
from api.http.signing_in import Caller, SignedIn
from api.records.approvals import names_of
from api.records.catalogue import actions_of
from api.records.measures import readouts_of
from api.records.shared import SHARED, TAKEN_BACK, Link, link_by_id, links_of
from api.views.numbers import View
from api.wiring import App
from policies.authority import Action, Resource, authorise
from policies.errors import NotFoundError
from store.keys import DecisionKeys
from store.repositories.campaigns import get_campaign
from store.repositories.workspaces import get_workspace
from store.tables import Readout
from store.threads import in_thread

router = APIRouter(prefix="/v1/campaigns", tags=["readouts"])
USE = "shared readout"
LONGEST_DAYS = 90


class LinkUnknownError(NotFoundError):
    """A link that was never given, has ended, or was taken back: nobody is told which."""

    code = "link_unknown"


class LinkIn(BaseModel):
    """How long the newest readout is shown, in days of the home's clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(default=14, ge=1, le=LONGEST_DAYS)


class LinkView(View):
    """A link to one readout; `path` is its address below `public_url`, empty once it leads nowhere."""

    link_id: str
    readout_id: str
    shared_by: str
    shared_at: datetime
    until: datetime
    revoked_at: datetime | None
    open: bool
    path: str


class SharedReadout(NamedTuple):
    """What a link shows: the readout, and the names that its words need. No user and no customer is named."""

    campaign: str
    state: str
    timezone: str
    action_names: dict[str, str]
    record: ReadoutRecord
    until: datetime


@router.get("/{campaign_id}/readout/links")
async def links(caller: SignedIn, campaign_id: str) -> tuple[LinkView, ...]:
    """List the links to a campaign's readouts; only who may export sees where they lead."""
    caller.require(Action.VIEW)
    return await in_thread(_links, caller, campaign_id)


@router.post("/{campaign_id}/readout/links", status_code=201)
async def shared(caller: SignedIn, campaign_id: str, given: LinkIn) -> LinkView:
    """Share the newest readout by a link that shows nothing else; whoever may export may."""
    return await in_thread(_share, caller, campaign_id, given)


@router.delete("/{campaign_id}/readout/links/{link_id}", status_code=204)
async def taken_back(caller: SignedIn, campaign_id: str, link_id: str) -> None:
    """Take a link back from now on; a brake, so everyone with a role may. Doing it again changes nothing."""
    await in_thread(_take_back, caller, campaign_id, link_id)


def shared_readout(app: App, token: str) -> SharedReadout:
    """Return what the link of a token shows; LinkUnknownError for one that opens nothing, whatever the reason."""
    link_id = DecisionKeys(app.home.keys_dir).item_of(USE, token)
    with app.database.read() as session:
        link = None if link_id is None else link_by_id(session, link_id)
        if link is None or not link.opens(app.clock.now(session)):
            raise LinkUnknownError("this link leads nowhere: it has ended, was taken back, or is not whole")
        row = session.get(Readout, link.readout_id)
        if row is None or row.workspace_id != link.workspace_id:
            raise LinkUnknownError("what this link showed is not kept any more")
        campaign = get_campaign(session, link.workspace_id, link.campaign_id)
        return SharedReadout(
            campaign=campaign.name,
            state=campaign.state,
            timezone=get_workspace(session, link.workspace_id).timezone,
            action_names={action.action_id: action.name for action in actions_of(session, link.workspace_id)},
            record=ReadoutRecord.model_validate(row.record),
            until=link.until,
        )


def _links(caller: Caller, campaign_id: str) -> tuple[LinkView, ...]:
    app = caller.app
    with app.database.read() as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        found = links_of(session, caller.workspace_id, campaign_id)
        may = may_export(caller, campaign_id, campaign.author_id)
        return tuple(_view(session, caller, link, app.clock.now(session), may) for link in found)


def may_export(caller: Caller, campaign_id: str, author_id: str) -> bool:
    """Whether the caller may take a campaign's results out."""
    about = Resource("campaign", author_id, caller.workspace_id, campaign_id)
    return authorise(caller.person, Action.EXPORT_DATA, about).allowed


def _share(caller: Caller, campaign_id: str, given: LinkIn) -> LinkView:
    app = caller.app
    with app.database.write(durable=True) as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        caller.require_for(Action.EXPORT_DATA, campaign)
        rows = readouts_of(session, caller.workspace_id, campaign_id)
        if not rows:
            raise NotFoundError(
                f"{campaign.name} has no readout to share yet; it is made once its outcomes are in",
                value=campaign_id,
            )
        now = app.clock.now(session)
        until = now + timedelta(days=given.days)
        link_id = app.ids.new(now)
        app.audit.append(
            session,
            workspace_id=caller.workspace_id,
            at=now,
            actor=caller.person.user_id,
            action=SHARED,
            subject=link_id,
            detail={
                "campaign": campaign_id,
                "readout": rows[0].readout_id,
                "until": until.isoformat(),
            },
        )
        link = Link(
            link_id,
            caller.workspace_id,
            campaign_id,
            rows[0].readout_id,
            caller.person.user_id,
            now,
            until,
            None,
        )
        return _view(session, caller, link, now, True)


def _take_back(caller: Caller, campaign_id: str, link_id: str) -> None:
    app = caller.app
    with app.database.write(durable=True) as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        caller.require_for(Action.STOP, campaign)
        link = link_by_id(session, link_id)
        if link is None or (link.workspace_id, link.campaign_id) != (caller.workspace_id, campaign_id):
            raise LinkUnknownError(f"{campaign.name} has no link {link_id}", value=link_id)
        if link.revoked_at is not None:
            return
        app.audit.append(
            session,
            workspace_id=caller.workspace_id,
            at=app.clock.now(session),
            actor=caller.person.user_id,
            action=TAKEN_BACK,
            subject=link_id,
            detail={"campaign": campaign_id},
        )


def _view(session: Session, caller: Caller, link: Link, now: datetime, may_see: bool) -> LinkView:
    opens = link.opens(now)
    keys = DecisionKeys(caller.app.home.keys_dir)
    return LinkView(
        link_id=link.link_id,
        readout_id=link.readout_id,
        shared_by=names_of(session, [link.shared_by])[link.shared_by],
        shared_at=link.shared_at,
        until=link.until,
        revoked_at=link.revoked_at,
        open=opens,
        path=f"/shared/{keys.token(USE, link.link_id)}" if opens and may_see else "",
    )
