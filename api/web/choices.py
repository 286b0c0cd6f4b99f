"""The decision explorer of a campaign: what it chose, and why one person got what they got."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.http import choices as api
from api.http.campaigns import shown as campaign_shown
from api.http.faults import status_of
from api.records.catalogue import actions_of
from api.report.wording import arm_words
from api.web.choice_page import draw_picture, kinds_picture
from api.web.showing import PageRoute, see_other, show
from api.web.visiting import Form, Posting, Visiting, Visitor
from policies.errors import CountersignError, InvalidInputError
from store.threads import in_thread

router = APIRouter(prefix="/campaigns/{campaign_id}/people", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def explorer(request: Request, visitor: Visiting, campaign_id: str) -> Response:
    """Show what the campaign chose, by kind, and take the id of a person."""
    return await _explorer(request, visitor, campaign_id)


@router.post("/find")
async def found(request: Request, visitor: Posting, campaign_id: str, form: Form) -> Response:
    """Find a person by either id and lead to what was chosen for them; the id typed stands in no address."""
    try:
        text = form.get("person", "").strip()
        if not 0 < len(text) <= 200:
            raise InvalidInputError(
                "give a person id or an external id, 1 to 200 characters", value=text[:40]
            )
        person_id = await in_thread(api.find_person, visitor.caller, text)
        await api.explained(visitor.caller, campaign_id, person_id)
    except CountersignError as error:
        return await _explorer(request, visitor, campaign_id, error)
    return see_other(f"/campaigns/{campaign_id}/people/{person_id}")


@router.get("/{person_id}")
async def explained(request: Request, visitor: Visiting, campaign_id: str, person_id: str) -> Response:
    """Explain what was chosen for a person, and draw it again."""
    campaign = await campaign_shown(visitor.caller, campaign_id)
    choice = await api.explained(visitor.caller, campaign_id, person_id)

    def made() -> Response:
        return show(request, "choice.html", visitor, c=campaign, choice=choice, drawn=draw_picture(choice))

    return await in_thread(made)


async def _explorer(
    request: Request, visitor: Visitor, campaign_id: str, error: CountersignError | None = None
) -> Response:
    campaign = await campaign_shown(visitor.caller, campaign_id)
    kinds = await api.kinds(visitor.caller, campaign_id)

    def made() -> Response:
        with visitor.app.database.read() as session:
            names = {row.action_id: row.name for row in actions_of(session, visitor.caller.workspace_id)}
        named = [(kind, arm_words(kind.arm, names)) for kind in kinds]
        return show(
            request,
            "choices.html",
            visitor,
            c=campaign,
            kinds=named,
            picture=kinds_picture(named) if named else None,
            error=error,
            status_code=200 if error is None else status_of(error),
        )

    return await in_thread(made)
