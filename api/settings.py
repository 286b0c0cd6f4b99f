"""What may be set from outside: environment variables that start with COUNTERSIGN_, read once, when asked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agents.models.interface import ModelSettings
from delivery.notifications.mail import SmtpSettings
from policies.errors import InvalidInputError
from store.home_settings import in_words

DEFAULT_HOME = Path("countersign-home")


class SettingsError(InvalidInputError):
    """An environment variable breaks a rule."""

    code = "settings"


class ModelPrice(BaseModel):
    """What a model that answers elsewhere costs, in major units a million tokens; unset means not priced."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)
    output: Decimal | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str = Field(default="USD", min_length=3, max_length=3)


class Settings(BaseSettings):
    """COUNTERSIGN_HOME, COUNTERSIGN_KEY, COUNTERSIGN_MODEL_KIND, COUNTERSIGN_MODEL_BASE_URL and so on.

    COUNTERSIGN_PRICE_INPUT, COUNTERSIGN_PRICE_OUTPUT and COUNTERSIGN_PRICE_CURRENCY say what the model's tokens cost.
    `unsubscribe_url` is what footers link to, without anything personal in it. `allowed_origins` are the origins of
    browser applications, such as Agent Inbox, that may call the API with a user's key. COUNTERSIGN_SMTP_HOST,
    COUNTERSIGN_SMTP_USERNAME and so on name the server that users are written to through; `public_url` is where the links
    in such mail lead to, the address under which people reach `countersign serve`. `thread_days` is how long the checkpoints
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
    price: ModelPrice = Field(default_factory=ModelPrice)
    unsubscribe_url: str = "https://shop.invalid/unsubscribe"
    allowed_origins: tuple[str, ...] = ()
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    public_url: str = "http://127.0.0.1:8400"
    thread_days: int = Field(default=30, ge=1, le=3_650)


def read_settings() -> Settings:
    """Read the environment now; SettingsError names each variable that breaks a rule, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            f"the environment cannot be used (variables start with COUNTERSIGN_): {in_words(error)}"
        ) from error
