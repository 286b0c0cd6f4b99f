"""A number as a person is shown it: the figure's id, its value and unit, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from policies.figures import Figure, FigureSource, Ref, show
from policies.proposal import Content


class View(BaseModel):
    """Base of everything that is shown."""

    model_config = ConfigDict(frozen=True)


class Number(View):
    """A figure by id; its source stands under the same id in `figures`."""

    figure: str
    value: int | str
    unit: str
    shown: str


class SourcedFigure(View):
    """A figure with where it came from."""

    value: int | str
    unit: str
    shown: str
    source: FigureSource


class Derived(View):
    """A number worked out when it is shown, from figures of the proposal and settings; it is not part of what is frozen.

    `formula` names its inputs: figure ids, and the names in `settings`.
    """

    value: int | str
    unit: str
    shown: str
    formula: str
    settings: dict[str, SourcedFigure]


def number(content: Content, ref: Ref) -> Number:
    """Return the figure behind a reference of a proposal."""
    figure = content.figures[ref.figure]
    return Number(figure=ref.figure, value=figure.value, unit=figure.unit, shown=show(figure))


def sourced(figure: Figure) -> SourcedFigure:
    """Return a figure with its source."""
    return SourcedFigure(value=figure.value, unit=figure.unit, shown=show(figure), source=figure.source)


def derived(
    value: int | str, unit: str, formula: str, settings: Mapping[str, Figure] | None = None
) -> Derived:
    """Return a number that was worked out from others, and how."""
    shown = show(Figure(value=value, unit=unit, source=FigureSource(kind="setting", name="derived")))
    used = {name: sourced(figure) for name, figure in (settings or {}).items()}
    return Derived(value=value, unit=unit, shown=shown, formula=formula, settings=used)
