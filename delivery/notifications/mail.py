"""E-mail to signed-in users over SMTP; customers are never written to here."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from delivery.errors import DeliveryError
from policies.errors import InvalidInputError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LONGEST = 254


class MailError(DeliveryError):
    """The mail server did not take a message; it is tried again."""

    code = "mail"


class AddressError(InvalidInputError):
    """A text that nobody can be written to at; the text itself is not repeated."""

    code = "address"


class SmtpSettings(BaseModel):
    """The mail server that users are written to through; without a host nobody is written to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str = "countersign@localhost"
    timeout: float = Field(default=20.0, gt=0, le=120)

    @model_validator(mode="after")
    def _nothing_in_the_clear(self) -> SmtpSettings:
        if self.tls == "none" and self.host is not None and self.host not in _LOOPBACK:
            raise ValueError(f"tls is none, which is for a server on this machine only, not for {self.host}")
        return self


class Mailer(Protocol):
    """Whatever hands a message to a mail server; MailError when it was not taken."""

    async def send(self, *, to: str, subject: str, text: str, message_id: str) -> None: ...


class SmtpMailer:
    """Sends through one SMTP server, a connection a message."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, *, to: str, subject: str, text: str, message_id: str) -> None:
        """Hand over one plain text message; a repetition has the same Message-ID, so that clients fold it."""
        import aiosmtplib

        settings = self._settings
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = settings.sender, to, subject
        message["Message-ID"] = f"<{message_id}@countersign>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=None if settings.password is None else settings.password.get_secret_value(),
                use_tls=settings.tls == "tls",
                start_tls=settings.tls == "starttls",
                timeout=settings.timeout,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailError(
                f"the mail server {settings.host}:{settings.port} did not take the message "
                f"({type(error).__name__}); it is tried again",
                value=settings.host,
            ) from error


def checked_address(text: str) -> str:
    """Return an e-mail address in the form it is written to, without spaces around it; AddressError otherwise."""
    address = text.strip()
    local, _, domain = address.rpartition("@")
    plain = address.isascii() and address.isprintable() and not set(address) & set(' ,;:<>"()[]\\')
    if not (plain and local and "@" not in local and "." in domain.strip(".") and len(address) <= _LONGEST):
        raise AddressError(
            f"that is no e-mail address; write one like name@example.org, of at most {_LONGEST} characters"
        )
    return address
