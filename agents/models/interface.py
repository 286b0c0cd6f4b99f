"""Which model the agents talk to, chosen in settings; one provider serves a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from agents.models.offline import OFFLINE_MODEL_ID, BriefT, Playbook, PlaybookModel, playbook_model

if TYPE_CHECKING:
    from agents.models.openai_compatible import OpenAIModels

ModelKind: TypeAlias = Literal["offline", "openai"]
AnswerMethod: TypeAlias = Literal["tool_call", "json_schema"]


class ModelSettings(BaseModel):
    """How to reach a model. The default needs no network and no key.

    `timeout_s` bounds one HTTP call in seconds and each of the `max_retries` repeats anew; `max_tokens` bounds
    one reply. `answer_method` is how a typed answer is asked for: as a tool call, which every server with tools
    understands, or by the server's own `json_schema`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ModelKind = "offline"
    name: str = Field(default="", max_length=200)
    base_url: str = "https://api.openai.com/v1"
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=60.0, gt=0, le=600)
    max_retries: int = Field(default=2, ge=0, le=10)
    max_tokens: int | None = Field(default=4096, ge=1)
    # Older servers know only the first name, newer hosted models only the second.
    max_tokens_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_completion_tokens"
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    answer_method: AnswerMethod = "tool_call"

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "offline":
            return self
        if not self.name:
            raise ValueError("an OpenAI-compatible model needs its name, e.g. the one its server lists")
        address = urlsplit(self.base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError(f"base_url must be an http(s) address ending in /v1, not {self.base_url!r}")
        return self


def model_id(settings: ModelSettings) -> str:
    """The name shown wherever the model's words are: `embedded-rules/1`, or provider and model."""
    return OFFLINE_MODEL_ID if settings.kind == "offline" else f"openai-compatible/{settings.name}"


def served_model_id(model: BaseChatModel) -> str:
    """The same name, from a model that is already built."""
    if isinstance(model, PlaybookModel):
        return OFFLINE_MODEL_ID
    return f"openai-compatible/{getattr(model, 'model_name', 'unnamed')}"


class ModelProvider:
    """Builds the model of each agent run; hold one per process and close it at the end.

    HTTP clients belong to an event loop, so there is one for each loop that asks, made on first use.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self._openai: OpenAIModels | None = None

    @property
    def model_id(self) -> str:
        """The name of the model that answers."""
        return model_id(self.settings)

    def build_model(self, playbook: Playbook[BriefT], brief: BriefT) -> BaseChatModel:
        """The model for one run: the playbook over its brief offline, else the server, which ignores both."""
        if self.settings.kind == "offline":
            return playbook_model(playbook, brief)
        if self._openai is None:
            from agents.models.openai_compatible import OpenAIModels

            self._openai = OpenAIModels(self.settings)
        return self._openai.model()

    async def aclose(self) -> None:
        """Close the HTTP client of this event loop, if one was made."""
        if self._openai is not None:
            await self._openai.aclose()
