"""Charts of the page, drawn once per content: the report's specifications with the page's numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from markupsafe import Markup

from api.report.charts import NARROW, WIDE, Axis, Row, Spec, interval_chart
from api.report.svg import draw
from api.report.tables import Table
from api.report.wording import first_upper, words
from api.views.proposal import ForecastView


class Picture(NamedTuple):
    """A title that states the finding, the drawing at two widths (empty where nothing can be drawn), the same as a table."""

    title: str
    caption: str
    wide: Markup
    narrow: Markup
    table: Table
    notes: tuple[str, ...] = ()


def pictured(
    title: str,
    caption: str,
    spec: Callable[[int], Spec],
    table: Table,
    notes: tuple[str, ...] = (),
) -> Picture:
    """A chart drawn at both widths, with its table."""
    wide, narrow = (Markup(_draw(json.dumps(spec(width)))) for width in (WIDE, NARROW))
    return Picture(title, caption, wide, narrow, table, notes)


def forecast_picture(parts: Sequence[ForecastView], kpi: str) -> Picture:
    """The 80 % interval of each forecast quantity in per cent of its median, so that wide means unsure."""
    ordered = sorted(parts, key=lambda part: (part.quantity != kpi, part.quantity))
    rows = [row for row in (_row(part) for part in ordered) if row is not None]
    lead = ordered[0] if ordered else None
    title = (
        f"{first_upper(words(lead.quantity))}: {_span(lead)}" if lead is not None else "Nothing was forecast"
    )
    left_out = tuple(
        f"{first_upper(words(part.quantity))}: the median is 0, so it is in the table only."
        for part in ordered
        if float(part.median.value) <= 0
    )
    table = Table(
        ("", "low", "median", "high"),
        tuple(
            (first_upper(words(part.quantity)), part.low.shown, part.median.shown, part.high.shown)
            for part in ordered
        ),
    )
    axis = Axis("% of the median", ".0f")
    wide, narrow = (_drawn(rows, axis, width) for width in (WIDE, NARROW))
    return Picture(title, "80\u00a0% intervals around each median.", wide, narrow, table, left_out)


def _row(part: ForecastView) -> Row | None:
    low, median, high = (float(one.value) for one in (part.low, part.median, part.high))
    if median <= 0:
        return None
    return Row(
        first_upper(words(part.quantity)), "", low / median * 100, 100.0, high / median * 100, _span(part)
    )


def _span(part: ForecastView) -> str:
    """`1,860 to 2,047 visits`, `USD 7,102.89 to 12,689.16`: the unit once."""
    if part.median.unit.startswith("minor:"):
        return f"{part.low.shown} to {part.high.shown.rpartition(' ')[2]}"
    return f"{part.low.shown.rpartition(' ')[0] or part.low.shown} to {part.high.shown}"


def _drawn(rows: Sequence[Row], axis: Axis, width: int) -> Markup:
    return Markup(_draw(json.dumps(interval_chart(rows, axis, width)))) if rows else Markup("")


@lru_cache(maxsize=256)
def _draw(spec: str) -> str:
    return draw(json.loads(spec))
