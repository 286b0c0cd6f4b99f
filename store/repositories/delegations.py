"""Delegations: a role lent to another user until a date, to sign on behalf of who lent it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.authority import Action, Person, Resource, Role, read_roles, require_authority
from policies.errors import ConflictError, InvalidInputError, NotAuthorisedError, NotFoundError
from store.audit import AuditLog
from store.bulk import table_of
from store.driver import Prepared
from store.repositories.instants import after_opened
from store.repositories.workspaces import get_user, held_roles, roles_of, standing_of
from store.rows import row_object
from store.tables import Delegation

_delegations = table_of(Delegation)
_LENT = Prepared(
    sa.select(*_delegations.c)
    .where(
        _delegations.c.delegate_id == sa.bindparam("delegate"),
        _delegations.c.granted_at <= sa.bindparam("opened"),
        _delegations.c.ends_at > sa.bindparam("now"),
        sa.or_(_delegations.c.revoked_at.is_(None), _delegations.c.revoked_at > sa.bindparam("now")),
    )
    .order_by(_delegations.c.granted_at, _delegations.c.delegation_id)
)
LENDABLE: Final = frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER, Role.LEGAL})
"""Roles that sign what reaches customers. Whoever may change the rules does so in person."""
LONGEST: Final = timedelta(days=90)


class DelegationError(InvalidInputError):
    """A delegation that could never help anybody to sign, or that would last too long."""

    code = "delegation"


class DelegatedDelegationError(NotAuthorisedError):
    """A role that was itself lent cannot be lent on."""

    code = "delegated_delegation"


class DelegationEndedError(ConflictError):
    """The delegation has ended already."""

    code = "delegation_ended"


def lend_role(
    session: Session,
    audit: AuditLog,
    *,
    delegation_id: str,
    person: Person,
    delegate_id: str,
    role: str,
    at: datetime,
    ends_at: datetime,
) -> Delegation:
    """Let another user sign with one of the person's own roles until a date.

    Raises RoleUnknownError, UserNotFoundError, DelegationError (a role that is not lent, oneself, a disabled user, an
    end that has passed or lies too far off) and NotAuthorisedError for a role that the person does not hold.
    """
    (known,) = read_roles([role])
    _require_lendable(session, person, delegate_id, known, at, ends_at)
    _require_held(session, person, known, at)
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, Action.DELEGATE_ROLE, resource)
    delegation = Delegation(
        delegation_id=delegation_id,
        workspace_id=person.workspace_id,
        delegator_id=person.user_id,
        delegate_id=delegate_id,
        role=known.value,
        granted_at=after_opened(session, person.workspace_id, at),
        ends_at=ends_at,
    )
    session.add(delegation)
    session.flush()
    detail = {"role": known.value, "delegate": delegate_id, "ends_at": ends_at.isoformat()}
    _log(session, audit, person, "delegation.granted", delegation, detail, at)
    return delegation


def revoke_delegation(
    session: Session, audit: AuditLog, *, delegation_id: str, person: Person, at: datetime
) -> Delegation:
    """End a delegation now: who lent the role may, and an admin; doing it again changes nothing.

    Raises NotFoundError, NotAuthorisedError, and DelegationEndedError for one whose end has passed.
    """
    query = select(Delegation).where(Delegation.delegation_id == delegation_id).with_for_update()
    delegation = session.exec(query.execution_options(populate_existing=True)).first()
    if delegation is None or delegation.workspace_id != person.workspace_id:
        raise NotFoundError(f"there is no delegation {delegation_id}", value=delegation_id)
    resource = Resource("delegation", delegation.delegator_id, delegation.workspace_id, delegation_id)
    require_authority(person, Action.REVOKE_DELEGATION, resource)
    if delegation.revoked_at is not None:
        return delegation
    if delegation.ends_at <= at:
        raise DelegationEndedError(
            f"this delegation ended at {delegation.ends_at.isoformat()}; there is nothing to take back",
            value=delegation.ends_at.isoformat(),
        )
    delegation.revoked_at, delegation.revoked_by = at, person.user_id
    session.add(delegation)
    session.flush()
    detail = {"role": delegation.role, "delegate": delegation.delegate_id}
    _log(session, audit, person, "delegation.revoked", delegation, detail, at)
    return delegation


def delegations_of(session: Session, workspace_id: str) -> Sequence[Delegation]:
    """Return every delegation of a workspace, the newest first, ended ones too."""
    query = select(Delegation).where(Delegation.workspace_id == workspace_id)
    return session.exec(query.order_by(col(Delegation.delegation_id).desc())).all()


def lent_to(session: Session, user_id: str, *, opened_at: datetime, at: datetime) -> Sequence[Delegation]:
    """Return what a user may sign with for an approval opened at `opened_at`, the oldest first.

    A delegation counts when it was there before the approval and has neither ended nor been taken back by `at`, and
    when who lent the role still holds it, since before the approval, as their own.
    """
    session.flush()
    asked = {"delegate": user_id, "opened": opened_at, "now": at}
    found = [row_object(Delegation, row) for row in _LENT.mappings(session, **asked)]
    return [each for each in found if Role(each.role) in held_since(session, each.delegator_id, opened_at)]


def held_since(session: Session, user_id: str, opened_at: datetime) -> frozenset[Role]:
    """Return the roles that a user holds now and has held since before an approval was opened.

    Whoever was let in again after that holds none for it.
    """
    access, grants = standing_of(session, user_id)
    if access is None or (access.enabled_at is not None and access.enabled_at > opened_at):
        return frozenset()
    return frozenset(held.role for held in held_roles(access, grants) if held.granted_at <= opened_at)


def _require_lendable(
    session: Session, person: Person, delegate_id: str, role: Role, at: datetime, ends_at: datetime
) -> None:
    if role not in LENDABLE:
        raise DelegationError(
            f"the role {role.value} is not lent; roles that are: {', '.join(sorted(LENDABLE))}",
            value=role.value,
        )
    if delegate_id == person.user_id:
        raise DelegationError("a role is lent to somebody else; you hold it already", value=delegate_id)
    if get_user(session, person.workspace_id, delegate_id).disabled_at is not None:
        raise DelegationError("this user is disabled and cannot sign; choose another", value=delegate_id)
    if not at < ends_at <= at + LONGEST:
        raise DelegationError(
            f"the delegation would end at {ends_at.isoformat()}; it must end later than now and within "
            f"{LONGEST.days} days, by {(at + LONGEST).isoformat()}",
            value=ends_at.isoformat(),
        )


def _require_held(session: Session, person: Person, role: Role, at: datetime) -> None:
    if role in person.roles & {held.role for held in roles_of(session, person.user_id, at)}:
        return
    if any(each.role == role for each in lent_to(session, person.user_id, opened_at=at, at=at)):
        raise DelegatedDelegationError(
            f"the role {role.value} was lent to you, so you cannot lend it on; ask who holds it",
            value=role.value,
        )
    raise NotAuthorisedError(
        f"you do not hold the role {role.value}, so you cannot lend it", value=role.value
    )


def _log(
    session: Session,
    audit: AuditLog,
    person: Person,
    action: str,
    delegation: Delegation,
    detail: dict[str, str],
    at: datetime,
) -> None:
    audit.append(
        session,
        workspace_id=person.workspace_id,
        at=at,
        actor=person.user_id,
        action=action,
        subject=delegation.delegation_id,
        detail=dict(detail),
        rows=(delegation,),
    )
