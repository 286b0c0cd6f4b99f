"""Audience: who may be reached, whom campaigns reach, what a filter would reach, and one person's timeline."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.http import catalogue, people
from api.http.choices import find_person
from api.http.faults import status_of
from api.web.audience_page import consent_picture, count_bars, shared_picture, sizes_picture
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.errors import CountersignError, InvalidInputError
from store.threads import in_thread

router = APIRouter(prefix="/audience", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def audience(
    request: Request, visitor: Visiting, filter: Annotated[str, Query(max_length=4_000)] = ""
) -> Response:
    """Show everybody by consent and the audiences of campaigns; count a filter where one is asked for."""
    return await _page(request, visitor, filter.strip())


@router.post("/find")
async def found(request: Request, visitor: Posting, form: Form) -> Response:
    """Find a person by either id and lead to their timeline."""
    try:
        text = form.get("person", "").strip()
        if not 0 < len(text) <= 200:
            raise InvalidInputError(
                "give a person id or an external id, 1 to 200 characters", value=text[:40]
            )
        person_id = await in_thread(find_person, visitor.caller, text)
    except CountersignError as error:
        return await _page(request, visitor, "", error)
    return see_other(f"/audience/{person_id}")


@router.get("/{person_id}")
async def person(request: Request, visitor: Visiting, person_id: str) -> Response:
    """Show what is kept of one person in order of time."""
    view = await people.person(visitor.caller, person_id)
    return await in_thread(show, request, "person.html", visitor, person=view)


async def _page(
    request: Request, visitor: Visitor, definition: str, error: CountersignError | None = None
) -> Response:
    view = await people.audiences(visitor.caller)
    counted = None
    if definition:
        try:
            counted = await catalogue.count(visitor.caller, catalogue.CountIn(filter=definition))
        except CountersignError as refused:
            error = refused

    def made() -> Response:
        return show(
            request,
            "audience.html",
            visitor,
            view=view,
            consent=consent_picture(view),
            sizes=sizes_picture(view.audiences),
            shared=shared_picture(view),
            definition=definition or (view.audiences[0].audience.definition if view.audiences else ""),
            counted=counted,
            bars=() if counted is None else count_bars(counted),
            error=error,
            status_code=200 if error is None else status_of(error),
        )

    return await in_thread(made)
