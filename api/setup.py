"""Making a home: its directory, its databases, a workspace, and the first people who may sign in."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Session

from policies.authority import Role
from policies.authority.roles import read_roles
from policies.errors import InvalidInputError
from policies.privacy import require_no_address
from policies.workspace_rules import WorkspaceRules
from store.audit import AuditLog
from store.clock import Clock, FixedClock
from store.database import Database, migrate
from store.home import Home, HomeSettings, HomeSettingsError, create_home
from store.home_settings import in_words
from store.ids import IdSource, RandomIds
from store.postgres import read_address, require_postgres, require_unused
from store.repositories.told_people import people_of
from store.repositories.workspaces import add_user, create_workspace, grant_role, issue_key
from store.tables import Workspace


@dataclass(frozen=True)
class Member:
    """Somebody who may sign in, by name and roles."""

    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class FirstKey:
    """A member's key, shown once."""

    user_id: str
    name: str
    roles: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class NewHome:
    """A home with its workspace and the keys of its members, in their order."""

    home: Home
    workspace_id: str
    keys: tuple[FirstKey, ...]


@dataclass(frozen=True)
class Tenant:
    """The workspace of a new home: its name and rules, and who works in it; the first member invites the others."""

    name: str
    members: tuple[Member, ...]
    rules: WorkspaceRules = field(default_factory=WorkspaceRules)


def init_home(
    path: Path,
    *,
    clock: Clock,
    seed: int,
    name: str,
    currency: str,
    timezone: str,
    admin: str,
    second: str | None,
    second_role: str,
    database_url: str | None = None,
    channels: Sequence[str] = ("file",),
) -> NewHome:
    """Make a standard home with an admin and a second person, who may approve what the admin proposes.

    Without a `second` the admin is alone and may invite one person later; nothing can be approved before.

    `channels` are the providers it may use, `file` and `email`. `database_url` names an empty PostgreSQL database for tables, checkpoints and jobs; without one they are files.
    Raises HomeExistsError, HomeSettingsError, InvalidInputError, PostgresMissingError, PostgresUnreachableError or
    DatabaseTakenError, and then leaves no home behind.
    """
    others = () if second is None else (Member(second, (second_role,)),)
    tenant = Tenant(name, (Member(admin, (Role.ADMIN.value,)), *others))
    at = clock.now()
    ids = RandomIds(FixedClock(at))
    settings = checked_settings(
        home_id=ids.new(),
        seed=seed,
        created_at=at,
        currency=currency,
        timezone=timezone,
        allowed_channels=tuple(dict.fromkeys(channels)),
        **_on_server(database_url),
    )
    return make_home(path, settings, tenant, ids)


def _on_server(database_url: str | None) -> dict[str, str]:
    """The addresses of a home that keeps everything in one PostgreSQL database, which must be there and empty."""
    if database_url is None:
        return {}
    url = read_address(database_url)
    require_postgres(url)
    require_unused(url)
    address = url.render_as_string(hide_password=False)
    return dict.fromkeys(("operational_url", "checkpoints_url", "jobs_url"), address)


def checked_settings(**values: object) -> HomeSettings:
    """Return the settings of a new home; HomeSettingsError names each value that breaks a rule."""
    try:
        return HomeSettings.model_validate(values)
    except ValidationError as error:
        bad = error.errors()[0].get("input")
        raise HomeSettingsError(f"this home cannot be made: {in_words(error)}", value=bad) from error


def make_home(path: Path, settings: HomeSettings, tenant: Tenant, ids: IdSource) -> NewHome:
    """Make a home with one workspace; on any error the directory is taken away again."""
    _check_members(tenant.members)
    was_there = path.expanduser().exists()
    home = create_home(path, settings)
    done = False
    try:
        database = home.database()
        try:
            migrate(database)
            made = _fill(home, database, tenant, ids)
        finally:
            database.close()
        done = True
        return made
    finally:
        if not done:
            _remove(home, keep_folder=was_there)


def _check_members(members: Sequence[Member]) -> None:
    for member in members:
        read_roles(member.roles)
        require_no_address("the name of a user", member.name)
    names = [member.name for member in members]
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise InvalidInputError(
            f"the name {repeated!r} is used twice; nobody can countersign their own proposal, so name two people",
            value=repeated,
        )


def _fill(home: Home, database: Database, tenant: Tenant, ids: IdSource) -> NewHome:
    settings = home.settings
    audit = AuditLog(home.keys_dir)
    with database.write(durable=True) as session:
        workspace = create_workspace(
            session,
            ids=ids,
            at=settings.created_at,
            name=tenant.name,
            currency=settings.currency,
            timezone=settings.timezone,
        )
        workspace.rules = tenant.rules.model_dump(mode="json")
        keys: list[FirstKey] = []
        for member in tenant.members:
            inviter = keys[0].user_id if keys else None
            keys.append(_join(session, workspace, member, inviter, ids))
        people = people_of(session, workspace.workspace_id)
        audit.append(
            session,
            workspace_id=workspace.workspace_id,
            at=settings.created_at,
            actor=keys[0].user_id,
            action="workspace.created",
            subject=workspace.workspace_id,
            detail={"rules": tenant.rules.digest(), "users": [key.user_id for key in keys]},
            rows=people,
        )
        return NewHome(home, workspace.workspace_id, tuple(keys))


def _join(
    session: Session, workspace: Workspace, member: Member, inviter: str | None, ids: IdSource
) -> FirstKey:
    at, workspace_id = workspace.created_at, workspace.workspace_id
    user = add_user(session, ids=ids, at=at, workspace_id=workspace_id, name=member.name, invited_by=inviter)
    for role in member.roles:
        grant_role(
            session,
            ids=ids,
            at=at,
            workspace_id=workspace_id,
            user_id=user.user_id,
            role=role,
            granted_by=inviter,
        )
    key = issue_key(
        session, ids=ids, at=at, workspace_id=workspace_id, user_id=user.user_id, label="first key"
    )
    return FirstKey(user.user_id, member.name, member.roles, key.plain)


def _remove(home: Home, *, keep_folder: bool) -> None:
    if not keep_folder:
        shutil.rmtree(home.path)
        return
    for entry in home.path.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
