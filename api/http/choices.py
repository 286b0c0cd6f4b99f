"""Why a person got what they got: the logged choices of a campaign, explained and drawn again."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from api.records.choices import choice_kinds, choices_of_person
from api.views.choice import ChoiceView, choice_view
from api.views.numbers import View
from policies.authority import Action
from policies.errors import NotFoundError
from store.repositories.campaigns import get_campaign
from store.repositories.deciding import person_of
from store.repositories.people import UnknownPersonError
from store.tables import Person
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["choices"])


class PersonIn(BaseModel):
    """A person by their id here, or by the id that the files they came from give them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: str = Field(min_length=1, max_length=200)


class FoundOut(View):
    """The id that a person has in every log here."""

    person_id: str


class KindView(View):
    """How many people of a group got an arm, with the gate's layer where it decided, and one of them to look at."""

    group: str
    arm: str
    layer: str
    people: int
    person_id: str


@router.post("/people/find")
async def found(caller: SignedIn, asked: PersonIn) -> FoundOut:
    """Find a person by person id or external id; a body, so that no external id stands in an address or a log."""
    caller.require(Action.VIEW)
    return FoundOut(person_id=await in_thread(find_person, caller, asked.person.strip()))


@router.get("/campaigns/{campaign_id}/choices")
async def kinds(caller: SignedIn, campaign_id: str) -> tuple[KindView, ...]:
    """Count what a campaign chose by group, arm and the gate's layer."""
    caller.require(Action.VIEW)
    return await in_thread(_kinds, caller, campaign_id)


@router.get("/campaigns/{campaign_id}/choices/{person_id}")
async def explained(caller: SignedIn, campaign_id: str, person_id: str) -> ChoiceView:
    """Explain a person's newest choice in a campaign, and draw it again from the log bit for bit."""
    caller.require(Action.VIEW)
    return await in_thread(_explained, caller, campaign_id, person_id)


def find_person(caller: Caller, text: str) -> str:
    """Return whose id this is; UnknownPersonError for nobody's in this workspace, never repeating what was asked."""
    app = caller.app
    with app.database.read() as session:
        row = session.get(Person, text)
    if row is not None and row.workspace_id == caller.workspace_id:
        return row.person_id
    with app.database.identity_read() as identity:
        try:
            return person_of(identity, caller.workspace_id, {"external_id": text})
        except UnknownPersonError as error:
            raise UnknownPersonError(
                "nobody here has this id; give a person id, or the external_id of a customer that was imported",
                value="person",
            ) from error


def _kinds(caller: Caller, campaign_id: str) -> tuple[KindView, ...]:
    app = caller.app
    with app.database.read() as session:
        get_campaign(session, caller.workspace_id, campaign_id)
    found = choice_kinds(app.warehouse, caller.workspace_id, campaign_id)
    return tuple(KindView(**kind._asdict()) for kind in found)


def _explained(caller: Caller, campaign_id: str, person_id: str) -> ChoiceView:
    app = caller.app
    with app.database.read() as session:
        campaign = get_campaign(session, caller.workspace_id, campaign_id)
        rows = choices_of_person(app.warehouse, caller.workspace_id, person_id, campaign_id)
        if not rows:
            raise NotFoundError(
                f"{campaign.name} has chosen nothing for person {person_id}: they are not in its audience, or their "
                "batch is still to come",
                value=person_id,
            )
        return choice_view(session, app.warehouse, caller.workspace_id, rows[0])
