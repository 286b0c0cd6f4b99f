"""Sharing and exporting a readout: the links with their ends, CSV files, and the page that a link opens."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from api.http import campaigns, shared
from api.http.faults import status_of
from api.http.signing_in import app_of
from api.report import claims
from api.report.context import ReportContext
from api.report.panels import panels
from api.report.wording import first_upper
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.errors import CountersignError, InvalidInputError
from store.threads import in_thread

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PUBLIC = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}


@router.get("/shared/{token}")
async def opened(request: Request, token: str) -> Response:
    """Show the one readout of a link to whoever holds it; nothing can be done from there."""
    found = await in_thread(shared.shared_readout, app_of(request), token)

    def made() -> Response:
        context = ReportContext(
            campaign_name=found.campaign,
            state=found.state,
            author="",
            timezone=found.timezone,
            action_names=found.action_names,
        )
        record = found.record
        lead, *others = panels(record, context)
        return show(
            request,
            "shared.html",
            None,
            name=found.campaign,
            record=record,
            until=found.until,
            headline=claims.HEADLINES.get(record.verdict, first_upper(record.verdict)),
            mark=claims.MARKS.get(record.verdict, "·"),
            explanation=claims.EXPLANATIONS.get(record.verdict, ""),
            lead=lead,
            others=others,
        )

    page = await in_thread(made)
    page.headers.update(_PUBLIC)
    return page


@router.get("/campaigns/{campaign_id}/share")
async def sharing(request: Request, visitor: Visiting, campaign_id: str) -> Response:
    """Show the links to a campaign's readouts, and what can be exported."""
    return await _page(request, visitor, campaign_id)


@router.post("/campaigns/{campaign_id}/share/new")
async def made(request: Request, visitor: Posting, campaign_id: str, form: Form) -> Response:
    """Share the newest readout for some days."""
    try:
        days = form.get("days", "")
        if not days.isascii() or not days.isdigit() or not 1 <= int(days) <= shared.LONGEST_DAYS:
            raise InvalidInputError(f"days must be 1 to {shared.LONGEST_DAYS}", value=days[:20])
        await shared.shared(visitor.caller, campaign_id, shared.LinkIn(days=int(days)))
    except CountersignError as error:
        return await _page(request, visitor, campaign_id, error)
    return see_other(f"/campaigns/{campaign_id}/share")


@router.post("/campaigns/{campaign_id}/share/{link_id}/revoke")
async def taken_back(request: Request, visitor: Posting, campaign_id: str, link_id: str) -> Response:
    """Take a link back from now on."""
    try:
        await shared.taken_back(visitor.caller, campaign_id, link_id)
    except CountersignError as error:
        return await _page(request, visitor, campaign_id, error)
    return see_other(f"/campaigns/{campaign_id}/share")


@router.get("/campaigns/{campaign_id}/export/{what}")
async def exported(
    visitor: Visiting, campaign_id: str, what: Literal["sends", "choices", "readout"]
) -> Response:
    """Give a file of ids and decisions, nothing that names a person."""
    return await campaigns.exported(visitor.caller, campaign_id, what)


async def _page(
    request: Request, visitor: Visitor, campaign_id: str, error: CountersignError | None = None
) -> Response:
    view = await campaigns.shown(visitor.caller, campaign_id)
    links = await shared.links(visitor.caller, campaign_id)
    author = await in_thread(campaigns.campaign_of, visitor.caller, campaign_id)
    return await in_thread(
        show,
        request,
        "share.html",
        visitor,
        c=view,
        links=links,
        base=visitor.app.settings.public_url.rstrip("/"),
        exports=shared.may_export(visitor.caller, campaign_id, author.author_id),
        longest=shared.LONGEST_DAYS,
        error=error,
        status_code=200 if error is None else status_of(error),
    )
