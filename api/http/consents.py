"""What customers say about being written to, as they say it."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from policies.authority import Action
from policies.consent import Channel, ConsentStatus, Purpose
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from store.repositories.deciding import person_of
from store.repositories.profiles import state_consent
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
    return ConsentTaken(changed=await in_thread(_state, caller, given))


def _state(caller: Caller, given: ConsentIn) -> bool:
    app, now = caller.app, caller.app.clock.now()
    if given.stated_at is not None and given.stated_at > now:
        raise InvalidInputError(
            f"stated_at is {given.stated_at.isoformat()}, after now; say when it was said",
            value=given.stated_at,
        )
    with app.database.identity_read() as identity:
        person_id = person_of(identity, caller.workspace_id, {"external_id": given.external_id})
    with app.database.write(durable=True) as session:
        return state_consent(
            session,
            caller.workspace_id,
            person_id,
            Channel[given.channel.upper()],
            Purpose[given.purpose.upper()],
            ConsentStatus[given.status.upper()],
            source=given.source,
            stated_at=given.stated_at or now,
        )
