"""People under their ids: who may be reached, the audiences of campaigns, and one person's timeline."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.signing_in import Caller, SignedIn
from api.records.catalogue import actions_of
from api.records.choices import choices_of_person
from api.records.people import person_rows
from api.views.audiences import AudiencesView, audiences_view
from api.views.person import PersonView, person_view
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["people"])


@router.get("/audiences")
async def audiences(caller: SignedIn) -> AudiencesView:
    """Count everybody by consent, and list the audiences of the newest campaigns with whom they share."""
    caller.require(Action.VIEW)

    def read() -> AudiencesView:
        app = caller.app
        with app.database.read() as session:
            return audiences_view(session, app.warehouse, caller.workspace_id)

    return await in_thread(read)


@router.get("/people/{person_id}")
async def person(caller: SignedIn, person_id: str) -> PersonView:
    """Show what is kept of a person in order of time; ids only, no address and no name."""
    caller.require(Action.VIEW)
    return await in_thread(_person, caller, person_id)


def _person(caller: Caller, person_id: str) -> PersonView:
    app, workspace_id = caller.app, caller.workspace_id
    with app.database.read() as session:
        rows = person_rows(session, workspace_id, person_id)
        names = {action.action_id: action.name for action in actions_of(session, workspace_id)}
    return person_view(rows, choices_of_person(app.warehouse, workspace_id, person_id), names)
