"""What a calculator hands to an agent: a typed result whose numbers are named, so that prose can cite them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from policies.figures import Figure, FigureSource


class Quantity(BaseModel):
    """A number with its unit (see `policies.figures.Figure`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: int | str
    unit: str


class Result(BaseModel):
    """A tool result. `quantities` maps figure ids (`audience.net`) to the numbers an agent may cite as {figure:ID}."""

    model_config = ConfigDict(frozen=True)

    quantities: Mapping[str, Quantity] = {}


def figures_from(tool: str, result: Result, result_digest: str) -> dict[str, Figure]:
    """Return the figures of a tool result, each citing the tool, its path in the result and the result's digest."""
    return {
        name: Figure(
            value=quantity.value,
            unit=quantity.unit,
            source=FigureSource(kind="tool", name=tool, path=f"quantities.{name}", digest=result_digest),
        )
        for name, quantity in result.quantities.items()
    }
