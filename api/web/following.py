"""A campaign followed while it runs: an event whenever anything that its page shows has changed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from api.records.measures import readouts_of
from api.web.showing import HEADERS, PageRoute
from api.web.visiting import Visiting
from api.wiring import App
from policies.authority import Action
from policies.campaign import CampaignState
from store.repositories.approvals import approval_of_proposal
from store.repositories.campaigns import get_campaign
from store.repositories.launches import batches_of, launch_of_campaign
from store.repositories.threads import ThreadSearch, find_threads
from store.tables import Campaign, Launch
from store.threads import in_thread

router = APIRouter(prefix="/campaigns", route_class=PageRoute, include_in_schema=False)
LOOK_SECONDS = 1.0
BEAT_SECONDS = 10.0
STREAM_SECONDS = 300.0  # then the browser asks again, and its session is looked at again
_ENDED = (
    CampaignState.COMPLETED,
    CampaignState.STOPPED,
    CampaignState.CANCELLED,
    CampaignState.ROLLED_BACK,
)


class Standing(NamedTuple):
    """What a campaign's page is about to show: `mark` is another once any of it is; `over` when nothing more comes by
    itself."""

    mark: str
    over: bool


def at_work(session: Session, app: App, campaign: Campaign) -> bool:
    """Whether agents work on a campaign now, in this process or in one that takes on what another left."""
    if campaign.campaign_id in app.busy:
        return True
    wanted = ThreadSearch(standing="busy", thread_ids=[campaign.thread_id or ""], limit=1)
    return bool(find_threads(session, campaign.workspace_id, wanted))


def standing_of(session: Session, app: App, workspace_id: str, campaign_id: str) -> Standing:
    """Return where a campaign stands now; NotFoundError for an unknown one."""
    campaign = get_campaign(session, workspace_id, campaign_id)
    launch = launch_of_campaign(session, campaign_id)
    approval = approval_of_proposal(session, campaign.proposal_id) if campaign.proposal_id else None
    shown = (
        (campaign.state, campaign.changed_at, campaign.proposal_id, at_work(session, app, campaign)),
        None if approval is None else approval.status,
        None if launch is None else (launch.state, launch.finished_at, launch.readout_due_at, launch.failure),
        ()
        if launch is None
        else [(each.number, each.state) for each in batches_of(session, launch.launch_id)],
        [row.readout_id for row in readouts_of(session, workspace_id, campaign_id)],
    )
    mark = hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
    return Standing(mark, campaign.state in _ENDED and _measured(launch))


@router.get("/{campaign_id}/follow")
async def followed(
    visitor: Visiting, campaign_id: str, seen: Annotated[str, Query(max_length=16)] = ""
) -> StreamingResponse:
    """Tell a page of a campaign when to ask anew; `seen` is the mark it was made with, so nothing is missed between."""
    visitor.caller.require(Action.VIEW)
    app, workspace_id = visitor.app, visitor.caller.workspace_id

    def look() -> Standing:
        with app.database.read() as session:
            return standing_of(session, app, workspace_id, campaign_id)

    first = await in_thread(look)  # an unknown campaign is an answer, not a stream that breaks

    async def events() -> AsyncIterator[str]:
        known, now = seen, first
        ends = time.monotonic() + STREAM_SECONDS
        beat = 0.0
        while not app.closing.is_set() and time.monotonic() < ends:
            if now.mark != known:
                known = now.mark
                yield f"event: changed\ndata: {known}\n\n"
            if now.over:
                yield "event: over\ndata: over\n\n"
                return
            if time.monotonic() >= beat:
                beat = time.monotonic() + BEAT_SECONDS
                yield ": still here\n\n"
            await _pause(app.closing)
            now = await in_thread(look)

    headers = {**HEADERS, "x-accel-buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


def _measured(launch: Launch | None) -> bool:
    return launch is None or (launch.finished_at is not None and launch.readout_due_at is None)


async def _pause(closing: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            await closing.wait()
    except TimeoutError:
        return
