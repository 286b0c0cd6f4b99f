"""Workspaces, the users who work in them, their roles and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import available_timezones

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from policies.authority.roles import Role, read_roles
from policies.errors import ConflictError, InvalidInputError, NotAuthenticatedError, NotFoundError
from store.bulk import table_of
from store.database import Database
from store.driver import Prepared
from store.ids import IdSource
from store.keys import key_sha256, new_key
from store.repositories.instants import after_opened
from store.rows import row_object
from store.tables.workspaces import ApiKey, RoleGrant, User, Workspace

_LONGEST_NAME = 200
_users, _keys, _roles = table_of(User), table_of(ApiKey), table_of(RoleGrant)
_GRANTED = (_roles.c.role, _roles.c.granted_at, _roles.c.revoked_at)
_STANDING = Prepared(
    sa.select(_users.c.disabled_at, _users.c.enabled_at, *_GRANTED)
    .select_from(_users.outerjoin(_roles, _roles.c.user_id == _users.c.user_id))
    .where(_users.c.user_id == sa.bindparam("of_user"))
)
_HOLDER = Prepared(
    sa.select(*_users.c, *_GRANTED)
    .select_from(
        _users.join(_keys, _keys.c.user_id == _users.c.user_id).outerjoin(
            _roles, _roles.c.user_id == _users.c.user_id
        )
    )
    .where(
        _keys.c.sha256 == sa.bindparam("of_key"),
        _keys.c.revoked_at.is_(None),
        _users.c.disabled_at.is_(None),
    )
)


class WorkspaceNotFoundError(NotFoundError):
    """No workspace has this id or name."""

    code = "workspace_not_found"


class UserNotFoundError(NotFoundError):
    """No user of this workspace has this id or name."""

    code = "user_not_found"


class NameTakenError(ConflictError):
    """A workspace or user of this name exists already."""

    code = "name_taken"


class HeldRole(NamedTuple):
    """A role and the instant it was granted, which must come before a proposal that it may approve."""

    role: Role
    granted_at: datetime


class IssuedKey(NamedTuple):
    """A stored key and its plain text, which is shown once."""

    key: ApiKey
    plain: str


class Access(NamedTuple):
    """Since when a user is shut out, and since when let in again; None for never."""

    disabled_at: datetime | None
    enabled_at: datetime | None


class Grant(NamedTuple):
    """A role that a user was given, and when it was taken back."""

    role: str
    granted_at: datetime
    revoked_at: datetime | None


class SignedIn(NamedTuple):
    """The user a key belongs to and the roles held now."""

    user: User
    roles: tuple[HeldRole, ...]


def create_workspace(
    session: Session, *, ids: IdSource, at: datetime, name: str, currency: str, timezone: str
) -> Workspace:
    """Make a tenant; InvalidInputError for an unreadable currency or zone, NameTakenError for a used name."""
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InvalidInputError(
            f'currency "{currency}" is not an ISO 4217 code; write one like USD', value=currency
        )
    if timezone not in available_timezones():
        raise InvalidInputError(
            f'time zone "{timezone}" is not in the IANA list; write one like Europe/Berlin', value=timezone
        )
    workspace = Workspace(
        workspace_id=ids.new(), name=checked_name(name), currency=currency, timezone=timezone, created_at=at
    )
    _add_named(session, workspace, f'a workspace named "{name}" exists already; choose another name')
    return workspace


def get_workspace(session: Session, workspace_id: str) -> Workspace:
    """Read one workspace; WorkspaceNotFoundError if there is none."""
    found = session.get(Workspace, workspace_id)
    if found is None:
        raise WorkspaceNotFoundError(f"there is no workspace {workspace_id}", value=workspace_id)
    return found


def all_workspaces(session: Session) -> Sequence[Workspace]:
    """Every workspace of the home, oldest first."""
    return session.exec(select(Workspace).order_by(col(Workspace.workspace_id))).all()


def add_user(
    session: Session,
    *,
    ids: IdSource,
    at: datetime,
    workspace_id: str,
    name: str,
    invited_by: str | None = None,
) -> User:
    """Add somebody who may sign in, without any role yet; NameTakenError for a used name."""
    get_workspace(session, workspace_id)
    if invited_by is not None:
        get_user(session, workspace_id, invited_by)
    user = User(
        user_id=ids.new(),
        workspace_id=workspace_id,
        name=checked_name(name),
        created_at=at,
        invited_by=invited_by,
    )
    _add_named(session, user, f'a user named "{name}" exists already; choose another name')
    return user


def get_user(session: Session, workspace_id: str, user_id: str) -> User:
    """Read one user of a workspace; UserNotFoundError if there is none."""
    found = session.get(User, user_id)
    if found is None or found.workspace_id != workspace_id:
        raise UserNotFoundError(f"there is no user {user_id} in this workspace", value=user_id)
    return found


def user_by_name(session: Session, workspace_id: str, name: str) -> User:
    """Find a user by name; UserNotFoundError if there is none."""
    found = session.exec(select(User).where(User.workspace_id == workspace_id, User.name == name)).first()
    if found is None:
        raise UserNotFoundError(f'there is no user named "{name}" in this workspace', value=name)
    return found


def users_of(session: Session, workspace_id: str) -> Sequence[User]:
    """Every user of a workspace, oldest first."""
    return session.exec(
        select(User).where(User.workspace_id == workspace_id).order_by(col(User.user_id))
    ).all()


def disable_user(session: Session, *, workspace_id: str, user_id: str, at: datetime) -> User:
    """Shut a user out from `at` on: no key signs in and no role is held; doing it again changes nothing."""
    user = get_user(session, workspace_id, user_id)
    if user.disabled_at is None:
        user.disabled_at = at
        session.add(user)
        session.flush()
    return user


def enable_user(session: Session, *, workspace_id: str, user_id: str, at: datetime) -> User:
    """Let a disabled user in again from `at` on, with the roles held before; doing it again changes nothing.

    For an approval opened before that, none of these roles counts.
    """
    user = get_user(session, workspace_id, user_id)
    if user.disabled_at is not None:
        user.disabled_at, user.enabled_at = None, after_opened(session, workspace_id, at)
        session.add(user)
        session.flush()
    return user


def grant_role(
    session: Session,
    *,
    ids: IdSource,
    at: datetime,
    workspace_id: str,
    user_id: str,
    role: str,
    granted_by: str | None = None,
) -> RoleGrant:
    """Give a user a shipped role; one already held is returned as it is, with its first instant.

    Its instant is later than the opening of every approval that is there, so that it counts for none of them.

    RoleUnknownError for a role that is not shipped, UserNotFoundError for somebody else's user.
    """
    (known,) = read_roles([role])
    get_user(session, workspace_id, user_id)
    if granted_by is not None:
        get_user(session, workspace_id, granted_by)
    given = after_opened(session, workspace_id, at)
    held = session.exec(_grants(user_id, given).where(RoleGrant.role == known.value)).first()
    if held is not None:
        return held
    grant = RoleGrant(
        grant_id=ids.new(),
        workspace_id=workspace_id,
        user_id=user_id,
        role=known.value,
        granted_by=granted_by,
        granted_at=given,
    )
    session.add(grant)
    session.flush()
    return grant


def revoke_role(session: Session, *, workspace_id: str, user_id: str, role: str, at: datetime) -> None:
    """Take a role away from `at` on; NotFoundError if it is not held."""
    get_user(session, workspace_id, user_id)
    taken = after_opened(session, workspace_id, at)
    held = session.exec(_grants(user_id, taken).where(RoleGrant.role == role)).all()
    if not held:
        raise NotFoundError(f'this user does not hold the role "{role}"', value=role)
    for grant in held:
        grant.revoked_at = taken
        session.add(grant)
    session.flush()


def roles_of(session: Session, user_id: str, at: datetime | None = None) -> tuple[HeldRole, ...]:
    """The roles a user holds at an instant, sorted by name; none for a user disabled by then.

    Without `at` every role counts that was not revoked.
    """
    access, grants = standing_of(session, user_id)
    return () if access is None else held_roles(access, grants, at)


def standing_of(session: Session, user_id: str) -> tuple[Access | None, tuple[Grant, ...]]:
    """Return when a user was shut out and let in, None for an unknown one, and every role given, revoked ones too."""
    session.flush()
    found = _STANDING.rows(session, of_user=user_id)
    if not found:
        return None, ()
    return Access(*found[0][:2]), _grants_in([row[2:] for row in found])


def held_roles(access: Access, grants: Sequence[Grant], at: datetime | None = None) -> tuple[HeldRole, ...]:
    """The roles among those given that are held at an instant, see `roles_of`."""
    if access.disabled_at is not None and (at is None or access.disabled_at <= at):
        return ()
    first: dict[Role, datetime] = {}
    for name, granted_at, revoked_at in grants:
        held = revoked_at is None or (at is not None and at < revoked_at)
        if held and (at is None or granted_at <= at):
            role = Role(name)
            first[role] = min(first.get(role, granted_at), granted_at)
    return tuple(HeldRole(role, first[role]) for role in sorted(first))


def _grants_in(cells: Sequence[tuple[Any, ...]]) -> tuple[Grant, ...]:
    """The roles in joined rows, where a user without any has one row of nothing. Any: cells of as many types."""
    return tuple(Grant(*each) for each in cells if each[0] is not None)


def issue_key(
    session: Session,
    *,
    ids: IdSource,
    at: datetime,
    workspace_id: str,
    user_id: str,
    label: str,
    issued_by: str | None = None,
) -> IssuedKey:
    """Make an API key for a user; the plain text is in the answer and nowhere else. `issued_by` is None at set-up."""
    get_user(session, workspace_id, user_id)
    fresh = new_key()
    key = ApiKey(
        key_id=ids.new(),
        workspace_id=workspace_id,
        user_id=user_id,
        sha256=fresh.sha256,
        label=checked_name(label),
        issued_by=issued_by,
        created_at=after_opened(session, workspace_id, at),
    )
    session.add(key)
    session.flush()
    return IssuedKey(key, fresh.plain)


def revoke_key(session: Session, *, workspace_id: str, key_id: str, at: datetime) -> ApiKey:
    """Make a key useless from `at` on; NotFoundError for an unknown one, nothing for a revoked one."""
    key = session.get(ApiKey, key_id)
    if key is None or key.workspace_id != workspace_id:
        raise NotFoundError(f"there is no key {key_id} in this workspace", value=key_id)
    if key.revoked_at is None:
        key.revoked_at = at
        session.add(key)
        session.flush()
    return key


def user_by_key(session: Session, plain_key: str, at: datetime | None = None) -> SignedIn:
    """Find who holds a plain API key, and the roles held at `at`; NotAuthenticatedError otherwise.

    Without `at` every role that is not revoked counts. The error never says which part was wrong.
    """
    session.flush()
    return _signed_in(_HOLDER.rows(session, of_key=key_sha256(plain_key)), at)


def sign_in(database: Database, plain_key: str) -> SignedIn:
    """Do as `user_by_key` does without `at`, in one query by itself: every request begins with it."""
    return _signed_in(database.ask(_HOLDER, of_key=key_sha256(plain_key)))


def _signed_in(found: Sequence[tuple[Any, ...]], at: datetime | None = None) -> SignedIn:
    """Who a key belongs to, from the user's columns joined with each role. Any: cells of as many types."""
    if not found:
        raise NotAuthenticatedError("this key is unknown or was revoked; ask an admin for a new one")
    columns = _users.c.keys()
    user = row_object(User, dict(zip(columns, found[0], strict=False)))
    grants = _grants_in([row[len(columns) :] for row in found])
    return SignedIn(user, held_roles(Access(user.disabled_at, user.enabled_at), grants, at))


def stop_workspace(session: Session, workspace_id: str, at: datetime) -> bool:
    """Stop every message of a workspace; says whether this call did it (False: it was stopped already)."""
    get_workspace(session, workspace_id)
    return _set_stop(session, workspace_id, before_is_running=True, value=at)


def resume_workspace(session: Session, workspace_id: str) -> bool:
    """Let messages out again; says whether this call did it (False: it was not stopped)."""
    get_workspace(session, workspace_id)
    return _set_stop(session, workspace_id, before_is_running=False, value=None)


def _set_stop(
    session: Session, workspace_id: str, *, before_is_running: bool, value: datetime | None
) -> bool:
    stopped = col(Workspace.stopped_at)
    before = stopped.is_(None) if before_is_running else stopped.is_not(None)
    changed = session.connection().execute(
        sa.update(Workspace)
        .where(col(Workspace.workspace_id) == workspace_id, before)
        .values(stopped_at=value)
    )
    workspace = session.get(Workspace, workspace_id)
    if workspace is not None:
        session.refresh(workspace)
    return changed.rowcount == 1


def _grants(user_id: str, at: datetime | None) -> SelectOfScalar[RoleGrant]:
    query = select(RoleGrant).where(RoleGrant.user_id == user_id)
    revoked = col(RoleGrant.revoked_at)
    if at is None:
        return query.where(revoked.is_(None))
    return query.where(col(RoleGrant.granted_at) <= at, sa.or_(revoked.is_(None), revoked > at))


def checked_name(text: str) -> str:
    """Return the name of a workspace, a user or a key, or raise InvalidInputError for an empty or overlong one."""
    if not text.strip() or len(text) > _LONGEST_NAME:
        raise InvalidInputError(
            f"a name has 1 to {_LONGEST_NAME} characters; this one has {len(text)}", value=text
        )
    return text


def _add_named(session: Session, row: Workspace | User, taken: str) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise NameTakenError(taken, value=row.name) from error
