"""Offers, placements, eligibility rules and collections: versions proposed here, resolved as every approval is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from api.views.managed import ManagedView, ObjectView, VersionProposedView, managed_views, object_view
from delivery.journeys.running import stop_withdrawn
from policies.authority import Action
from policies.managed import Body
from policies.parts import ManagedKind, ObjectId
from policies.privacy import require_no_address
from store.repositories.approvals import missing_of
from store.repositories.managed import propose_version, withdraw_object
from store.threads import in_thread

router = APIRouter(prefix="/v1/managed", tags=["decisions"])


class VersionIn(BaseModel):
    """The next version of an object, whole, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    object_id: ObjectId
    body: Annotated[Body, Field(discriminator="type")]
    reason: str = Field(default="", max_length=500)


class WithdrawnOut(BaseModel):
    """The version that is not served any more."""

    kind: ManagedKind
    object_id: str
    version: int
    live_until: datetime | None


@router.get("")
async def listed(caller: SignedIn) -> tuple[ManagedView, ...]:
    """List every version with its status, the newest first."""
    caller.require(Action.VIEW)

    def read() -> tuple[ManagedView, ...]:
        with caller.app.database.read() as session:
            return managed_views(session, caller.workspace_id)

    return await in_thread(read)


@router.post("", status_code=202)
async def proposed(caller: SignedIn, given: VersionIn) -> VersionProposedView:
    """Propose the next version of an object; it is served once somebody else has signed it."""
    require_no_address("the version", given.model_dump_json())
    return await in_thread(_propose, caller, given)


@router.get("/{kind}/{object_id}")
async def shown(caller: SignedIn, kind: ManagedKind, object_id: str) -> ObjectView:
    """Show one object with the content and the approval of every version, the newest first."""
    caller.require(Action.VIEW)

    def read() -> ObjectView:
        with caller.app.database.read() as session:
            return object_view(session, caller.workspace_id, kind, object_id)

    return await in_thread(read)


@router.post("/{kind}/{object_id}/withdraw")
async def withdrawn(caller: SignedIn, kind: ManagedKind, object_id: str) -> WithdrawnOut:
    """Stop serving an object at once; everyone with a role may, and only a new version brings it back."""
    return await in_thread(_withdraw, caller, kind, object_id)


def _propose(caller: Caller, given: VersionIn) -> VersionProposedView:
    app = caller.app
    with app.database.write(durable=True) as session:
        made = propose_version(
            session,
            app.audit,
            ids=app.ids,
            person=caller.person,
            object_id=given.object_id,
            body=given.body,
            reason=given.reason,
            at=app.clock.now(),
        )
        return VersionProposedView(
            kind=given.body.type,
            object_id=given.object_id,
            version=made.row.version,
            proposal_id=made.proposal.proposal_id,
            approval_id=made.approval.approval_id,
            digest=made.proposal.digest,
            missing=missing_of(session, made.approval),
            expires_at=made.approval.expires_at,
        )


def _withdraw(caller: Caller, kind: ManagedKind, object_id: str) -> WithdrawnOut:
    app = caller.app
    with app.database.write(durable=True) as session:
        row = withdraw_object(
            session, app.audit, person=caller.person, kind=kind, object_id=object_id, at=app.clock.now()
        )
        if kind is ManagedKind.JOURNEY:
            stop_withdrawn(session, caller.workspace_id, object_id, app.clock.now())
        return WithdrawnOut(kind=kind, object_id=object_id, version=row.version, live_until=row.live_until)
