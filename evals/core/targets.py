"""What goes with the briefs: the other names of their objectives, and the figures that reading them must reach."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
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


class BriefLabels(BaseModel):
    """What stands beside the data of `objective_extraction`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    objective_aliases: dict[str, str]
    targets: tuple[Target, ...]


@cache
def brief_labels() -> BriefLabels:
    """The names and targets of `evals/suites/data/objective_extraction.yaml`."""
    path = resources.files("evals").joinpath("suites/data/objective_extraction.yaml")
    return BriefLabels.model_validate(yaml.safe_load(path.read_text("utf-8")))
