"""Reports that mail systems return: delivery status notifications (RFC 3464) and complaints (RFC 5965)."""

from __future__ import annotations

import hashlib
import re
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import NamedTuple, cast

from delivery.email.message import send_key_in
from delivery.inbound.told import Kind
from policies.errors import InvalidInputError

LARGEST_REPORT_BYTES = 1_000_000
_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})$")
_FULL_OR_LARGE = {(2, 2), (2, 3), (2, 4)}
"""5.2.2, 5.2.3 and 5.2.4 say that a mailbox is full or the message too large: the address is good."""


class ReportError(InvalidInputError):
    """A message that is no report, or a report about no message of ours."""

    code = "report"


class Report(NamedTuple):
    """What a report says of one message; `event_id` is the same whenever the same report is read."""

    event_id: str
    send_key: str
    kind: Kind | None


def read_report(content: bytes) -> Report:
    """Read a report; `kind` is None for one that says nothing final, such as a delay. Raises ReportError."""
    if len(content) > LARGEST_REPORT_BYTES:
        raise ReportError(
            f"the report has {len(content):,} bytes; at most {LARGEST_REPORT_BYTES:,} are read", value="size"
        )
    mail = message_from_bytes(content, policy=policy.default)
    kind = str(mail.get_param("report-type") or "").lower()
    if mail.get_content_type() != "multipart/report" or kind not in ("delivery-status", "feedback-report"):
        raise ReportError(
            "this is no report of delivery or complaint; give it as the mail system returned it",
            value=mail.get_content_type(),
        )
    send_key = _original(mail)
    event_id = f"report:{hashlib.sha256(content).hexdigest()[:40]}"
    if kind == "feedback-report":
        return Report(event_id, send_key, "complained")
    return Report(event_id, send_key, _worst(mail))


def _original(mail: EmailMessage) -> str:
    """The send key of the message that a report is about, from its headers as they were returned."""
    for part in mail.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            inner = part.get_payload(0) if part.is_multipart() else message_from_bytes(_bytes(part))
            key = send_key_in(str(cast(Message, inner).get("Message-ID", "")))
            if key is not None:
                return key
    raise ReportError("this report is about no message of this home", value="Message-ID")


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _worst(mail: EmailMessage) -> Kind | None:
    found: set[Kind] = set()
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in cast(list[Message], part.get_payload()):
                kind = _kind(str(block.get("Action", "")), str(block.get("Status", "")))
                if kind is not None:
                    found.add(kind)
    order: tuple[Kind, ...] = ("bounced_hard", "bounced_soft", "delivered")
    return next((kind for kind in order if kind in found), None)


def _kind(action: str, status: str) -> Kind | None:
    """What one recipient's fields mean. Blocks on reputation (5.7) and of the system (5.3, 5.4) say nothing of the address."""
    parts = _STATUS.match(status.strip().partition(" ")[0])
    action = action.strip().lower()
    if action == "delivered":
        return "delivered"
    if action != "failed" or parts is None:
        return None
    family, subject, detail = (int(number) for number in parts.groups())
    final = family == 5 and subject in (0, 1, 2) and (subject, detail) not in _FULL_OR_LARGE
    return "bounced_hard" if final else "bounced_soft"
