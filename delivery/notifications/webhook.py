"""Webhooks signed in the form of Standard Webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from delivery.errors import DeliveryError
from policies.errors import InvalidInputError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TIMEOUT_SECONDS = 15.0
_LONGEST = 2_000


class WebhookUrlError(InvalidInputError):
    """An address that nothing is posted to."""

    code = "webhook_url"


class WebhookError(DeliveryError):
    """The receiver did not take a message; it is tried again."""

    code = "webhook"


def checked_url(url: str) -> str:
    """Return the address of a webhook: https, or http on this machine, without a user, blanks or control characters in it.

    WebhookUrlError otherwise.
    """
    plain = url.isascii() and url.isprintable() and " " not in url
    parts = urlsplit(url if plain else "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not secure or not parts.hostname or "@" in parts.netloc or len(url) > _LONGEST:
        raise WebhookUrlError(
            f"{url[:200]!r} cannot be a webhook: give an https address (http only on this machine) in plain characters, "
            f"without a user name, of at most {_LONGEST} characters",
            value=url[:200],
        )
    return url


async def post(url: str, *, secret: str, message_id: str, body: str, sent_at: datetime | None = None) -> None:
    """Post a signed body once; WebhookError unless the receiver answers 2xx. Redirects are not followed.

    A repetition carries the same `webhook-id`, by which the receiver knows it. The signature's time is the machine's
    own, also in a replay home, because receivers check it.
    """
    from standardwebhooks import Webhook

    at = sent_at or datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body),
    }
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
            answer = await client.post(url, content=body.encode(), headers=headers)
    except httpx.HTTPError as error:
        raise WebhookError(
            f"{urlsplit(url).hostname} could not be reached ({type(error).__name__}); it is tried again",
            value=urlsplit(url).hostname,
        ) from error
    if not answer.is_success:
        raise WebhookError(
            f"{urlsplit(url).hostname} answered {answer.status_code}; it is tried again",
            value=answer.status_code,
        )
