"""What a home is: the settings in its home.json, and what may be wrong with a home."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from policies.errors import ConflictError, CountersignError, InvalidInputError, NotFoundError
from store.postgres import PostgresAddressError, is_postgres, read_address

DEMO_CHANNELS = frozenset({"replay", "file"})


class HomeError(CountersignError):
    """Root of what may be wrong with a home."""

    code = "home"


class HomeNotFoundError(HomeError, NotFoundError):
    """The directory holds no home."""

    code = "home_not_found"


class HomeExistsError(HomeError, ConflictError):
    """A home was to be made where something already is."""

    code = "home_exists"


class HomeSettingsError(HomeError, InvalidInputError):
    """The settings file cannot be read or breaks a rule."""

    code = "home_settings"


class HomeSettings(BaseModel):
    """What a home is; written once by `init` or `demo` into home.json.

    The identity database follows `operational_url`: a file of the home, or the schema `identity` of the same
    PostgreSQL server. Checkpoints and jobs are files of the home, or live on the PostgreSQL server that
    `checkpoints_url` and `jobs_url` name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    home_id: str = Field(min_length=1)
    kind: Literal["demo", "standard"] = "standard"
    clock: Literal["wall", "replay"] = "wall"
    operational_url: str | None = None
    checkpoints_url: str | None = None
    jobs_url: str | None = None
    seed: int = Field(ge=0)
    created_at: AwareDatetime
    currency: str = Field(min_length=3, max_length=3)
    timezone: str
    allowed_channels: tuple[str, ...] = ()

    @field_validator("currency")
    @classmethod
    def _iso_currency(cls, value: str) -> str:
        if not (value.isascii() and value.isalpha() and value.isupper()):
            raise ValueError(f"currency {value!r} is not an ISO 4217 code such as USD")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"time zone {value!r} is not in the IANA list; write one like Europe/Berlin")
        return value

    @field_validator("checkpoints_url", "jobs_url")
    @classmethod
    def _on_a_server(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                read_address(value)
            except PostgresAddressError as error:
                raise ValueError(error.message) from error
        return value

    @model_validator(mode="after")
    def _demo_stays_inside(self) -> Self:
        outside = sorted(set(self.allowed_channels) - DEMO_CHANNELS)
        if self.kind == "demo" and outside:
            raise ValueError(
                f"a demo home may only use the channels {', '.join(sorted(DEMO_CHANNELS))}, not {', '.join(outside)}"
            )
        return self

    @property
    def shared(self) -> bool:
        """Whether several processes may have the home open: everything that is written is on PostgreSQL.

        A replay home never is: whoever carries out its work moves its time.
        """
        urls = (self.operational_url, self.checkpoints_url, self.jobs_url)
        return self.clock == "wall" and all(is_postgres(url) for url in urls)

    @property
    def zone(self) -> ZoneInfo:
        """The home's own time zone."""
        return ZoneInfo(self.timezone)


def in_words(error: ValidationError) -> str:
    """Name each field that breaks a rule, and the rule, in one line."""
    problems = [
        (".".join(str(part) for part in each["loc"]), each["msg"].removeprefix("Value error, "))
        for each in error.errors()
    ]
    return "; ".join(f"{where}: {what}" if where else what for where, what in problems)
