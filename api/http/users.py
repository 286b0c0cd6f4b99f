"""Users, their roles and their keys: an admin proposes, somebody else signs. Only taking a key back needs nobody else."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.http.policy_changes import propose
from api.http.signing_in import Caller, SignedIn, key_of
from api.views.policy_change import ProposedView
from api.views.users import KeyLine, KeyView, UserView, key_lines, user_views
from policies.authority import Action, read_roles
from policies.policy_change import LONGEST_REASON, AddUser, Change, GrantRole, IssueKey
from policies.privacy import require_no_address
from store.keys import new_key
from store.repositories.issued_keys import issued_alone, key_by_plain
from store.repositories.policy_changes import invite_second, is_first_invitation
from store.repositories.workspaces import issue_key, revoke_key, user_by_name
from store.tables import ApiKey
from store.threads import in_thread

router = APIRouter(prefix="/v1/users", tags=["users"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewUser(_In):
    """Somebody who may sign in, with roles from the start, and why."""

    name: str = Field(min_length=1, max_length=200)
    roles: tuple[str, ...] = ()
    reason: str = Field(default="", max_length=LONGEST_REASON)


class Grant(_In):
    role: str = Field(min_length=1, max_length=50)
    reason: str = Field(default="", max_length=LONGEST_REASON)


class NewKey(_In):
    label: str = Field(default="key", min_length=1, max_length=200)
    reason: str = Field(default="", max_length=LONGEST_REASON)


class Invited(UserView):
    """The second person of a home, with the key that signs them in, shown once."""

    key: str


@router.get("")
async def listed(caller: SignedIn) -> list[UserView]:
    """List the users with their roles."""
    caller.require(Action.MANAGE_USERS)

    def read() -> list[UserView]:
        with caller.app.database.read() as session:
            return list(user_views(session, caller.workspace_id))

    return await in_thread(read)


@router.post("", status_code=202)
async def added(caller: SignedIn, new: NewUser, response: Response) -> ProposedView | Invited:
    """Propose a user with roles and a key, of which you are given one half.

    The second person of a home that has only its admin is added at once (201), since there is nobody to sign that.
    """
    caller.require(Action.MANAGE_USERS)
    require_no_address("the name of a user", new.name)
    require_no_address("the reason", new.reason)
    roles = tuple(sorted(read_roles(new.roles)))
    first = await in_thread(_invite_second, caller, new, roles)
    if first is not None:
        response.status_code = 201
        return first
    half = new_key()
    change = AddUser(name=new.name, roles=roles, key_half_sha256=half.sha256)
    return await propose(caller, lambda _: change, new.reason, half.plain)


@router.post("/{name}/roles", status_code=202)
async def granted(caller: SignedIn, name: str, given: Grant) -> ProposedView:
    """Propose a role for a user."""
    caller.require(Action.MANAGE_USERS)
    require_no_address("the reason", given.reason)
    (role,) = read_roles([given.role])

    def change(session: Session) -> Change:
        user = user_by_name(session, caller.workspace_id, name)
        return GrantRole(user_id=user.user_id, name=user.name, role=role)

    return await propose(caller, change, given.reason)


@router.post("/{name}/keys", status_code=202)
async def issued(caller: SignedIn, name: str, new: NewKey) -> ProposedView:
    """Propose another key for a user, of which you are given one half."""
    caller.require(Action.MANAGE_USERS)
    require_no_address("the label of a key", new.label)
    require_no_address("the reason", new.reason)
    half = new_key()

    def change(session: Session) -> Change:
        user = user_by_name(session, caller.workspace_id, name)
        return IssueKey(user_id=user.user_id, name=user.name, label=new.label, key_half_sha256=half.sha256)

    return await propose(caller, change, new.reason, half.plain)


@router.post("/me/key", status_code=201)
async def renewed(caller: SignedIn, request: Request) -> KeyView:
    """Replace the key you sign in with by one that only you have seen; the old one is useless from now on."""
    return await in_thread(_renew, caller, key_of(request))


@router.get("/keys")
async def keys(caller: SignedIn) -> list[KeyLine]:
    """List the keys that sign somebody in, by id and label."""
    caller.require(Action.MANAGE_USERS)

    def read() -> list[KeyLine]:
        with caller.app.database.read() as session:
            return list(key_lines(session, caller.workspace_id))

    return await in_thread(read)


@router.delete("/keys/{key_id}", status_code=204)
async def revoked(caller: SignedIn, key_id: str) -> None:
    """Make a key useless from now on."""
    caller.require(Action.MANAGE_USERS)
    await in_thread(_revoke, caller, key_id)


def _invite_second(caller: Caller, new: NewUser, roles: tuple[str, ...]) -> Invited | None:
    app = caller.app
    with app.database.write(durable=True) as session:
        if not is_first_invitation(session, caller.person):
            return None
        key = invite_second(
            session,
            app.audit,
            ids=app.ids,
            person=caller.person,
            name=new.name,
            roles=roles,
            at=app.clock.now(),
        )
        return Invited(**_view(session, caller, key.key.user_id).model_dump(), key=key.plain)


def _renew(caller: Caller, plain: str) -> KeyView:
    app, user_id = caller.app, caller.person.user_id
    with app.database.write(durable=True) as session:
        old = key_by_plain(session, plain)
        # a key that one person has seen whole may be in their hands, so what replaces it is no better
        issuer = old.issued_by if issued_alone(session, old) else user_id
        at = app.clock.now()
        old.revoked_at = at
        key = issue_key(
            session,
            ids=app.ids,
            at=at,
            workspace_id=caller.workspace_id,
            user_id=user_id,
            label=old.label,
            issued_by=issuer,
        )
        detail = {"key_id": key.key.key_id, "old": old.key_id}
        _log(session, caller, "user.key_renewed", user_id, detail, (old, key.key))
        return KeyView(key_id=key.key.key_id, user=caller.name, label=key.key.label, key=key.plain)


def _revoke(caller: Caller, key_id: str) -> None:
    app = caller.app
    with app.database.write() as session:
        key = revoke_key(session, workspace_id=caller.workspace_id, key_id=key_id, at=app.clock.now())
        _log(session, caller, "user.key_revoked", key_id, {}, (key,))


def _log(
    session: Session,
    caller: Caller,
    action: str,
    subject: str,
    detail: dict[str, str],
    rows: tuple[ApiKey, ...],
) -> None:
    caller.app.audit.append(
        session,
        workspace_id=caller.workspace_id,
        at=caller.app.clock.now(),
        actor=caller.person.user_id,
        action=action,
        subject=subject,
        detail=dict(detail),
        rows=rows,
    )


def _view(session: Session, caller: Caller, user_id: str) -> UserView:
    return next(user for user in user_views(session, caller.workspace_id) if user.user_id == user_id)
