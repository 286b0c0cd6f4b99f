"""Campaigns: the list, and one with its state, its brakes, and what was measured."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from api.http import campaigns as api
from api.http.faults import status_of
from api.http.readouts import readout, report
from api.views.campaign import campaign_lines
from api.web.campaign_page import campaign_page
from api.web.following import Standing, standing_of
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Posting, Visiting, Visitor
from policies.authority import Action
from policies.errors import CountersignError
from store.threads import in_thread

router = APIRouter(prefix="/campaigns", route_class=PageRoute, include_in_schema=False)
_PAGE = 50
_BRAKES = {"pause": api.paused, "resume": api.resumed, "stop": api.stopped}
# the report is a file that needs no script; its styles and charts stand in it
_REPORT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


@router.get("")
async def listed(
    request: Request, visitor: Visiting, before: Annotated[str | None, Query(max_length=64)] = None
) -> Response:
    """List the campaigns a page at a time, the newest first."""
    visitor.caller.require(Action.VIEW)

    def read() -> Response:
        with visitor.app.database.read() as session:
            lines = campaign_lines(session, visitor.caller.workspace_id, before=before, limit=_PAGE)
        following = lines[-1].campaign_id if len(lines) == _PAGE else None
        return show(
            request, "campaigns.html", visitor, lines=lines, first=before is None, following=following
        )

    return await in_thread(read)


@router.get("/{campaign_id}")
async def shown(request: Request, visitor: Visiting, campaign_id: str) -> Response:
    """Show a campaign."""
    return await _page(request, visitor, campaign_id)


@router.get("/{campaign_id}/report")
async def reported(visitor: Visiting, campaign_id: str) -> Response:
    """Show the report as it was written."""
    file = await report(visitor.caller, campaign_id)
    file.headers["content-security-policy"] = _REPORT
    return file


@router.post("/{campaign_id}/{brake}")
async def braked(
    request: Request, visitor: Posting, campaign_id: str, brake: Literal["pause", "resume", "stop"]
) -> Response:
    """Pause, resume or stop a campaign."""
    try:
        await _BRAKES[brake](visitor.caller, campaign_id)
    except CountersignError as error:
        return await _page(request, visitor, campaign_id, error)
    return see_other(f"/campaigns/{campaign_id}")


async def _page(
    request: Request, visitor: Visitor, campaign_id: str, error: CountersignError | None = None
) -> Response:
    caller = visitor.caller
    standing = await in_thread(
        _standing, visitor, campaign_id
    )  # before the rest, so that no change is missed
    view = await api.shown(caller, campaign_id)
    measured = None if view.readout_id is None else await readout(caller, campaign_id)

    def made() -> Response:
        with visitor.app.database.read() as session:
            page = campaign_page(session, caller.workspace_id, view, measured)
        return show(
            request,
            "campaign.html",
            visitor,
            c=view,
            page=page,
            readout=measured,
            running=not standing.over,
            standing=standing,
            error=error,
            status_code=200 if error is None else status_of(error),
        )

    return await in_thread(made)


def _standing(visitor: Visitor, campaign_id: str) -> Standing:
    with visitor.app.database.read() as session:
        return standing_of(session, visitor.app, visitor.caller.workspace_id, campaign_id)
