"""Suites as data: what is asked, how it is scored, how often, and what the gate wants of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evals.harness.errors import CaseFileError, SuiteNotFoundError

SUITES = Path(__file__).resolve().parent.parent / "suites"
Tier = Literal["commit", "release", "cassette", "live"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
SERVED: Final = ("cassette", "live")
"""The tiers of a served model: the suites that name them run, as the others ask a model nothing that costs its time."""


class Bound(BaseModel):
    """What a metric may not fall below or rise above."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a threshold needs at_least or at_most")
        return self

    def problem(self, value: float) -> str | None:
        """Return what is wrong with a value, in words; None when it lies within."""
        if self.at_least is not None and value < self.at_least:
            return f"{value:.4g} is below {self.at_least:g}"
        if self.at_most is not None and value > self.at_most:
            return f"{value:.4g} is above {self.at_most:g}"
        return None


class Share(BaseModel):
    """How much of a suite a tier runs: a seeded part of its cases (None = all), each so many times.

    `spread` names keys of the cases' data; the part holds each of their values as evenly as it can.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cases: int | None = Field(default=None, ge=1)
    spread: tuple[str, ...] = ()
    epochs: int = Field(default=1, ge=1)


class Suite(BaseModel):
    """A suite. `dataset` is a file in `data/`, several of them, or a generator; `mde` the drop of the mean it can see."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    suite_class: Literal["invariant", "quality"] = Field(alias="class")
    dataset: str | tuple[str, ...]
    task: str
    scorers: tuple[str, ...] = Field(min_length=1)
    epochs: int = Field(default=3, ge=1)
    mde: float | None = Field(default=None, gt=0, le=1)
    tiers: dict[Tier, Share] = {}
    thresholds: dict[str, Bound] = {}

    @model_validator(mode="after")
    def _quality_states_its_drop(self) -> Self:
        if self.suite_class == "quality" and self.mde is None:
            raise ValueError("a quality suite states the drop it can see as mde")
        return self

    def share(self, tier: Tier) -> Share:
        """Return what a tier runs of this suite; all of it with its own epochs where nothing else is said."""
        return self.tiers.get(tier, Share(epochs=self.epochs))

    def takes(self, tier: str) -> bool:
        """Whether a tier has a part of this suite."""
        return tier not in SERVED or tier in self.tiers


def read_suite(name: str, folder: Path = SUITES) -> Suite:
    """Read `NAME.yaml`; SuiteNotFoundError names those there are, CaseFileError what is wrong in one."""
    import yaml

    path = folder / f"{name}.yaml"
    if not path.is_file() or "/" in name:
        raise SuiteNotFoundError(
            f"there is no suite {name!r}; there are {', '.join(suite_names(folder))}", value=name
        )
    try:
        suite = Suite.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise CaseFileError(f"{path.name} is not a suite: {error}", value=name) from error
    if suite.name != name:
        raise CaseFileError(f"{path.name} names itself {suite.name}; give both one name", value=suite.name)
    return suite


def suite_names(folder: Path = SUITES) -> list[str]:
    """Return the suites there are, in the order of their names: the files that say their class."""
    found = folder.glob("*.yaml")
    return sorted(path.stem for path in found if "\nclass: " in path.read_text("utf-8"))


def read_suites(
    names: Iterable[str] = (), folder: Path = SUITES, *, tier: str = "release"
) -> tuple[Suite, ...]:
    """Read the named suites, or all that the tier has a part of; SuiteNotFoundError for a named one that it has none of."""
    named = list(names)
    suites = [read_suite(name, folder) for name in (named or suite_names(folder))]
    left_out = [suite.name for suite in suites if not suite.takes(tier)]
    if named and left_out:
        raise SuiteNotFoundError(
            f"the tier {tier} has no part of {left_out[0]}; say in its yaml how many cases, or leave it out",
            value=left_out[0],
        )
    return tuple(suite for suite in suites if suite.takes(tier))
