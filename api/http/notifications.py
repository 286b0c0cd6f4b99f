"""Who is told about approvals: a user's own address, webhooks, and what became of each message."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.http.address_codes import send_code, verify_code
from api.http.policy_changes import propose
from api.http.signing_in import Caller, SignedIn
from api.views.numbers import View
from api.views.policy_change import ProposedView
from delivery.notifications.mail import checked_address
from delivery.notifications.webhook import checked_url
from policies.authority import Action
from policies.policy_change import LONGEST_REASON, AddWebhook
from policies.privacy import require_no_address
from store.keys import WebhookKeys
from store.repositories.notifications import (
    address_of,
    forget_mail_to,
    get_webhook,
    notifications_of,
    remove_webhook,
    set_address,
    webhooks_of,
)
from store.tables import Webhook
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["notifications"])
_SHOWN = 100


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddressIn(_In):
    """Where you are written to; null for nowhere."""

    email: str | None = Field(max_length=320)


class CodeIn(_In):
    """The code that was sent to your address."""

    code: str = Field(min_length=1, max_length=100)


class AddressOut(View):
    """Where you are written to about approvals, whether you have shown that you read it, and whether this home can send mail.

    Test messages go to verified addresses only.
    """

    email: str | None
    verified: bool
    mail_is_configured: bool


class WebhookIn(_In):
    url: str = Field(min_length=1, max_length=2_000)
    reason: str = Field(default="", max_length=LONGEST_REASON)


class WebhookOut(View):
    webhook_id: str
    url: str
    added_at: datetime


class NewWebhookOut(WebhookOut):
    """A webhook with the secret that its messages are signed with."""

    secret: str


class NotificationOut(View):
    """One message: what, to whom (a user's or a webhook's id), and what became of it."""

    notification_id: str
    approval_id: str
    event: str
    medium: str
    recipient: str
    created_at: datetime
    delivered_at: datetime | None
    due_at: datetime | None
    failures: int
    failure: str | None


@router.get("/me/email")
async def own_address(caller: SignedIn) -> AddressOut:
    """Show where you are written to."""
    return await in_thread(_address, caller)


@router.put("/me/email")
async def set_own_address(caller: SignedIn, given: AddressIn) -> AddressOut:
    """Be written to about approvals that you may sign and proposals that you had a part in, at this address or at none."""
    email = None if given.email is None else checked_address(given.email)
    done = await in_thread(_set_address, caller, email)
    caller.app.engine.wake()
    return done


@router.post("/me/email/code", status_code=202)
async def code_sent(caller: SignedIn) -> AddressOut:
    """Send a code to your address; giving it back shows that you read it."""
    await send_code(caller)
    return await in_thread(_address, caller)


@router.post("/me/email/verify")
async def address_verified(caller: SignedIn, given: CodeIn) -> AddressOut:
    """Show that you read your address by the code that was sent there."""
    await in_thread(verify_code, caller, given.code)
    return await in_thread(_address, caller)


@router.get("/webhooks")
async def webhooks(caller: SignedIn) -> list[WebhookOut]:
    """List the addresses that are told of every approval."""
    caller.require(Action.MANAGE_WEBHOOKS)

    def read() -> list[WebhookOut]:
        with caller.app.database.read() as session:
            return [_webhook(found) for found in webhooks_of(session, caller.workspace_id)]

    return await in_thread(read)


@router.post("/webhooks", status_code=202)
async def webhook_proposed(caller: SignedIn, given: WebhookIn) -> ProposedView:
    """Propose that an address is told of every approval; it is, once somebody else has signed that."""
    caller.require(Action.MANAGE_WEBHOOKS)
    require_no_address("the reason", given.reason)
    change = AddWebhook(url=checked_url(given.url))
    return await propose(caller, lambda _: change, given.reason)


@router.post("/webhooks/{webhook_id}/secret")
async def secret_shown(caller: SignedIn, webhook_id: str) -> NewWebhookOut:
    """Show the secret that a webhook's messages are signed with, as Standard Webhooks; the log says that you asked."""
    caller.require(Action.MANAGE_WEBHOOKS)
    return await in_thread(_show_secret, caller, webhook_id)


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def webhook_removed(caller: SignedIn, webhook_id: str) -> None:
    """Tell an address nothing any more."""
    caller.require(Action.MANAGE_WEBHOOKS)
    await in_thread(_remove_webhook, caller, webhook_id)


@router.get("/notifications")
async def listed(caller: SignedIn) -> list[NotificationOut]:
    """List the newest messages about approvals with what became of them."""
    caller.require(Action.VIEW)

    def read() -> list[NotificationOut]:
        with caller.app.database.read() as session:
            found = notifications_of(session, caller.workspace_id, limit=_SHOWN)
            return [NotificationOut.model_validate(row, from_attributes=True) for row in found]

    return await in_thread(read)


def _address(caller: Caller) -> AddressOut:
    with caller.app.database.identity_read() as identity:
        found = address_of(identity, caller.workspace_id, caller.person.user_id)
    configured = caller.app.settings.smtp.host is not None
    return AddressOut(
        email=None if found is None else found.email,
        verified=found is not None and found.verified_at is not None,
        mail_is_configured=configured,
    )


def _set_address(caller: Caller, email: str | None) -> AddressOut:
    app, user_id = caller.app, caller.person.user_id
    at = app.clock.now()
    with app.database.write() as session:
        if email is None:
            forget_mail_to(session, caller.workspace_id, user_id)
        _log(caller, session, "user.address_set" if email else "user.address_removed", user_id, at)
    with app.database.identity_write() as identity:
        set_address(identity, workspace_id=caller.workspace_id, user_id=user_id, email=email, at=at)
    return _address(caller)


def _show_secret(caller: Caller, webhook_id: str) -> NewWebhookOut:
    app = caller.app
    with app.database.write() as session:
        found = get_webhook(session, caller.workspace_id, webhook_id)
        _log(caller, session, "webhook.secret_shown", webhook_id, app.clock.now())
        secret = WebhookKeys(app.home.keys_dir).secret_of(webhook_id)
        return NewWebhookOut(**_webhook(found).model_dump(), secret=secret)


def _remove_webhook(caller: Caller, webhook_id: str) -> None:
    at = caller.app.clock.now()
    with caller.app.database.write() as session:
        remove_webhook(session, caller.workspace_id, webhook_id, at)
        _log(caller, session, "webhook.removed", webhook_id, at)


def _webhook(found: Webhook) -> WebhookOut:
    return WebhookOut(webhook_id=found.webhook_id, url=found.url, added_at=found.added_at)


def _log(caller: Caller, session: Session, action: str, subject: str, at: datetime) -> None:
    caller.app.audit.append(
        session,
        workspace_id=caller.workspace_id,
        at=at,
        actor=caller.person.user_id,
        action=action,
        subject=subject,
        detail={},
    )
