"""Who is signed in to the page: a signed cookie that names a key by its id, and the token that every form carries.

The cookie holds no secret: the id of the key, when the session ends, and a nonce. Revoking the key, or disabling its
user, ends every session that was begun with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

COOKIE = "countersign_session"
VISIT = "countersign_visit"
LASTS_SECONDS = 12 * 3_600
VISIT_SECONDS = 3_600
_FORM = re.compile(r"(?P<key_id>[0-9A-HJKMNP-TV-Z]{26})\.(?P<ends>\d{1,12})\.(?P<nonce>[\w-]{22})")
_NONCE = re.compile(r"[\w-]{22}")


class Session(NamedTuple):
    """A session as its cookie tells it; `ends` are whole seconds since 1970."""

    key_id: str
    ends: int
    nonce: str


def begin(key_id: str, now: float) -> Session:
    """Begin a session with a key, of LASTS_SECONDS."""
    return Session(key_id, int(now) + LASTS_SECONDS, new_nonce())


def new_nonce() -> str:
    """128 bits of chance as 22 characters."""
    return secrets.token_urlsafe(16)


def write(session: Session, secret: bytes) -> str:
    """Return the cookie's value: what the session says, and the proof that this home wrote it."""
    said = f"{session.key_id}.{session.ends}.{session.nonce}"
    return f"{said}.{_proof('session', said, secret)}"


def read(value: str, secret: bytes, now: float) -> Session | None:
    """Return the session of a cookie; None for one that this home did not write, or that has ended."""
    said, _, proof = value.rpartition(".")
    found = _FORM.fullmatch(said)
    if found is None or not _same(proof, _proof("session", said, secret)):
        return None
    session = Session(found["key_id"], int(found["ends"]), found["nonce"])
    return session if now < session.ends else None


def token(nonce: str, secret: bytes) -> str:
    """Return the token that forms of the session, or of the visit before it, with this nonce carry."""
    return _proof("form", nonce, secret)


def is_token(given: str, nonce: str, secret: bytes) -> bool:
    """Whether a form came from a page that was made for this nonce."""
    return _NONCE.fullmatch(nonce) is not None and _same(given, token(nonce, secret))


def _proof(purpose: str, said: str, secret: bytes) -> str:
    made = hmac.new(secret, f"{purpose}:{said}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
