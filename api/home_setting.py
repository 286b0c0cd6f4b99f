"""COUNTERSIGN_HOME by itself, for processes that need no other setting and load no agents."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_HOME = Path("countersign-home")


class HomeSetting(BaseSettings):
    """The home that the environment names."""

    model_config = SettingsConfigDict(env_prefix="COUNTERSIGN_", extra="ignore", frozen=True)

    home: Path = DEFAULT_HOME


def home_of_environment() -> Path:
    """Return the directory that COUNTERSIGN_HOME names now, or the default."""
    return HomeSetting().home
