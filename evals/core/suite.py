"""A suite: its data, the other names of its labels, and what it must reach."""

from __future__ import annotations

import operator
from collections.abc import Callable
from importlib import resources
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from evals.core.result import BriefResult

Sign = Literal[">=", "<="]
_HOLDS: Final[dict[Sign, Callable[[float, float], bool]]] = {">=": operator.ge, "<=": operator.le}


class Target(BaseModel):
    """A figure of the result and the bar it must reach; `figure` is dotted, as in per_field.budget.rate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    figure: str
    sign: Sign
    bar: float

    def holds(self, result: BriefResult) -> bool | None:
        """Whether the bar is reached; None when the figure is null."""
        value: Any = result.model_dump()
        for part in self.figure.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return None if value is None else _HOLDS[self.sign](float(value), self.bar)


class Suite(BaseModel):
    """What stands in a suite's YAML file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    about: str
    development: str
    test: str
    objective_aliases: dict[str, str] = {}
    targets: tuple[Target, ...] = ()


def read_suite(name: str) -> Suite:
    """The suite of that name, from its file in evals/suites."""
    return Suite.model_validate(
        yaml.safe_load(resources.files("evals").joinpath(f"suites/{name}.yaml").read_text("utf-8"))
    )
