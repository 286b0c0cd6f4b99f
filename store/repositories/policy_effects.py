"""What an approved policy change does to the workspace, and the second half of a key that it issues."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue
from sqlmodel import Session, SQLModel

from policies.errors import ConflictError, InvalidInputError, NotAuthorisedError
from policies.policy_change import (
    SIGNING_ROLES,
    AddUser,
    AddWebhook,
    ApproveClaim,
    Change,
    GrantRole,
    IssueKey,
    SetRules,
    read_change,
)
from policies.proposal import digest_of
from store.audit import AuditLog
from store.ids import IdSource
from store.keys import half_sha256, joined_sha256, new_half
from store.repositories.approvals import signatures_of
from store.repositories.instants import after_opened
from store.repositories.issued_keys import issued_alone, live_keys
from store.repositories.notifications import add_webhook
from store.repositories.proposal_risk import CLAIM
from store.repositories.resolutions import YES
from store.repositories.workspaces import (
    add_user,
    get_user,
    get_workspace,
    grant_role,
    user_by_name,
)
from store.tables import ApiKey, Approval, Document, Proposal, RoleGrant, User

Detail = dict[str, JsonValue]


class Effect(NamedTuple):
    """What the log says of a change that took effect, and the rows of people that it tells of."""

    detail: Detail
    rows: tuple[SQLModel, ...] = ()


class KeyNotReadyError(ConflictError):
    """The change that issues this key has not taken effect, or its half was taken already."""

    code = "key_not_ready"


class SignerHalf(NamedTuple):
    """The half of a key that who signed hands over; together with the author's it signs the user in."""

    user: User
    label: str
    half: str


def take_effect(
    session: Session, *, ids: IdSource, proposal: Proposal, change: Change, at: datetime
) -> Effect:
    """Carry out a policy change in the caller's transaction and return what the log should say of it."""
    workspace_id, author = proposal.workspace_id, proposal.author_id
    match change:
        case AddUser(name=name, roles=roles):
            user = add_user(session, ids=ids, at=at, workspace_id=workspace_id, name=name, invited_by=author)
            grants = [_grant(session, ids, proposal, user.user_id, role, at) for role in roles]
            return Effect({"user": user.user_id, "roles": ",".join(sorted(roles))}, (user, *grants))
        case GrantRole(user_id=user_id, role=role):
            grant = _grant(session, ids, proposal, user_id, role, at)
            revoked = _revoke_seen(session, user_id, at) if role in SIGNING_ROLES else []
            named: list[JsonValue] = [key.key_id for key in revoked]
            detail: Detail = {"user": user_id, "roles": role.value, "keys_revoked": named}
            return Effect(detail, (grant, *revoked))
        case IssueKey(user_id=user_id):
            return Effect({"user": user_id})
        case SetRules(rules=rules):
            get_workspace(session, workspace_id).rules = rules.model_dump(mode="json")
            return Effect({"rules": rules.digest()})
        case AddWebhook(url=url):
            made = add_webhook(session, ids=ids, workspace_id=workspace_id, url=url, added_by=author, at=at)
            return Effect({"webhook": made.webhook_id})
        case ApproveClaim(document_id=document_id, title=title, text=text):
            session.add(
                Document(
                    workspace_id=workspace_id,
                    document_id=document_id,
                    kind=CLAIM,
                    title=title,
                    text=text,
                    updated_at=at,
                )
            )
            return Effect({"document": document_id})


def take_signer_half(
    session: Session, audit: AuditLog, *, approval: Approval, proposal: Proposal, user_id: str, at: datetime
) -> SignerHalf:
    """Make the half of a key that its signer hands over, once; only both halves together sign in.

    The author knows the other half and never this one. Raises InvalidInputError for a change that issues no key,
    NotAuthorisedError for anybody who did not sign it, KeyNotReadyError before it took effect and for a second time.
    """
    change = read_change(proposal.canonical_json).change
    if not isinstance(change, AddUser | IssueKey):
        raise InvalidInputError(f"this change issues no key: {change.type.value}", value=change.type.value)
    signed = {each.user_id for each in signatures_of(session, approval.approval_id) if each.answer in YES}
    if user_id not in signed or user_id == proposal.author_id:
        raise NotAuthorisedError(
            "who signed this change hands over the second half of the key; the author has the first",
            value=user_id,
        )
    if proposal.status != "launched" or digest_of(proposal.canonical_json) != approval.digest:
        raise KeyNotReadyError("this change has not taken effect yet", value=proposal.status)
    if session.get(ApiKey, proposal.proposal_id) is not None:
        raise KeyNotReadyError(
            "the second half of this key was handed over already; if it is lost, propose another key",
            value=proposal.proposal_id,
        )
    user, label = _holder(session, proposal.workspace_id, change)
    half = new_half()
    key = ApiKey(
        key_id=proposal.proposal_id,
        workspace_id=proposal.workspace_id,
        user_id=user.user_id,
        sha256=joined_sha256(change.key_half_sha256, half_sha256(half)),
        label=label,
        issued_by=proposal.author_id,
        created_at=after_opened(session, proposal.workspace_id, at),
    )
    session.add(key)
    audit.append(
        session,
        workspace_id=proposal.workspace_id,
        at=at,
        actor=user_id,
        action="user.key_issued",
        subject=user.user_id,
        detail={"key_id": proposal.proposal_id, "approval": approval.approval_id},
        rows=(key,),
    )
    return SignerHalf(user, label, half)


def _holder(session: Session, workspace_id: str, change: AddUser | IssueKey) -> tuple[User, str]:
    if isinstance(change, AddUser):
        return user_by_name(session, workspace_id, change.name), "first key"
    return get_user(session, workspace_id, change.user_id), change.label


def _grant(
    session: Session, ids: IdSource, proposal: Proposal, user_id: str, role: str, at: datetime
) -> RoleGrant:
    return grant_role(
        session,
        ids=ids,
        at=at,
        workspace_id=proposal.workspace_id,
        user_id=user_id,
        role=role,
        granted_by=proposal.author_id,
    )


def _revoke_seen(session: Session, user_id: str, at: datetime) -> list[ApiKey]:
    """Revoke the keys of a new approver that one person has seen whole, and return them."""
    seen = [key for key in live_keys(session, user_id) if issued_alone(session, key)]
    for key in seen:
        key.revoked_at = at
    return seen
