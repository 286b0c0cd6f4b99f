"""Reading JSON of an output as what it should be; what is not so is a defect of the suite."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from evals.harness.case import JsonObject
from evals.harness.errors import ScorerError


def words(values: Mapping[str, JsonValue], name: str) -> list[str]:
    """Return a list of texts."""
    found = values.get(name)
    if not isinstance(found, list):
        raise ScorerError(f"{name} is {found!r}; it should be a list of texts", value=name)
    return [str(one) for one in found]


def fields(values: Mapping[str, JsonValue], name: str) -> JsonObject:
    """Return an object."""
    found = values.get(name)
    if not isinstance(found, dict):
        raise ScorerError(f"{name} is {found!r}; it should be an object", value=name)
    return found
