"""The outbox of notifications: what is to be told becomes rows, and each row is told by a job of its own."""

from __future__ import annotations

from typing import NamedTuple

from delivery.notifications.mail import Mailer
from delivery.notifications.notice import Notice, compose
from delivery.notifications.webhook import post
from delivery.ports import Ports
from store.keys import WebhookKeys
from store.repositories.approvals import get_approval
from store.repositories.notifications import (
    Recipient,
    address_of,
    addresses,
    get_notification,
    note_missing,
    webhooks_of,
)
from store.repositories.workspaces import all_workspaces
from store.tables import Webhook
from store.threads import in_thread


class Letter(NamedTuple):
    """What is sent where: exactly one of an address and a webhook."""

    notice: Notice
    email: str | None = None
    webhook: Webhook | None = None


class Notifications:
    """Tells users and webhooks about approvals. Without a mailer nobody is written to; webhooks need none."""

    def __init__(self, ports: Ports, *, mailer: Mailer | None, keys: WebhookKeys, public_url: str) -> None:
        self._ports = ports
        self._mailer = mailer
        self._keys = keys
        self._public_url = public_url

    def sweep(self) -> int:
        """Add a row for everything that has happened and was not told; return how many."""
        by_workspace = self._recipients()
        if not by_workspace:
            return 0
        at = self._ports.clock.now()
        with self._ports.database.write() as session:
            return sum(
                note_missing(
                    session, ids=self._ports.ids, workspace_id=workspace_id, recipients=recipients, at=at
                )
                for workspace_id, recipients in by_workspace.items()
            )

    async def tell(self, notification_id: str) -> None:
        """Tell one recipient; MailError or WebhookError where it was not taken. What is out of date is let go."""
        letter = await in_thread(self._letter, notification_id)
        if letter is None:
            return
        if letter.webhook is not None:
            secret = self._keys.secret_of(letter.webhook.webhook_id)
            await post(letter.webhook.url, secret=secret, message_id=notification_id, body=letter.notice.body)
        elif letter.email is not None and self._mailer is not None:
            await self._mailer.send(
                to=letter.email,
                subject=letter.notice.subject,
                text=letter.notice.text,
                message_id=notification_id,
            )

    def _recipients(self) -> dict[str, list[Recipient]]:
        found: dict[str, list[Recipient]] = {}
        with self._ports.database.read() as session:
            for workspace in all_workspaces(session):
                for webhook in webhooks_of(session, workspace.workspace_id):
                    hook = Recipient("webhook", webhook.webhook_id, webhook.added_at)
                    found.setdefault(workspace.workspace_id, []).append(hook)
        if self._mailer is not None:
            with self._ports.database.identity_read() as identity:
                for address in addresses(identity):
                    user = Recipient("email", address.user_id, address.set_at)
                    found.setdefault(address.workspace_id, []).append(user)
        return found

    def _letter(self, notification_id: str) -> Letter | None:
        with self._ports.database.read() as session:
            row = get_notification(session, notification_id)
            approval = get_approval(session, row.workspace_id, row.approval_id)
            if row.event != "approval.resolved" and approval.status != "pending":
                return None
            notice = compose(session, row, approval, public_url=self._public_url)
            if row.medium == "webhook":
                webhook = session.get(Webhook, row.recipient)
                return (
                    None
                    if webhook is None or webhook.removed_at is not None
                    else Letter(notice, None, webhook)
                )
        with self._ports.database.identity_read() as identity:
            address = address_of(identity, row.workspace_id, row.recipient)
        return None if address is None else Letter(notice, address.email)
