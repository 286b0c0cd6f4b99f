"""Codes by which a user shows that they read the address they are written to at."""

from __future__ import annotations

import hmac

from api.http.signing_in import Caller
from delivery.notifications.mail import SmtpMailer
from policies.errors import ConflictError, InvalidInputError
from store.keys import LinkKeys
from store.repositories.notifications import address_of
from store.repositories.testing import verify_address
from store.tables.identity import UserAddress
from store.threads import in_thread

_USE = "address"


class CodeError(InvalidInputError):
    """A code that was not sent to the user's present address."""

    code = "address_code"


class NoMailError(ConflictError):
    """There is no address to send a code to, or no mail server to send it by."""

    code = "no_mail"


async def send_code(caller: Caller) -> None:
    """Send the user the code of their present address; NoMailError, or MailError where it was not taken."""
    row = await in_thread(_row, caller)
    smtp = caller.app.settings.smtp
    if smtp.host is None:
        raise NoMailError(
            "this home has no mail server for users: set COUNTERSIGN_SMTP_HOST where it is served"
        )
    await SmtpMailer(smtp).send(
        to=row.email,
        subject="Your code",
        text=f"Give back this code to show that you read this address: {_code(caller, row)}\n\n"
        "countersign notifications verify CODE\n\nYou are written to because this address was set in Countersign.\n",
        message_id=f"code-{caller.app.ids.new()}",
    )


def verify_code(caller: Caller, code: str) -> None:
    """Keep that the user reads their address; CodeError for a code of another address or user."""
    row = _row(caller)
    given, right = code.strip().encode("utf-8", "replace"), _code(caller, row).encode()
    if not hmac.compare_digest(given, right):
        raise CodeError("this is not the code that was sent to your present address; ask for a new one")
    app, at = caller.app, caller.app.clock.now()
    with app.database.write() as session:
        app.audit.append(
            session,
            workspace_id=caller.workspace_id,
            at=at,
            actor=caller.person.user_id,
            action="user.address_verified",
            subject=caller.person.user_id,
            detail={},
        )
    with app.database.identity_write() as identity:
        verify_address(identity, row, at)


def _row(caller: Caller) -> UserAddress:
    with caller.app.database.identity_read() as identity:
        found = address_of(identity, caller.workspace_id, caller.person.user_id)
    if found is None:
        raise NoMailError("you are written to nowhere yet; set your address first")
    return found


def _code(caller: Caller, row: UserAddress) -> str:
    about = f"{row.workspace_id}:{row.user_id}:{row.set_at.isoformat()}:{row.email}"
    return LinkKeys(caller.app.home.keys_dir).code(_USE, about)
