"""What customers say about being written to, as they say it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from delivery.inbound.leaving import state_all
from policies.authority import Action
from policies.consent import Channel, ConsentStatus, Purpose
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from store.repositories.deciding import person_of
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["events"])


class ConsentIn(BaseModel):
    """One statement of one customer; `stated_at` is when it was said, now if left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: str = Field(min_length=1, max_length=200)
    channel: Literal["email", "sms", "push", "in_app"]
    purpose: Literal["marketing", "transactional", "service"] = "marketing"
    status: Literal["granted", "withdrawn"]
    source: str = Field(min_length=1, max_length=100)
    stated_at: AwareDatetime | None = None


class ConsentTaken(BaseModel):
    """Whether what counts for the customer changed by it; a later statement may stand already."""

    status: Literal["ok"] = "ok"
    changed: bool


@router.post("/consents")
async def stated(caller: SignedIn, given: ConsentIn) -> ConsentTaken:
    """Keep what a customer said; the next decision and the next message know of it."""
    caller.require(Action.IMPORT_DATA)
    require_no_address("the source", given.source)
    person_id = await in_thread(_person, caller, given)
    app = caller.app
    said = {
        (Channel[given.channel.upper()], Purpose[given.purpose.upper()]): ConsentStatus[given.status.upper()]
    }
    changed = await state_all(
        app.database,
        app.clock,
        caller.workspace_id,
        person_id,
        said,
        source=given.source,
        stated_at=given.stated_at,
    )
    return ConsentTaken(changed=changed)


def _person(caller: Caller, given: ConsentIn) -> str:
    app, now = caller.app, caller.app.clock.now()
    if given.stated_at is not None and given.stated_at > now:
        raise InvalidInputError(
            f"stated_at is {given.stated_at.isoformat()}, after now; say when it was said",
            value=given.stated_at,
        )
    with app.database.identity_read() as identity:
        return person_of(identity, caller.workspace_id, {"external_id": given.external_id})
