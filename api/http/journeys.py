"""Journeys that run: who stands where, one person's timeline, pause, resume, stop, and help for people who are stuck.

A journey is proposed as a managed version (`POST /v1/managed`) and starts when somebody else has signed it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from api.http.signing_in import Caller, SignedIn
from api.views.journeys import (
    LONGEST_PAGE,
    JourneyView,
    PersonView,
    RunView,
    TimelineView,
    journey_view,
    person_view,
    run_view,
    run_views,
    timeline_view,
)
from delivery.journeys.helping import help_stuck
from delivery.journeys.running import control_journey
from policies.authority import Action
from policies.parts import ObjectId
from store.repositories.journeys import people_in
from store.threads import in_thread

router = APIRouter(prefix="/v1/journeys", tags=["journeys"])
Status = Literal["active", "left", "goal", "stopped", "stuck"]


class HelpIn(BaseModel):
    """Whether somebody who is stuck goes on with the next step, or leaves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    then: Literal["proceed", "leave"]


@router.get("")
async def listed(caller: SignedIn) -> tuple[RunView, ...]:
    """List every version that runs or ran, with the people at each step."""
    caller.require(Action.VIEW)

    def read() -> tuple[RunView, ...]:
        with caller.app.database.read() as session:
            return run_views(session, caller.workspace_id)

    return await in_thread(read)


@router.get("/{journey_id}")
async def shown(caller: SignedIn, journey_id: ObjectId) -> JourneyView:
    """Show a journey: its definition, its versions, and who stands where."""
    caller.require(Action.VIEW)

    def read() -> JourneyView:
        with caller.app.database.read() as session:
            return journey_view(session, caller.workspace_id, journey_id)

    return await in_thread(read)


@router.get("/{journey_id}/people")
async def people(
    caller: SignedIn,
    journey_id: ObjectId,
    status: Status | None = None,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=LONGEST_PAGE)] = 100,
) -> tuple[PersonView, ...]:
    """List people of a journey by their ids, a page at a time; `status=stuck` are those that wait for somebody."""
    caller.require(Action.VIEW)

    def read() -> tuple[PersonView, ...]:
        with caller.app.database.read() as session:
            found = people_in(
                session, caller.workspace_id, journey_id, status=status, after=after, limit=limit
            )
            return tuple(person_view(person) for person in found)

    return await in_thread(read)


@router.get("/{journey_id}/people/{person_id}")
async def timeline(caller: SignedIn, journey_id: ObjectId, person_id: str) -> TimelineView:
    """Show what a person went through since they entered."""
    caller.require(Action.VIEW)

    def read() -> TimelineView:
        with caller.app.database.read() as session:
            return timeline_view(session, caller.workspace_id, journey_id, person_id)

    return await in_thread(read)


@router.post("/{journey_id}/people/{person_id}/help")
async def helped(caller: SignedIn, journey_id: ObjectId, person_id: str, given: HelpIn) -> TimelineView:
    """Let somebody who is stuck go on with the next step, or leave. No message is sent again."""

    def help_() -> TimelineView:
        app = caller.app
        with app.database.write() as session:
            help_stuck(session, app.audit, caller.person, journey_id, person_id, given.then, app.clock.now())
            return timeline_view(session, caller.workspace_id, journey_id, person_id)

    done = await in_thread(help_)
    caller.app.engine.wake()
    return done


@router.post("/{journey_id}/{what}")
async def controlled(
    caller: SignedIn, journey_id: ObjectId, what: Literal["pause", "resume", "stop"]
) -> tuple[RunView, ...]:
    """Pause, resume or stop a journey; everyone with a role may halt it, nobody inside gets a message then."""
    done = await in_thread(_control, caller, journey_id, Action(what))
    caller.app.engine.wake()
    return done


def _control(caller: Caller, journey_id: str, what: Action) -> tuple[RunView, ...]:
    app = caller.app
    with app.database.write(durable=True) as session:
        runs = control_journey(session, app.audit, caller.person, journey_id, what, app.clock.now())
        return tuple(run_view(session, run) for run in runs)
