"""The lift of a campaign batch by batch: a part of its page, or a page of its own without script."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http import lift as api
from api.http.campaigns import shown as campaign_shown
from api.web.lift_page import lift_pictures
from api.web.showing import PageRoute, is_part, show
from api.web.visiting import Visiting
from policies.errors import ConflictError, NotFoundError
from store.threads import in_thread

router = APIRouter(prefix="/campaigns/{campaign_id}/lift", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def lift(request: Request, visitor: Visiting, campaign_id: str) -> Response:
    """Show the bands; before the first outcomes are in, say when they come."""
    campaign = await campaign_shown(visitor.caller, campaign_id)
    try:
        watched = await api.watched(visitor.caller, campaign_id)
    except (NotFoundError, ConflictError) as error:
        watched, waiting = None, error.message
    else:
        waiting = ""

    def made() -> Response:
        pictures = () if watched is None else lift_pictures(watched, visitor.workspace.timezone)
        template = "lift_part.html" if is_part(request) else "lift.html"
        return show(
            request, template, visitor, c=campaign, watched=watched, pictures=pictures, waiting=waiting
        )

    return await in_thread(made)
