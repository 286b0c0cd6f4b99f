"""Notifications and webhooks as text."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from api.cli.show.marks import table

Json = Any
"""A JSON answer of the API, shown field by field."""


def show_notifications(out: Console, found: Json) -> None:
    """Draw what was told to whom, and what was not taken."""
    if not found:
        out.print(
            "Nobody was told anything yet. Set your address with `countersign notifications email`, or add a webhook."
        )
        return
    made = table("when", "event", "approval", "by", "to", "state")
    for each in found:
        state = "delivered" if each["delivered_at"] else ("waiting" if each["due_at"] else "let go")
        if each["failure"] and not each["delivered_at"]:
            state += f", failed {each['failures']}x: {each['failure']}"
        made.add_row(each["created_at"][:16], each["event"], each["approval_id"], each["medium"],
                     each["recipient"], escape(state))  # fmt: skip
    out.print(made)


def show_address(out: Console, found: Json) -> None:
    """Say where the user is written to."""
    where = found["email"]
    out.print(f"You are written to at {escape(where)}." if where else "You are written to nowhere.")
    if where:
        out.print(
            "The address is verified."
            if found["verified"]
            else "It is not verified: `countersign notifications verify`."
        )
    if where and not found["mail_is_configured"]:
        out.print("This home has no mail server yet: set COUNTERSIGN_SMTP_HOST where it is served.")


def show_webhooks(out: Console, found: Json) -> None:
    """Draw the webhooks."""
    made = table("webhook", "address", "since")
    for each in found:
        made.add_row(each["webhook_id"], escape(each["url"]), each["added_at"][:10])
    out.print(made if found else "No webhook yet. Add one with `countersign webhooks add URL`.")


def show_webhook(out: Console, made: Json) -> None:
    """Show a webhook with its secret."""
    out.print(f"{escape(made['url'])} is told of every approval, as webhook {made['webhook_id']}.")
    out.print(f"Check its messages with this secret: {escape(made['secret'])}")


def show_removed(out: Console, done: Json) -> None:
    """Say that a webhook is gone."""
    out.print(f"Webhook {done['webhook_id']} is told nothing any more.")
