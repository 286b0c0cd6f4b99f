"""Authority: why a proposal needs which signatures, roles lent until a date, and approvals taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.http.signing_in import Caller, SignedIn
from api.views.authority import AuthorityView, DelegationView, authority_view, delegation_view
from api.views.numbers import View
from delivery.revocation import revoke_approval, withdraw_change
from policies.authority import Action
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from store.repositories.delegations import delegations_of, lend_role, revoke_delegation
from store.repositories.workspaces import get_workspace, user_by_name
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["authority"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DelegationIn(_In):
    """A role of one's own for another user: until the end of a day of the workspace, or an instant with its zone."""

    to: str = Field(min_length=1, max_length=200)
    role: str = Field(min_length=1, max_length=50)
    until: str = Field(min_length=10, max_length=40)


class RevokeIn(_In):
    """Why an approval is taken back."""

    reason: str = Field(min_length=1, max_length=500)


class RevokedOut(View):
    """The approval's status now, and whether this request took it back."""

    approval_id: str
    status: str
    changed: bool


@router.get("/proposals/{proposal_id}/authority")
async def explained(caller: SignedIn, proposal_id: str) -> AuthorityView:
    """Explain which signatures a proposal needs and why; an approval's id is understood as well."""
    caller.require(Action.VIEW)

    def read() -> AuthorityView:
        app = caller.app
        with app.database.read() as session:
            return authority_view(session, caller.workspace_id, proposal_id, app.clock.now())

    return await in_thread(read)


@router.post("/approvals/{approval_id}/revoke")
async def taken_back(caller: SignedIn, approval_id: str, given: RevokeIn) -> RevokedOut:
    """Take back an approval before its first message; the campaign goes back to draft."""
    require_no_address("the reason", given.reason)
    done = await in_thread(revoke_approval, caller.app.ports, caller.person, approval_id, given.reason)
    caller.app.engine.wake()
    return RevokedOut(approval_id=done.approval_id, status=done.status, changed=done.changed)


@router.post("/approvals/{approval_id}/withdraw")
async def withdrawn(caller: SignedIn, approval_id: str) -> RevokedOut:
    """Take back a policy change of your own that waits for its signature; an admin may withdraw anybody's."""
    async with caller.refusals_of(approval_id):
        done = await in_thread(withdraw_change, caller.app.ports, caller.person, approval_id)
    caller.app.engine.wake()
    return RevokedOut(approval_id=done.approval_id, status=done.status, changed=done.changed)


@router.get("/delegations")
async def listed(caller: SignedIn) -> list[DelegationView]:
    """List the roles that were lent, the newest first, ended ones too."""
    caller.require(Action.VIEW)

    def read() -> list[DelegationView]:
        app = caller.app
        with app.database.read() as session:
            found = delegations_of(session, caller.workspace_id)
            return [delegation_view(session, each, app.clock.now()) for each in found]

    return await in_thread(read)


@router.post("/delegations", status_code=201)
async def lent(caller: SignedIn, given: DelegationIn) -> DelegationView:
    """Lend one of your own roles to another user until a date, for signing only."""
    return await in_thread(_lend, caller, given)


@router.post("/delegations/{delegation_id}/revoke")
async def ended(caller: SignedIn, delegation_id: str) -> DelegationView:
    """Take a lent role back now."""
    return await in_thread(_end, caller, delegation_id)


def _lend(caller: Caller, given: DelegationIn) -> DelegationView:
    app, at = caller.app, caller.app.clock.now()
    with app.database.write(durable=True) as session:
        zone = get_workspace(session, caller.workspace_id).timezone
        delegation = lend_role(
            session,
            app.audit,
            delegation_id=app.ids.new(),
            person=caller.person,
            delegate_id=user_by_name(session, caller.workspace_id, given.to).user_id,
            role=given.role,
            at=at,
            ends_at=read_end(given.until, zone),
        )
        return delegation_view(session, delegation, at)


def _end(caller: Caller, delegation_id: str) -> DelegationView:
    app, at = caller.app, caller.app.clock.now()
    with app.database.write(durable=True) as session:
        delegation = revoke_delegation(
            session, app.audit, delegation_id=delegation_id, person=caller.person, at=at
        )
        return delegation_view(session, delegation, at)


def read_end(text: str, zone: str) -> datetime:
    """Return the UTC instant at which a day of the zone is over, or the instant given; InvalidInputError for neither."""
    try:
        if len(text) == len("2026-12-01"):
            following = date.fromisoformat(text) + timedelta(days=1)
            return datetime.combine(following, time.min, ZoneInfo(zone)).astimezone(UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"the end {text!r} is no date; write one like 2026-12-01 or 2026-12-01T18:00:00+01:00", value=text
        ) from error
    if instant.tzinfo is None:
        raise InvalidInputError(f"the end {text!r} has no zone; add one, such as +01:00 or Z", value=text)
    return instant.astimezone(UTC)
