"""Whom sets share, as a square of cells: a Vega-Lite specification in the layout of `api.report.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from api.report.charts import Row, Spec, framed, label_width, row_axis, row_lines
from api.report.theme import BAND, INK, MAIN, PAPER


class Cell(NamedTuple):
    """The people of set `row` who are in set `column` too: their share of the row (0 to 1), and how it is said."""

    row: int
    column: int
    share: float
    said: str


def overlap_chart(labels: Sequence[str], cells: Sequence[Cell], width: int) -> Spec:
    """A square with a row and a numbered column a set; the darker, the more of the row's people are in the column."""
    numbered = [f"{k + 1} {label}" for k, label in enumerate(labels)]
    left = label_width(numbered, width)
    plot, step = width - left - 16, 40
    names = [row_lines(Row(label, "", None, None, None, ""), left) for label in numbered]
    values = [
        {"row": c.row, "column": c.column, "said": c.said, "share": c.share, "light": c.share > 0.55}
        for c in cells
    ]
    numbers = {str(k): str(k + 1) for k in range(len(labels))}
    column: Spec = {"field": "column", "type": "ordinal", "scale": {"paddingInner": 0.06}}
    column["axis"] = {
        "orient": "bottom",
        "labelAngle": 0,
        "labelExpr": f"{numbers!r}[datum.value]",
        "title": None,
    }
    row = {"field": "row", "type": "ordinal", "axis": row_axis(names, left), "scale": {"paddingInner": 0.06}}
    text: Spec = {"type": "text", "fontSize": 11.5}
    at = {"x": column, "y": row, "text": {"field": "said", "type": "nominal"}}
    layers: list[Spec] = [
        {"mark": {"type": "rect", "color": BAND, "opacity": 0.45}, "encoding": {"x": column, "y": row}},
        {
            "mark": {"type": "rect", "color": MAIN},
            "encoding": {
                "x": column,
                "y": row,
                "opacity": {"field": "share", "type": "quantitative", "scale": None, "legend": None},
            },
        },
        {
            "mark": text | {"color": INK},
            "transform": [{"filter": "!datum.light"}],
            "encoding": at,
        },
        {"mark": text | {"color": PAPER}, "transform": [{"filter": "datum.light"}], "encoding": at},
    ]
    return framed(width, plot, step * len(labels), left, 4, 24) | {
        "data": {"values": values},
        "layer": layers,
    }
