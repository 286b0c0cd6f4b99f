"""Policy changes: proposed by one person, put to the approvers as any proposal is. What they do is in `policy_effects`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session, col, select

from policies.authority import (
    Action,
    Person,
    Resource,
    Role,
    SignatureFacts,
    require_authority,
    required_signatures,
)
from policies.authority.roles import read_roles
from policies.authority.signatures import CLAIM_SIGNATURES
from policies.errors import ConflictError, InvalidInputError
from policies.policy_change import (
    KIND,
    PROPOSED_WITH,
    SIGNING_ROLES,
    AddUser,
    AddWebhook,
    ApproveClaim,
    Change,
    GrantRole,
    IssueKey,
    SetRules,
    freeze_change,
)
from policies.workspace_rules import WorkspaceRules
from store.audit import AuditLog
from store.ids import IdSource
from store.repositories.approvals import open_approval
from store.repositories.proposal_risk import approved_claims
from store.repositories.proposing import log_frozen
from store.repositories.signing import who_may_sign
from store.repositories.workspaces import (
    IssuedKey,
    NameTakenError,
    UserNotFoundError,
    add_user,
    checked_name,
    get_user,
    get_workspace,
    grant_role,
    issue_key,
    roles_of,
    user_by_name,
)
from store.tables import Approval, Proposal, RoleGrant, Webhook, Workspace

NO_MODEL = "none"
SCHEMA = "policy_change/1"
"""What stands where a campaign's proposal names its model and its graph."""


class NothingChangesError(ConflictError):
    """What is proposed holds already."""

    code = "nothing_changes"


class NobodyCanSignError(ConflictError):
    """Nobody but the author could sign this, so it could never take effect."""

    code = "nobody_can_sign"


class UserDisabledError(ConflictError):
    """A user who is shut out gets no role and no key."""

    code = "user_disabled"


class Proposed(NamedTuple):
    """A policy change before its approvers."""

    proposal: Proposal
    approval: Approval


def propose_change(
    session: Session,
    audit: AuditLog,
    *,
    ids: IdSource,
    person: Person,
    change: Change,
    reason: str,
    at: datetime,
) -> Proposed:
    """Freeze a policy change and put it to the approvers; nothing else changes before somebody else has signed it.

    Raises NotAuthorisedError, NothingChangesError, NobodyCanSignError, NameTakenError or UserNotFoundError.
    """
    require_proposer(person, change)
    workspace = get_workspace(session, person.workspace_id)
    require_possible(session, workspace, change)
    rules = WorkspaceRules.model_validate(workspace.rules)
    frozen = freeze_change(change, reason=reason, rules=rules)
    proposal = Proposal(
        proposal_id=ids.new(),
        workspace_id=person.workspace_id,
        thread_id=ids.new(),
        author_id=person.user_id,
        kind=KIND,
        digest=frozen.digest,
        canonical_json=frozen.canonical_json,
        model=NO_MODEL,
        graph_version=SCHEMA,
        created_at=at,
    )
    session.add(proposal)
    session.flush()
    approval = open_approval(
        session,
        approval_id=ids.new(),
        proposal=proposal,
        required=CLAIM_SIGNATURES
        if isinstance(change, ApproveClaim)
        else required_signatures(KIND, SignatureFacts()),
        at=at,
        expires_at=at + timedelta(days=rules.approval_days),
    )
    if not who_may_sign(session, approval, proposal, (), at):
        raise NobodyCanSignError(
            "nobody but you could sign this change, and a change of the rules needs two people; invite the second "
            f"person first: countersign users add NAME --role {_signer_of(change)}",
            value=person.user_id,
        )
    log_frozen(session, audit, proposal, approval, at)
    return Proposed(proposal, approval)


def require_proposer(person: Person, change: Change) -> None:
    """Raise NotAuthorisedError unless a person may propose this change."""
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, PROPOSED_WITH[change.type], resource)


def require_possible(session: Session, workspace: Workspace, change: Change) -> None:
    """Raise unless a change would change something now: NameTakenError, UserNotFoundError, NothingChangesError."""
    match change:
        case AddUser(name=name):
            _require_free(session, workspace.workspace_id, name)
        case GrantRole(role=role):
            _require_active(session, workspace.workspace_id, change)
            if role in {held.role for held in roles_of(session, change.user_id)}:
                raise NothingChangesError(
                    f"{change.name} holds the role {role.value} already", value=role.value
                )
        case IssueKey(label=label):
            checked_name(label)
            _require_active(session, workspace.workspace_id, change)
        case SetRules(changes=changes):
            if not changes:
                raise NothingChangesError("these are the rules in force; nothing would change")
        case AddWebhook(url=url):
            told = select(Webhook).where(
                Webhook.workspace_id == workspace.workspace_id,
                Webhook.url == url,
                col(Webhook.removed_at).is_(None),
            )
            if session.exec(told).first() is not None:
                raise NothingChangesError(f"{url} is told already", value=url)
        case ApproveClaim(text=text):
            if text in approved_claims(session, workspace.workspace_id):
                raise NothingChangesError("this claim is approved already", value=text)


def is_first_invitation(session: Session, person: Person) -> bool:
    """Whether nobody but this person has ever held a role that signs, so that there is nobody to ask.

    The workspace is locked, so that of two invitations at once the second finds the first.
    """
    session.exec(
        select(Workspace).where(Workspace.workspace_id == person.workspace_id).with_for_update()
    ).one()
    held = select(RoleGrant.user_id).where(
        RoleGrant.workspace_id == person.workspace_id,
        col(RoleGrant.role).in_(sorted(SIGNING_ROLES)),
    )
    return set(session.exec(held)) == {person.user_id}


def invite_second(
    session: Session,
    audit: AuditLog,
    *,
    ids: IdSource,
    person: Person,
    name: str,
    roles: tuple[str, ...],
    at: datetime,
) -> IssuedKey:
    """Add the second person of a home that has one, with a key, at once; it happens once, and the log says so.

    Raises NotAuthorisedError, ConflictError once there has been a second person, InvalidInputError without a role that
    signs, NameTakenError.
    """
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, Action.MANAGE_USERS, resource)
    if not is_first_invitation(session, person):
        raise ConflictError("the second person was invited already; propose further ones", value=name)
    if not read_roles(roles) & SIGNING_ROLES:
        raise InvalidInputError(
            f"the second person must be able to sign: give one of {', '.join(sorted(SIGNING_ROLES))}",
            value=", ".join(roles),
        )
    user = add_user(
        session,
        ids=ids,
        at=at,
        workspace_id=person.workspace_id,
        name=name,
        invited_by=person.user_id,
    )
    grants = [
        grant_role(
            session,
            ids=ids,
            at=at,
            workspace_id=person.workspace_id,
            user_id=user.user_id,
            role=role,
            granted_by=person.user_id,
        )
        for role in roles
    ]
    key = issue_key(
        session, ids=ids, at=at, workspace_id=person.workspace_id, user_id=user.user_id, label="first key"
    )
    audit.append(
        session,
        workspace_id=person.workspace_id,
        at=at,
        actor=person.user_id,
        action="user.second_invited",
        subject=user.user_id,
        detail={"roles": ",".join(sorted(roles)), "key_id": key.key.key_id},
        rows=(user, *grants, key.key),
    )
    return key


def _signer_of(change: Change) -> Role:
    return Role.LEGAL if isinstance(change, ApproveClaim) else Role.CAMPAIGN_MANAGER


def _require_free(session: Session, workspace_id: str, name: str) -> None:
    try:
        user_by_name(session, workspace_id, checked_name(name))
    except UserNotFoundError:
        return
    raise NameTakenError(f'a user named "{name}" exists already; choose another name', value=name)


def _require_active(session: Session, workspace_id: str, change: GrantRole | IssueKey) -> None:
    if get_user(session, workspace_id, change.user_id).disabled_at is not None:
        raise UserDisabledError(
            f"{change.name} is disabled and gets no role and no key; let them in again first",
            value=change.name,
        )
