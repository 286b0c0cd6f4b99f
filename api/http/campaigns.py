"""Campaigns: list, show, export, pause, resume, stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from agents.refusals import UnknownNodeError
from api.conversing import questions_of
from api.export import choice_lines, readout_lines, send_lines
from api.http.signing_in import Caller, SignedIn
from api.views.campaign import CampaignLine, CampaignView, campaign_lines, campaign_view
from api.views.numbers import View
from delivery import control
from delivery.ports import Ports
from policies.authority import Action, Person
from store.repositories.campaigns import get_campaign
from store.tables import Campaign
from store.threads import in_thread

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])


class Changed(View):
    """The state a campaign is in now, and whether this request brought it there."""

    campaign_id: str
    state: str
    changed: bool


@router.get("")
async def listed(
    caller: SignedIn,
    before: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[CampaignLine]:
    """List the campaigns, the newest first, from before one on where its id is given."""
    caller.require(Action.VIEW)

    def read() -> list[CampaignLine]:
        with caller.app.database.read() as session:
            return campaign_lines(session, caller.workspace_id, before=before, limit=limit)

    return await in_thread(read)


@router.get("/{campaign_id}")
async def shown(caller: SignedIn, campaign_id: str) -> CampaignView:
    """Show a campaign: its state, what it waits for, its launch and what was measured."""
    caller.require(Action.VIEW)
    app = caller.app
    row = await in_thread(campaign_of, caller, campaign_id)
    try:
        waits_for = await questions_of(app, row.thread_id) if row.thread_id else {}
    except UnknownNodeError:
        waits_for = {}  # it can be looked at, stopped and proposed anew, but asks nothing any more

    def read() -> CampaignView:
        with app.database.read() as session:
            return campaign_view(
                session,
                app.warehouse,
                caller.workspace_id,
                campaign_id,
                now=app.clock.now(),
                waits_for=waits_for,
                prices=app.models.prices,
            )

    return await in_thread(read)


@router.post("/{campaign_id}/pause")
async def paused(caller: SignedIn, campaign_id: str) -> Changed:
    """Halt a campaign until somebody resumes it; anyone with a role may."""
    return await _control(caller, control.pause, campaign_id)


@router.post("/{campaign_id}/resume")
async def resumed(caller: SignedIn, campaign_id: str) -> Changed:
    """Let a paused campaign go on."""
    return await _control(caller, control.resume, campaign_id)


@router.post("/{campaign_id}/stop")
async def stopped(caller: SignedIn, campaign_id: str) -> Changed:
    """End a campaign for good; anyone with a role may, from any state."""
    return await _control(caller, control.stop, campaign_id)


@router.get("/{campaign_id}/export", response_class=StreamingResponse)
async def exported(
    caller: SignedIn, campaign_id: str, what: Literal["sends", "choices", "readout"] = "sends"
) -> StreamingResponse:
    """Export a campaign's messages, choices or newest readout as CSV: ids and decisions, nothing that names a person."""
    campaign = await in_thread(campaign_of, caller, campaign_id)
    caller.require_for(Action.EXPORT_DATA, campaign)
    lines = {"sends": send_lines, "choices": choice_lines, "readout": readout_lines}[what]
    content: AsyncIterator[str] = lines(caller.app, caller.workspace_id, campaign_id)
    name = f"{campaign_id}-{what}.csv"
    return StreamingResponse(
        content, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _control(
    caller: Caller, act: Callable[[Ports, Person, str], control.Controlled], campaign_id: str
) -> Changed:
    done = await in_thread(act, caller.app.ports, caller.person, campaign_id)
    caller.app.engine.wake()
    return Changed(campaign_id=done.campaign_id, state=done.state, changed=done.changed)


def campaign_of(caller: Caller, campaign_id: str) -> Campaign:
    """Return a campaign of the caller's workspace; NotFoundError for an unknown one."""
    with caller.app.database.read() as session:
        return get_campaign(session, caller.workspace_id, campaign_id)
