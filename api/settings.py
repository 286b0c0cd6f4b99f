"""What may be set from outside: environment variables that start with COUNTERSIGN_, read once, when asked."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from agents.models.interface import ModelSettings
from policies.errors import InvalidInputError
from store.home_settings import in_words

DEFAULT_HOME = Path("countersign-home")


class SettingsError(InvalidInputError):
    """An environment variable breaks a rule."""

    code = "settings"


class Settings(BaseSettings):
    """COUNTERSIGN_HOME, COUNTERSIGN_KEY, COUNTERSIGN_MODEL_KIND, COUNTERSIGN_MODEL_BASE_URL and so on.

    `unsubscribe_url` is what footers link to, without anything personal in it.
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
    unsubscribe_url: str = "https://shop.invalid/unsubscribe"


def read_settings() -> Settings:
    """Read the environment now; SettingsError names each variable that breaks a rule, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            f"the environment cannot be used (variables start with COUNTERSIGN_): {in_words(error)}"
        ) from error
