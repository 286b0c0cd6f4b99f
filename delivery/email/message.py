"""One e-mail as it stands on the wire: the approved words for one person, in two forms, with its headers and signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from pydantic import JsonValue

from delivery.email.links import TEST, TRAP, Links
from delivery.email.settings import EmailSettings, read_secret
from delivery.errors import DeliveryError
from store.repositories.contacts import Contact
from tools.content.creative import Creative, Rendered, render

TEST_MARK = "[TEST] "
SIGNED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Reply-To",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
]
"""Headers in DKIM's h=; those of `_ONCE` stand in it twice, so that none can be added either."""
_ONCE = ("From", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post")


class AddressRefusedError(DeliveryError):
    """An address that mail servers of today cannot be given; the address itself is not repeated."""

    code = "address_refused"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be handed over. Nothing personal of it shows when it is printed or logged."""

    send_key: str
    to: str = field(repr=False)
    content: bytes = field(repr=False)
    message_id: str = ""


class Signer:
    """Signs with DKIM (RFC 6376), relaxed/relaxed with rsa-sha256; the key is read once, when first needed."""

    def __init__(self, settings: EmailSettings) -> None:
        self._settings = settings
        self._key: bytes | None = None

    def signed(self, content: bytes) -> bytes:
        """Return the message with its signature in front; as it is where the home signs nothing."""
        domain, file = self._settings.dkim_domain, self._settings.dkim_key_file
        if domain is None or file is None:
            return content
        import dkim

        if self._key is None:
            self._key = read_secret(file)
        try:
            signature: bytes = dkim.sign(
                content,
                self._settings.dkim_selector.encode(),
                domain.encode(),
                self._key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[name.lower().encode() for name in (*SIGNED, *_ONCE)],
            )
        except dkim.DKIMException as error:
            raise DeliveryError(
                f"the message could not be signed with {file} ({error}); give an RSA key in PEM", value=file
            ) from error
        return signature + content


def message_id(send_key: str, settings: EmailSettings) -> str:
    """The Message-ID of a send key: the same whenever it is made, so that nobody can have it twice unseen."""
    return f"<{send_key}@{settings.domain}>"


def send_key_in(text: str) -> str | None:
    """Return the send key in a Message-ID of ours; None for any other."""
    key = text.strip().strip("<>").partition("@")[0]
    return key if len(key) == 64 and set(key) <= set("0123456789abcdef") else None


def write_letter(
    send_key: str,
    creative: Creative,
    contact: Contact,
    settings: EmailSettings,
    links: Links,
    *,
    at: datetime,
    test: bool = False,
) -> Letter:
    """Return the approved creative as one person gets it; CreativeError or AddressRefusedError where that cannot be.

    A `test` is marked in its subject and carries no header by which a mailbox would unsubscribe by itself.
    """
    to = ascii_address(contact.address)
    key = f"{TEST}{send_key}" if test else send_key
    unsubscribe, followed = links.unsubscribe(key), links.click(key, 0)
    said = render(creative, fields_of(contact), unsubscribe_url=unsubscribe, through=followed)
    message = EmailMessage(policy=SMTP)
    name = Address(settings.sender_name, addr_spec=settings.sender) if settings.sender_name else None
    message["From"] = str(name) if name else settings.sender
    message["To"] = to
    message["Subject"] = (TEST_MARK if test else "") + " ".join(said.subject.split())
    message["Date"] = format_datetime(at)
    identity = message_id(send_key, settings)
    message["Message-ID"] = identity
    if not test:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(said.text, charset="utf-8")
    html = _page(said, creative.locale, links.click(key, TRAP))
    message.add_alternative(html, subtype="html", charset="utf-8")
    return Letter(send_key, to, message.as_bytes(), identity)


def fields_of(contact: Contact) -> Mapping[str, JsonValue]:
    """What a template may say of the person: their names, on one line each."""
    return {
        "first_name": " ".join(contact.first_name.split()),
        "last_name": " ".join(contact.last_name.split()),
    }


def ascii_address(address: str) -> str:
    """Return an address as every mail server takes it; AddressRefusedError where its local part is not ASCII."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise AddressRefusedError("the address has characters that mail servers refuse") from error
    if not local or not domain or any(sign.isspace() or sign in "<>" for sign in plain):
        raise AddressRefusedError("the address is not one that can be written to")
    return plain


def _page(said: Rendered, locale: str, trap: str) -> str:
    hidden = 'style="display:none;max-height:0;overflow:hidden"'
    return (
        f'<!doctype html><html lang="{escape(locale, quote=True)}"><head><meta charset="utf-8">'
        f"<title>{escape(said.subject)}</title></head><body><div {hidden}>{escape(said.preheader)}</div>"
        f'{said.html}<a href="{escape(trap)}" {hidden} rel="nofollow" aria-hidden="true" tabindex="-1"></a></body></html>'
    )
