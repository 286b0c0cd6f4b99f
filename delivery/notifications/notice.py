"""What is said about an approval: the same facts as an e-mail and as a webhook's body. No customer stands in it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from policies.proposal import Content, parse
from store.repositories.approvals import missing_of
from store.repositories.campaigns import get_proposal
from store.tables import Approval, Notification

_SUBJECTS = {
    "approval.opened": "Your signature is asked for",
    "approval.escalated": "An approval waits, and you may sign it now",
    "approval.resolved": "An approval is {status}",
}


class Notice(NamedTuple):
    """One notification in its two forms: subject and text of an e-mail, JSON body of a webhook."""

    subject: str
    text: str
    body: str


def compose(session: Session, notification: Notification, approval: Approval, *, public_url: str) -> Notice:
    """Return what a notification says; its link only shows, whatever opens it."""
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    link = f"{public_url.rstrip('/')}/approvals/{approval.approval_id}"
    what = parse(proposal.canonical_json) if proposal.kind == "campaign" else None
    subject = _SUBJECTS[notification.event].format(status=_words(approval.status))
    lines = [
        f"{subject}.",
        "",
        *(_campaign(what) if what is not None else [f"Kind: {_words(proposal.kind)}"]),
        *_state(approval, missing_of(session, approval)),
        f"Digest: {approval.digest}",
        "",
        f"Read and answer it here: {link}",
        f"Or: countersign approvals show {approval.approval_id}",
        "",
        "Opening the link decides nothing. You are written to because you set this address in Countersign.",
    ]
    data = {
        "approval_id": approval.approval_id,
        "proposal_id": approval.proposal_id,
        "campaign_id": proposal.campaign_id,
        "kind": proposal.kind,
        "status": approval.status,
        "digest": approval.digest,
        "missing": [list(names) for names in missing_of(session, approval)],
        "expires_at": _iso(approval.expires_at),
        "resolved_at": _iso(approval.resolved_at),
        "url": link,
    }
    body = {
        "type": notification.event,
        "id": notification.notification_id,
        "timestamp": _iso(notification.created_at),
        "data": data,
    }
    return Notice(
        subject, "\n".join(lines) + "\n", json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    )


def _campaign(content: Content) -> list[str]:
    envelope = content.envelope
    return [
        f"Objective: {content.objective.quote}",
        f"Audience: {content.number(content.audience.net)} people",
        f"Dates: {content.text(envelope.starts)} to {content.text(envelope.ends)}",
    ]


def _state(approval: Approval, missing: tuple[tuple[str, ...], ...]) -> list[str]:
    if approval.status != "pending":
        return [f"Status: {_words(approval.status)}"]
    asked = "; ".join(" or ".join(_words(name) for name in names) for names in missing)
    return [f"Signatures missing: {asked}", f"Expires: {_iso(approval.expires_at)}"]


def _words(code: str) -> str:
    return code.replace("_", " ")


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
