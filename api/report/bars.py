"""Bars and the strip of a draw as Vega-Lite specifications, in the layout and theme of `api.report.charts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.report.charts import Axis, Row, Spec, arm_colours, framed, label_width, row_axis, row_lines
from api.report.theme import ARM, BAND, INK, LIMIT, MAIN, OTHER, PAPER

_COLOURS = {"main": MAIN, "other": OTHER, "arm": ARM, "pale": BAND}


@dataclass(frozen=True)
class Bar:
    """One bar from 0 to `value` (0 or more) in the axis's unit; `said` stands above it, `kind` is main, other, arm or pale."""

    label: str
    detail: str
    value: float
    said: str
    kind: str = "main"


def bar_chart(bars: Sequence[Bar], axis: Axis, width: int, whole: float | None = None) -> Spec:
    """A bar per row on one scale from 0 to `whole` (None: the longest bar), lines of the axis across."""
    left = label_width([line for bar in bars for line in (bar.label, bar.detail)], width)
    plot = width - left - 16
    names = [row_lines(Row(bar.label, bar.detail, None, None, None, ""), left) for bar in bars]
    step = max(40, 14 * max((len(lines) for lines in names), default=1) + 12)
    top = whole or max([bar.value for bar in bars] + list(axis.lines), default=0.0) * 1.04 or 1.0
    data = [
        {
            "row": k,
            "zero": 0,
            "value": bar.value,
            "said": bar.said,
            "colour": _COLOURS[bar.kind],
        }
        for k, bar in enumerate(bars)
    ]
    labels: Spec = {"format": axis.format, "tickCount": max(plot // 80, 3), "title": axis.title, "grid": True}
    x: Spec = {"type": "quantitative", "scale": {"domain": [0, top], "nice": False}, "axis": labels}
    y = {"field": "row", "type": "ordinal", "axis": row_axis(names, left), "scale": {"paddingInner": 0}}
    bar: Spec = {"type": "bar", "height": 10, "cornerRadius": 2, "yOffset": 6}
    text: Spec = {"type": "text", "align": "left", "dy": -9, "fontSize": 11.5}
    said = {"x": x | {"field": "zero"}, "y": y, "text": {"field": "said", "type": "nominal"}}
    layers: list[Spec] = [
        {
            "mark": bar,
            "encoding": {
                "x": x | {"field": "zero"},
                "x2": {"field": "value"},
                "y": y,
                "color": {"field": "colour", "type": "nominal", "scale": None},
            },
        },
        {"mark": text | {"color": PAPER, "stroke": PAPER, "strokeWidth": 5}, "encoding": said},
        {"mark": text | {"color": INK}, "encoding": said},
    ]
    for at in axis.lines:
        rule = {"type": "rule", "color": LIMIT, "strokeWidth": 1.5, "strokeDash": [5, 3]}
        layers.append(
            {"data": {"values": [{"at": at}]}, "mark": rule, "encoding": {"x": x | {"field": "at"}}}
        )
    return framed(width, plot, step * len(bars), left, 4, 42) | {"data": {"values": data}, "layer": layers}


def draw_chart(
    probabilities: Mapping[str, float], names: Mapping[str, str], none: str, u: float, width: int
) -> Spec:
    """The probabilities of a choice side by side from 0 to 1, and the number that was drawn: the arm it falls in was chosen."""
    colours = arm_colours(list(probabilities), none)
    plot, left = width - 32, 16
    values, start = [], 0.0
    for arm, share in probabilities.items():
        name = names[arm] if share * plot > 7 * len(names[arm]) + 8 else ""
        values.append(
            {"from": start, "to": start + share, "middle": start + share / 2, "arm": arm, "name": name}
        )
        start += share
    x: Spec = {"type": "quantitative", "scale": {"domain": [0, 1], "nice": False}}
    x["axis"] = {
        "format": ".0%",
        "tickCount": 5,
        "title": "probability, added up in the order of arms",
        "grid": False,
    }
    colour = {
        "field": "arm",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
    }
    drawn = [{"at": u, "words": f"drawn: {u:.4f}"}]
    align = "left" if u < 0.2 else "right" if u > 0.8 else "center"
    at = {"x": x | {"field": "at"}}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": 26, "stroke": PAPER, "strokeWidth": 1.5},
            "encoding": {
                "x": x | {"field": "from"},
                "x2": {"field": "to"},
                "y": {"value": 40},
                "color": colour,
            },
        },
        {
            "mark": {"type": "text", "fontSize": 11.5, "color": INK},
            "encoding": {
                "x": x | {"field": "middle"},
                "y": {"value": 64},
                "text": {"field": "name", "type": "nominal"},
            },
        },
        {
            "data": {"values": drawn},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 2},
            "encoding": at | {"y": {"value": 18}, "y2": {"value": 55}},
        },
        {
            "data": {"values": drawn},
            "mark": {"type": "text", "align": align, "color": INK, "fontSize": 12, "fontWeight": 600},
            "encoding": at | {"y": {"value": 9}, "text": {"field": "words", "type": "nominal"}},
        },
    ]
    return framed(width, plot, 74, left, 4, 42) | {"data": {"values": values}, "layer": layers}
