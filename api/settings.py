"""What may be set from outside: environment variables that start with COUNTERSIGN_, read once, when asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

from agents.agent_run import Limits
from agents.models.prices import ModelPrice
from agents.models.settings import ModelSettings
from api.home_setting import DEFAULT_HOME
from delivery.email.settings import EmailSettings, InboundSettings
from delivery.notifications.mail import SmtpSettings
from policies.errors import InvalidInputError
from store.home_settings import in_words


class SettingsError(InvalidInputError):
    """An environment variable breaks a rule."""

    code = "settings"


class _Environment(EnvSettingsSource):
    """COUNTERSIGN_MODEL is the chain itself; what else is set of the models stands beside it (COUNTERSIGN_MODEL_BASE_URL)."""

    def prepare_field_value(
        self, field_name: str, field: FieldInfo, value: Any, value_is_complex: bool
    ) -> Any:
        if field_name == "model" and isinstance(value, str):
            value = json.dumps({"use": value})
        return super().prepare_field_value(field_name, field, value, value_is_complex)


class Settings(BaseSettings):
    """COUNTERSIGN_HOME, COUNTERSIGN_KEY, COUNTERSIGN_MODEL, COUNTERSIGN_MODEL_BASE_URL and so on.

        COUNTERSIGN_PRICES is a JSON object of prices by model name: `{"NAME": {"input": "0.15", "output": "0.60"}}`.
        COUNTERSIGN_LIMITS_MAX_STEPS, COUNTERSIGN_LIMITS_MAX_COST and so on bound each run of an agent.
        `unsubscribe_url` is what footers link to, without anything personal in it. `allowed_origins` are the origins of
        browser applications, such as Agent Inbox, that may call the API with a user's key. COUNTERSIGN_SMTP_HOST,
        COUNTERSIGN_SMTP_USERNAME and so on name the server that users are written to through; `public_url` is where the links
        in such mail lead to, the address under which people reach `countersign serve`. COUNTERSIGN_EMAIL_HOST, COUNTERSIGN_EMAIL_SENDER and
    so on name the server that customers are written to through, in a home that allows the channel `email`. `eval_runs` is a
    folder of runs of the eval suites, one folder a run, that the page shows. `thread_days` is how long the checkpoints
        of a thread are kept after it has ended.
    """

    model_config = SettingsConfigDict(
        env_prefix="COUNTERSIGN_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
        protected_namespaces=(),
    )

    home: Path = DEFAULT_HOME
    key: SecretStr | None = None
    model: ModelSettings = Field(default_factory=ModelSettings)
    prices: dict[str, ModelPrice] = {}
    limits: Limits = Field(default_factory=Limits)
    unsubscribe_url: str = "https://shop.invalid/unsubscribe"
    allowed_origins: tuple[str, ...] = ()
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    email: EmailSettings = Field(default_factory=EmailSettings)
    inbound: InboundSettings = Field(default_factory=InboundSettings)
    public_url: str = "http://127.0.0.1:8400"
    eval_runs: Path | None = None
    thread_days: int = Field(default=30, ge=1, le=3_650)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read what is given, then the environment; no file."""
        return init_settings, _Environment(settings_cls)

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        """A limit of money says nothing about a model without a price."""
        if self.limits.max_cost is not None:
            for model in self.model.models:
                if not model.offline and model.name not in self.prices:
                    raise ValueError(
                        f"limits.max_cost is {self.limits.max_cost}, and the model {model.name!r} has no price; "
                        "declare it in COUNTERSIGN_PRICES"
                    )
        return self


def read_settings() -> Settings:
    """Read the environment now; SettingsError names each variable that breaks a rule, never its value."""
    try:
        return Settings()
    except UnreadableError as error:
        field = str(error).partition('"')[2].partition('"')[0].upper()
        raise SettingsError(
            f"a variable COUNTERSIGN_{field}… cannot be used: what holds several values is written as JSON"
        ) from None
    except ValidationError as error:
        raise SettingsError(
            f"the environment cannot be used (variables start with COUNTERSIGN_): {in_words(error)}"
        ) from error
