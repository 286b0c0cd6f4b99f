"""The declaration of the Hillstrom example: what is real and checked, what is declared, what is synthetic."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from policies.errors import InvalidInputError
from store.importing.experiments import LoggedExperiment

DEFAULT_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
"""The folder of ready homes, beside the packages; callers may give another."""


class ExampleError(InvalidInputError):
    """An example is missing, or is not the data it says it is."""

    code = "example_invalid"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RealArm(_Part):
    """One arm of the real experiment: the action it stands for, and its published counts."""

    action: str
    people: int
    conversions: int


class Real(_Part):
    """The file and what must be true of it: means are decimal strings, rounded to their last digit."""

    file: str
    sha256: str
    rows: int
    mean_visit: str
    mean_conversion: str
    mean_spend: str
    arms: dict[str, RealArm]
    areas: dict[str, str]
    channels: dict[str, str]


class ExampleExperiment(LoggedExperiment):
    """The logged experiment and the probability each arm was drawn with."""

    propensity: str


class ExampleCampaign(_Part):
    """What the example declares for its campaign; shares are decimal strings, money is in minor units."""

    clock_starts: datetime
    starts_on: date
    ends_on: date
    currency: str
    message_cost_minor: int
    cost_source: str
    gross_margin: str
    gross_margin_note: str
    reward_delay_hours: int
    reward_delay_note: str
    exploration_share: str
    holdout_share: str


class Synthetic(_Part):
    """What is drawn by seed: shares are decimal strings and add up to one."""

    history_share: str
    timezones: tuple[str, ...]
    locale: str
    consent_at: datetime
    consent_source: str
    consent_shares: dict[str, str]


class Example(_Part):
    """Everything `example.toml` declares."""

    name: str
    real: Real
    experiment: ExampleExperiment
    campaign: ExampleCampaign
    synthetic: Synthetic


def read_example(folder: Path) -> Example:
    """Read `example.toml` of an example's folder; raises ExampleError when it is missing or breaks its form."""
    path = folder / "example.toml"
    try:
        return Example.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ExampleError(
            f"There is no example at {folder}; give the folder that holds example.toml.", value=folder
        ) from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ExampleError(f"{path.name} cannot be used: {error}", value=path.name) from error
