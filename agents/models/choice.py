"""Which model answers: `offline`, or `openai:NAME` with the address it is served at; and chains of them."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agents.models.offline import OFFLINE_MODEL_ID

OFFLINE = "offline"
_ADDRESS = re.compile(r"@[A-Za-z][A-Za-z0-9+.-]*://")
LONGEST_CHAIN = 5
_FORM = "offline, or openai:NAME, or openai:NAME@http://HOST/v1; several of them separated by commas"


class ModelChoice(BaseModel):
    """One model. `name` is empty for the embedded rules; without `base_url` the address that is set for all holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=200)
    base_url: str | None = None

    @property
    def offline(self) -> bool:
        """Whether the embedded rules are meant."""
        return not self.name

    @property
    def model_id(self) -> str:
        """The name shown wherever the model's words are: `embedded-rules/1`, or protocol and model."""
        return OFFLINE_MODEL_ID if self.offline else f"openai-compatible/{self.name}"


def model_choice(text: str) -> ModelChoice:
    """Read `offline`, `openai:NAME` or `openai:NAME@ADDRESS`; ValueError says what is wrong with anything else.

    >>> model_choice("openai:qwen2.5:7b@http://127.0.0.1:11434/v1").name
    'qwen2.5:7b'
    """
    plain = text.strip()
    if plain == OFFLINE:
        return ModelChoice()
    kind, colon, rest = plain.partition(":")
    if kind != "openai" or not colon:
        raise ValueError(f"{plain!r} is no model; write {_FORM}")
    found = _ADDRESS.search(rest)
    name, address = (rest, None) if found is None else (rest[: found.start()], rest[found.start() + 1 :])
    if not name.strip():
        raise ValueError(f"{plain!r} needs the model's name after openai:, e.g. the one its server lists")
    if any(character.isspace() for character in name):
        raise ValueError(f"the model name {name!r} has a blank in it; write {_FORM}")
    return ModelChoice(name=name, base_url=None if address is None else checked_address(address))


def model_chain(value: object) -> object:
    """Read a chain of models, tried in order; what is not text is left to the schema."""
    if not isinstance(value, str):
        return value
    return tuple(model_choice(part) for part in value.split(","))


Chain: TypeAlias = Annotated[
    tuple[ModelChoice, ...], BeforeValidator(model_chain), Field(min_length=1, max_length=LONGEST_CHAIN)
]


def checked_address(text: str) -> str:
    """Return the address of a server's API without a final slash; ValueError where it is none.

    A user name or a password in it is refused: keys are set apart, and an address is shown and logged.
    """
    try:
        parts = urlsplit(text.strip())
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"base_url {_bare(text)!r} is no address; write http(s)://HOST/v1") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_fits:
        raise ValueError(
            f"base_url must be an http(s) address such as http://HOST:PORT/v1, not {_bare(text)!r}"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "base_url holds a user name or password; set the key as COUNTERSIGN_MODEL_API_KEY instead"
        )
    return urlunsplit(parts._replace(path=parts.path.rstrip("/"), fragment=""))


def path_and_query(address: str) -> tuple[str, dict[str, str]]:
    """Part an address into what requests are sent to and the query each of them carries (Azure: `api-version`)."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query="")), dict(parse_qsl(parts.query))


def _bare(text: str) -> str:
    """An address as it may be shown: nothing before an @."""
    return text.strip().rpartition("@")[2][:200]
