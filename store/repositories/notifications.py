"""Webhooks, users' addresses, and the outbox of what is told about approvals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.authority import Role
from policies.errors import NotFoundError
from store.bulk import insert_rows
from store.ids import IdSource
from store.repositories.approvals import missing_of
from store.repositories.campaigns import get_proposal
from store.repositories.proposal_authors import contributors
from store.repositories.workspaces import roles_of, users_of
from store.tables import Approval, Notification, Webhook
from store.tables.identity import UserAddress

Event = Literal["approval.opened", "approval.escalated", "approval.resolved"]
Medium = Literal["email", "webhook"]


class Recipient(NamedTuple):
    """Who is told: a user's address or a webhook, and since when; nothing older is told but what still waits."""

    medium: Medium
    key: str
    since: datetime


def add_webhook(
    session: Session, *, ids: IdSource, workspace_id: str, url: str, added_by: str, at: datetime
) -> Webhook:
    """Tell an address of every approval from now on."""
    webhook = Webhook(
        webhook_id=ids.new(at), workspace_id=workspace_id, url=url, added_by=added_by, added_at=at
    )
    session.add(webhook)
    session.flush()
    return webhook


def webhooks_of(session: Session, workspace_id: str) -> Sequence[Webhook]:
    """Return the webhooks that are told, the oldest first."""
    query = select(Webhook).where(Webhook.workspace_id == workspace_id, col(Webhook.removed_at).is_(None))
    return session.exec(query.order_by(col(Webhook.webhook_id))).all()


def get_webhook(session: Session, workspace_id: str, webhook_id: str) -> Webhook:
    """Return a webhook that is told; NotFoundError for an unknown, a foreign or a removed one."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or webhook.workspace_id != workspace_id or webhook.removed_at is not None:
        raise NotFoundError(f"there is no webhook {webhook_id}", value=webhook_id)
    return webhook


def remove_webhook(session: Session, workspace_id: str, webhook_id: str, at: datetime) -> None:
    """Tell an address nothing any more, not even what was due; NotFoundError for an unknown one."""
    get_webhook(session, workspace_id, webhook_id).removed_at = at
    _let_go(session, workspace_id, "webhook", webhook_id)


def set_address(
    identity: Session, *, workspace_id: str, user_id: str, email: str | None, at: datetime
) -> None:
    """Write to a user at this address from now on, or at none; one address a user."""
    found = identity.get(UserAddress, (workspace_id, user_id))
    if found is not None:
        identity.delete(found)
        identity.flush()
    if email is not None:
        identity.add(UserAddress(workspace_id=workspace_id, user_id=user_id, email=email, set_at=at))
        identity.flush()


def address_of(identity: Session, workspace_id: str, user_id: str) -> UserAddress | None:
    """Return where a user is written to."""
    return identity.get(UserAddress, (workspace_id, user_id))


def addresses(identity: Session) -> Sequence[UserAddress]:
    """Return the addresses of all users of all workspaces."""
    return identity.exec(select(UserAddress)).all()


def forget_mail_to(session: Session, workspace_id: str, user_id: str) -> None:
    """Send a user nothing that was still due."""
    _let_go(session, workspace_id, "email", user_id)


def note_missing(
    session: Session, *, ids: IdSource, workspace_id: str, recipients: Sequence[Recipient], at: datetime
) -> int:
    """Add a due row for everything that a recipient should be told and has no row of; return how many were added."""
    rows = [
        Notification(
            notification_id=ids.new(at),
            workspace_id=workspace_id,
            approval_id=approval_id,
            event=event,
            medium=recipient.medium,
            recipient=recipient.key,
            created_at=at,
            due_at=at,
        ).model_dump()
        for recipient in recipients
        for approval_id, event in _untold(session, workspace_id, recipient)
    ]
    insert_rows(session, Notification, rows, keep=True)
    return len(rows)


def get_notification(session: Session, notification_id: str) -> Notification:
    """Return one row of the outbox; NotFoundError when there is none."""
    found = session.get(Notification, notification_id)
    if found is None:
        raise NotFoundError(f"there is no notification {notification_id}", value=notification_id)
    return found


def notifications_of(session: Session, workspace_id: str, *, limit: int) -> Sequence[Notification]:
    """Return what was told or is to be, the newest first."""
    query = select(Notification).where(Notification.workspace_id == workspace_id)
    return session.exec(query.order_by(col(Notification.notification_id).desc()).limit(limit)).all()


def may_still_sign(session: Session, approval: Approval) -> frozenset[str]:
    """Return the users whose signature could fill one that is missing: role holders without a part in the proposal."""
    wanted = {Role(name) for names in missing_of(session, approval) for name in names}
    parts = contributors(session, get_proposal(session, approval.workspace_id, approval.proposal_id))
    return frozenset(
        user.user_id
        for user in users_of(session, approval.workspace_id)
        if user.disabled_at is None
        and user.user_id not in parts
        and wanted
        & {held.role for held in roles_of(session, user.user_id) if held.granted_at <= approval.opened_at}
    )


def _untold(session: Session, workspace_id: str, recipient: Recipient) -> Iterator[tuple[str, Event]]:
    pending = col(Approval.status) == "pending"
    since = recipient.since
    for event, happened in (
        ("approval.opened", pending),
        ("approval.escalated", pending & col(Approval.escalated_at).is_not(None)),
        ("approval.resolved", ~pending & (col(Approval.resolved_at) >= since)),
    ):
        told = sa.exists().where(
            col(Notification.approval_id) == col(Approval.approval_id),
            col(Notification.event) == event,
            col(Notification.medium) == recipient.medium,
            col(Notification.recipient) == recipient.key,
        )
        query = select(Approval).where(Approval.workspace_id == workspace_id, happened, ~told)
        for approval in session.exec(query.order_by(col(Approval.approval_id))):
            if recipient.medium == "webhook" or recipient.key in _readers(session, approval, event):
                yield approval.approval_id, event  # type: ignore[misc]  # one of the literals above


def _readers(session: Session, approval: Approval, event: str) -> frozenset[str]:
    """Who is written to: those who may sign while it waits, the authors once it is over."""
    if event == "approval.resolved":
        return contributors(session, get_proposal(session, approval.workspace_id, approval.proposal_id))
    return may_still_sign(session, approval)


def _let_go(session: Session, workspace_id: str, medium: Medium, key: str) -> None:
    session.connection().execute(
        sa.update(Notification)
        .where(
            col(Notification.workspace_id) == workspace_id,
            col(Notification.medium) == medium,
            col(Notification.recipient) == key,
        )
        .values(due_at=None)
    )
