"""Keys: API keys that are shown once, and the Ed25519 key that signs the audit log."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from policies.errors import CountersignError
from store.files import write_first

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

API_KEY_PREFIX = "cs_"
API_KEY_LENGTH = len(API_KEY_PREFIX) + 43


KEY_JOINT = "."
"""Stands between the halves of a key that two people issued."""


class SigningKeyError(CountersignError):
    """A key file of the audit log is missing or cannot be read."""

    code = "signing_key"


class NewKey(NamedTuple):
    """A fresh API key: `plain` is shown once, `sha256` is kept."""

    plain: str
    sha256: str


def new_key() -> NewKey:
    """Make an API key with 256 bits of chance, so its bare SHA-256 needs no salt."""
    plain = API_KEY_PREFIX + secrets.token_urlsafe(32)
    return NewKey(plain, key_sha256(plain))


def new_half() -> str:
    """Make the signer's half of a key, with 256 bits of chance; the author's is a whole `new_key`."""
    return secrets.token_urlsafe(32)


class WebhookKeys:
    """Signing secrets of webhooks, each derived from one key file of the home and the webhook's id."""

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "webhooks_key"

    def secret_of(self, webhook_id: str) -> str:
        """Return the secret in the form of Standard Webhooks (`whsec_…`); the file is made when first needed."""
        if not self.file.exists():
            write_first(self.file, secrets.token_bytes(32))
        made = hmac.new(self.file.read_bytes(), webhook_id.encode(), hashlib.sha256).digest()
        return "whsec_" + base64.b64encode(made).decode()


def page_secret(keys_dir: Path) -> bytes:
    """Return the secret that cookies and forms of the page are signed with; its file is made when first needed."""
    file = keys_dir / "page_key"
    if not file.exists():
        write_first(file, secrets.token_bytes(32))
    return file.read_bytes()


def key_sha256(plain: str) -> str:
    """The hexadecimal SHA-256 under which a plain API key is kept; that of a key in two halves is over both of theirs."""
    author, dot, signer = plain.partition(KEY_JOINT)
    if dot:
        return joined_sha256(half_sha256(author), half_sha256(signer))
    return half_sha256(plain)


def half_sha256(half: str) -> str:
    """The hexadecimal SHA-256 of one half of a key."""
    return hashlib.sha256(half.encode()).hexdigest()


def joined_sha256(author_half: str, signer_half: str) -> str:
    """What a key in two halves is kept under, from the hashes of its halves: nobody has to know both to make it."""
    return hashlib.sha256(f"{author_half}{signer_half}".encode()).hexdigest()


class AuditKeys:
    """The Ed25519 pair that signs audit entries, two files in the home's keys directory, read when needed.

    The private key is made by the first signature. Checking uses the public file only, so a copy of a home
    without its private key can still be verified.
    """

    def __init__(self, keys_dir: Path) -> None:
        self.private_file = keys_dir / "audit_ed25519"
        self.public_file = keys_dir / "audit_ed25519.pub"

    def sign(self, digest: str) -> str:
        """Sign a hexadecimal digest; gives the signature in base 64."""
        return base64.b64encode(self._private.sign(digest.encode())).decode()

    def is_signed(self, digest: str, signature: str) -> bool:
        """Say whether `signature` is this home's signature of `digest`; SigningKeyError without a public key."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(base64.b64decode(signature, validate=True), digest.encode())
        except (InvalidSignature, ValueError):
            return False
        return True

    def require_public(self) -> None:
        """Raise SigningKeyError unless signatures can be checked."""
        _ = self._public

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            PublicFormat,
            load_pem_private_key,
        )

        if not self.private_file.exists():
            write_first(self.private_file, _fresh_private())
        try:
            key = load_pem_private_key(self.private_file.read_bytes(), password=None)
        except ValueError as error:
            raise SigningKeyError(
                f"{self.private_file} cannot be read as a private key; restore the file",
                value=self.private_file,
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise SigningKeyError(f"{self.private_file} is not an Ed25519 key", value=self.private_file)
        if not self.public_file.exists():
            public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            write_first(self.public_file, public)
        return key

    @cached_property
    def _public(self) -> Ed25519PublicKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        if not self.public_file.exists():
            raise SigningKeyError(
                f"the audit log cannot be checked without its public key {self.public_file}; restore the file",
                value=self.public_file,
            )
        try:
            key = load_pem_public_key(self.public_file.read_bytes())
        except ValueError as error:
            raise SigningKeyError(
                f"{self.public_file} cannot be read as a public key; restore the file", value=self.public_file
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise SigningKeyError(f"{self.public_file} is not an Ed25519 key", value=self.public_file)
        return key


def _fresh_private() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class DecisionKeys:
    """Opaque tokens of chosen items, each an id with a keyed hash; the key is a file of the home.

    `use` parts what a token may be used for: one that reports events opens no page, and the other way round.
    """

    def __init__(self, keys_dir: Path) -> None:
        self.file = keys_dir / "decisions_key"

    @cached_property
    def _key(self) -> bytes:
        if not self.file.exists():
            write_first(self.file, secrets.token_bytes(32))
        return self.file.read_bytes()

    def token(self, use: str, item_id: str) -> str:
        """Return the token of an item for one use."""
        return f"{item_id}{self._mark(use, item_id)}"

    def item_of(self, use: str, token: str) -> str | None:
        """Return the id in a token, None for one that this home did not make for this use."""
        item_id, mark = token[:26], token[26:]
        same = hmac.compare_digest(self._mark(use, item_id).encode(), mark.encode("utf-8", "replace"))
        return item_id if same else None

    def _mark(self, use: str, item_id: str) -> str:
        made = hmac.digest(self._key, f"{use}:{item_id}".encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(made[:18]).decode()
