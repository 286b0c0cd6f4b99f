"""The mail server that customers are written to through, and the name that messages are signed with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from delivery.errors import DeliveryError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SecretFileError(DeliveryError):
    """A file that a secret should be in cannot be read; what it holds is never shown."""

    code = "secret_file"


class EmailSettings(BaseModel):
    """COUNTERSIGN_EMAIL_HOST and so on; without a host the home has no e-mail channel.

    A password is given by environment or as a file, never both. `dkim_key_file` is an RSA key in PEM whose public half
    stands in the DNS at `dkim_selector._domainkey.dkim_domain`; without one messages are not signed. `sender` is the address
    that customers see and `bounces` where failures are returned to, the sender if left out. `per_second` bounds the messages
    a second of this process, `connections` those open at once; `soft_bounces` in a row suppress an address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    sender: str = "shop@localhost.invalid"
    sender_name: str = ""
    bounces: str | None = None
    dkim_domain: str | None = None
    dkim_selector: str = "countersign"
    dkim_key_file: Path | None = None
    timeout: float = Field(default=20.0, gt=0, le=60)
    connections: int = Field(default=4, ge=1, le=32)
    per_second: float | None = Field(default=None, gt=0, le=10_000)
    soft_bounces: int = Field(default=3, ge=1, le=100)

    @model_validator(mode="after")
    def _consistent(self) -> EmailSettings:
        if self.tls == "none" and self.host is not None and self.host not in _LOOPBACK:
            raise ValueError(f"tls is none, which is for a server on this machine only, not for {self.host}")
        if self.password is not None and self.password_file is not None:
            raise ValueError("password and password_file are both set; set one of them")
        if (self.dkim_key_file is None) != (self.dkim_domain is None):
            raise ValueError("dkim_domain and dkim_key_file belong together; set both, or neither")
        if "@" not in self.sender.strip("@"):
            raise ValueError("sender is no address; write one like shop@example.org")
        return self

    @property
    def domain(self) -> str:
        """The domain of the sender, in which Message-IDs are made."""
        return self.sender.rpartition("@")[2]

    def secret(self) -> str | None:
        """Return the password, read now where it is in a file; SecretFileError when it cannot be."""
        if self.password_file is not None:
            return read_secret(self.password_file).decode().strip()
        return None if self.password is None else self.password.get_secret_value()


def read_secret(file: Path) -> bytes:
    """Return what a secret's file holds; SecretFileError names the file and why it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise SecretFileError(
            f"the file {file} cannot be read ({error.strerror}); give the path of a file this process may read",
            value=file,
        ) from error


class InboundSettings(BaseModel):
    """COUNTERSIGN_INBOUND_SECRET, or _SECRET_FILE: what a provider signs its webhooks with, in the form of Standard Webhooks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: SecretStr | None = None
    secret_file: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> InboundSettings:
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("secret and secret_file are both set; set one of them")
        return self

    def value(self) -> str | None:
        """Return the secret, read now where it is in a file; SecretFileError when it cannot be."""
        if self.secret_file is not None:
            return read_secret(self.secret_file).decode().strip()
        return None if self.secret is None else self.secret.get_secret_value()
