"""How the models are reached that agents speak with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from agents.models.choice import Chain, ModelChoice, checked_address

# `named_tool_call`: for servers that do not know "call some tool", only "call this one" or "call one if you like"
AnswerMethod: TypeAlias = Literal["tool_call", "json_schema", "named_tool_call", "json_object", "plain"]
AGENTS = ("planner", "segmenter", "copywriter", "analyst", "comments")
OPENAI = "https://api.openai.com/v1"


class ModelSettings(BaseModel):
    """Which models answer and how they are called. The default needs no network and no key.

    `use` is a chain: the first model that gives a usable answer wins, and whatever it wrote is marked with its name. An
    agent named in `planner` to `comments` has a chain of its own. `api_key` is sent to `base_url` alone; a model at another
    address gets the key that `api_keys` holds for that address, or none.

    `timeout_s` bounds one call in seconds and each of the `max_retries` repeats anew; `retry_delay_s` is waited before the
    first repeat and doubled for each further one. A server that could not be reached is left alone for `rest_s` seconds, where
    another model can answer. `max_tokens` bounds one reply, `max_reply_bytes` what is read of it.
    `answer_method` is how tool calls and typed answers are asked for; `auto` finds out what the server can do. `stream`
    left open streams where the server was seen to. With `cassette`, answers are recorded to a file, or replayed from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    use: Chain = (ModelChoice(),)
    planner: Chain | None = None
    segmenter: Chain | None = None
    copywriter: Chain | None = None
    analyst: Chain | None = None
    comments: Chain | None = None
    base_url: str = OPENAI
    api_key: SecretStr | None = None
    api_keys: dict[str, SecretStr] = {}
    timeout_s: float = Field(default=60.0, gt=0, le=600)
    max_retries: int = Field(default=2, ge=0, le=10)
    retry_delay_s: float = Field(default=0.5, ge=0, le=60)
    rest_s: float = Field(default=60.0, ge=0, le=3600)
    max_tokens: int | None = Field(default=4096, ge=1)
    max_reply_bytes: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    # Older servers know only the first name, newer hosted models only the second.
    max_tokens_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    answer_method: AnswerMethod | Literal["auto"] = "auto"
    stream: bool | None = None
    cassette: Path | None = None
    cassette_mode: Literal["record", "replay"] = "replay"

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return checked_address(address)

    @field_validator("api_keys")
    @classmethod
    def _are_addresses(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {checked_address(address): key for address, key in keys.items()}

    @model_validator(mode="after")
    def _has_keys(self) -> Self:
        """OpenAI itself answers nobody without a key; servers on one's own machine often want none."""
        for model in self.models:
            host = urlsplit(self.address_of(model)).hostname or ""
            if not model.offline and _wants_key(host) and not self.key_of(model) and not self.replays:
                raise ValueError(
                    f"the model {model.name!r} is at {host}, which wants a key; set COUNTERSIGN_MODEL_API_KEY, "
                    "or COUNTERSIGN_MODEL_BASE_URL for a server of your own"
                )
        return self

    @property
    def replays(self) -> bool:
        """Whether answers come from a recording, and no server is called."""
        return self.cassette is not None and self.cassette_mode == "replay"

    @property
    def models(self) -> tuple[ModelChoice, ...]:
        """Every model that some agent may speak with, each once."""
        chains = [self.use, *(self.chain_of(agent) for agent in AGENTS)]
        return tuple(dict.fromkeys(model for chain in chains for model in chain))

    def chain_of(self, agent: str) -> tuple[ModelChoice, ...]:
        """Return the models that an agent speaks with, the first first."""
        own: tuple[ModelChoice, ...] | None = getattr(self, agent) if agent in AGENTS else None
        return own or self.use

    def address_of(self, model: ModelChoice) -> str:
        """Return where a model is served."""
        return model.base_url or self.base_url

    def key_of(self, model: ModelChoice) -> str | None:
        """Return the key for a model's address; None where none is set for it."""
        address = self.address_of(model)
        own = self.api_keys.get(address)
        if own is None and address == self.base_url:
            own = self.api_key
        return None if own is None else own.get_secret_value() or None


def _wants_key(host: str) -> bool:
    return host == "api.openai.com" or host.endswith((".openai.azure.com", ".services.ai.azure.com"))
