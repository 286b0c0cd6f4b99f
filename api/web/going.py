"""Going somewhere by name: the palette's places, and the bell with what waits."""

from __future__ import annotations

from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from api.http import waiting as api
from api.report.wording import words
from api.views.approval_list import approval_lines
from api.views.campaign import campaign_lines
from api.web.rooms import ROOMS
from api.web.showing import PageRoute, is_part, show
from api.web.visiting import Visiting
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST = 200


class Place(NamedTuple):
    """Somewhere to go: what it is, its name, and its address."""

    kind: str
    name: str
    to: str


@router.get("/palette")
async def places(request: Request, visitor: Visiting) -> Response:
    """List every room that the visitor may enter, the newest campaigns, and the approvals that wait: a part of a page."""
    found = [Place("room", room.name, f"/{room.at}") for room in ROOMS if visitor.may(room.needs)]
    sees = visitor.may(Action.VIEW)

    def read() -> Response:
        if sees:
            with visitor.app.database.read() as session:
                workspace_id = visitor.caller.workspace_id
                found.extend(
                    Place(
                        "approval",
                        f"{line['campaign']} {str(line['digest'])[:8]}",
                        f"/approvals/{line['approval_id']}",
                    )
                    for line in approval_lines(session, workspace_id, "pending")
                )
                found.extend(
                    Place(
                        f"campaign, {words(line.state)}",
                        f"{line.name} {line.campaign_id[-6:]}",
                        f"/campaigns/{line.campaign_id}",
                    )
                    for line in campaign_lines(session, workspace_id, limit=_MOST)
                )
        return show(request, "palette.html", visitor, places=found)

    return await in_thread(read)


@router.get("/waiting")
async def waiting(request: Request, visitor: Visiting) -> Response:
    """Show what waits for the visitor: as the bell, or as a page without script."""
    view = await api.waiting(visitor.caller)
    template = "bell.html" if is_part(request) else "waiting.html"
    return await in_thread(show, request, template, visitor, view=view)
