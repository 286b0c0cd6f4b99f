"""Users, their roles and their keys: admins only."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.http.signing_in import Caller, SignedIn
from api.views.users import KeyView, UserView, user_views
from policies.authority import Action
from policies.privacy import require_no_address
from store.repositories.workspaces import add_user, grant_role, issue_key, revoke_key, user_by_name
from store.threads import in_thread

router = APIRouter(prefix="/v1/users", tags=["users"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewUser(_In):
    """Somebody who may sign in, with roles from the start."""

    name: str = Field(min_length=1, max_length=200)
    roles: tuple[str, ...] = ()


class Grant(_In):
    role: str = Field(min_length=1, max_length=50)


class NewKey(_In):
    label: str = Field(default="key", min_length=1, max_length=200)


class Invited(UserView):
    """A new user with the key that signs them in, shown once."""

    key: str


@router.get("")
async def listed(caller: SignedIn) -> list[UserView]:
    """List the users with their roles."""
    caller.require(Action.MANAGE_USERS)

    def read() -> list[UserView]:
        with caller.app.database.read() as session:
            return list(user_views(session, caller.workspace_id))

    return await in_thread(read)


@router.post("", status_code=201)
async def added(caller: SignedIn, new: NewUser) -> Invited:
    """Add a user with roles and a key; the key is shown once."""
    caller.require(Action.MANAGE_USERS)
    require_no_address("the name of a user", new.name)
    return await in_thread(_add, caller, new)


@router.post("/{name}/roles")
async def granted(caller: SignedIn, name: str, given: Grant) -> UserView:
    """Give a user a role; one already held stays as it is."""
    caller.require(Action.MANAGE_USERS)
    return await in_thread(_grant, caller, name, given.role)


@router.post("/{name}/keys", status_code=201)
async def issued(caller: SignedIn, name: str, new: NewKey) -> KeyView:
    """Make another key for a user; it is shown once."""
    caller.require(Action.MANAGE_USERS)
    require_no_address("the label of a key", new.label)
    return await in_thread(_issue, caller, name, new.label)


@router.delete("/keys/{key_id}", status_code=204)
async def revoked(caller: SignedIn, key_id: str) -> None:
    """Make a key useless from now on."""
    caller.require(Action.MANAGE_USERS)
    await in_thread(_revoke, caller, key_id)


def _add(caller: Caller, new: NewUser) -> Invited:
    app, at = caller.app, caller.app.clock.now()
    with app.database.write() as session:
        user = add_user(
            session,
            ids=app.ids,
            at=at,
            workspace_id=caller.workspace_id,
            name=new.name,
            invited_by=caller.person.user_id,
        )
        for role in new.roles:
            _give(session, caller, user.user_id, role)
        key = issue_key(
            session,
            ids=app.ids,
            at=at,
            workspace_id=caller.workspace_id,
            user_id=user.user_id,
            label="first key",
            issued_by=caller.person.user_id,
        )
        _log(session, caller, "user.added", user.user_id, {"roles": ",".join(sorted(new.roles))})
        return Invited(**_view(session, caller, user.user_id).model_dump(), key=key.plain)


def _grant(caller: Caller, name: str, role: str) -> UserView:
    with caller.app.database.write() as session:
        user = user_by_name(session, caller.workspace_id, name)
        _give(session, caller, user.user_id, role)
        _log(session, caller, "user.role_granted", user.user_id, {"role": role})
        return _view(session, caller, user.user_id)


def _issue(caller: Caller, name: str, label: str) -> KeyView:
    app = caller.app
    with app.database.write() as session:
        user = user_by_name(session, caller.workspace_id, name)
        key = issue_key(
            session,
            ids=app.ids,
            at=app.clock.now(),
            workspace_id=caller.workspace_id,
            user_id=user.user_id,
            label=label,
            issued_by=caller.person.user_id,
        )
        _log(session, caller, "user.key_issued", user.user_id, {"key_id": key.key.key_id})
        return KeyView(key_id=key.key.key_id, user=user.name, label=label, key=key.plain)


def _revoke(caller: Caller, key_id: str) -> None:
    app = caller.app
    with app.database.write() as session:
        revoke_key(session, workspace_id=caller.workspace_id, key_id=key_id, at=app.clock.now())
        _log(session, caller, "user.key_revoked", key_id, {})


def _give(session: Session, caller: Caller, user_id: str, role: str) -> None:
    grant_role(
        session,
        ids=caller.app.ids,
        at=caller.app.clock.now(),
        workspace_id=caller.workspace_id,
        user_id=user_id,
        role=role,
        granted_by=caller.person.user_id,
    )


def _log(session: Session, caller: Caller, action: str, subject: str, detail: dict[str, str]) -> None:
    caller.app.audit.append(
        session,
        workspace_id=caller.workspace_id,
        at=caller.app.clock.now(),
        actor=caller.person.user_id,
        action=action,
        subject=subject,
        detail=dict(detail),
    )


def _view(session: Session, caller: Caller, user_id: str) -> UserView:
    return next(user for user in user_views(session, caller.workspace_id) if user.user_id == user_id)
