"""Events of customers, taken in batches."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import SignedIn
from api.records.events import EventIn, EventsTaken, take_events
from policies.authority import Action
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["events"])


class Batch(BaseModel):
    """Up to 1,000 events, kept all or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events: tuple[EventIn, ...] = Field(min_length=1, max_length=1_000)


@router.post("/events")
async def taken(caller: SignedIn, batch: Batch) -> EventsTaken:
    """Keep events, once an event id; repeating a request changes nothing. 404 names an unknown customer."""
    caller.require(Action.IMPORT_DATA)
    app = caller.app
    return await in_thread(take_events, app.database, caller.workspace_id, batch.events, at=app.clock.now())
