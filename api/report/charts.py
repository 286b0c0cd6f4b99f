"""Vega-Lite specifications as plain dicts, with one theme for page and report.

Layout is fixed in pixels (`autosize: none`), so a chart does not depend on the fonts of the machine that draws it.
Colours are those of the light theme; in a page `theme.dark_css` gives each of them its dark twin.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.report.theme import (
    ARM,
    ARM_COLOURS,
    BAND,
    INK,
    LIMIT,
    MAIN,
    MUTED,
    NO_ARM_COLOUR,
    OTHER,
    PAPER,
    vega_config,
)

# Any: a Vega-Lite specification is JSON whose shape the Vega-Lite schema owns.
Spec = dict[str, Any]

WIDE, NARROW = 540, 330
_LETTER = 7.0
_TOUCH = 70
_SHAPES = {"main": "circle", "other": "square", "arm": "diamond"}
_COLOURS = {"main": MAIN, "other": OTHER, "arm": ARM}


@dataclass(frozen=True)
class Row:
    """One interval. `low`, `value`, `high` in the axis's unit, None where not estimable; `said` stands above it.

    `kind` is main, other or arm (colour and shape); `band` is a second interval behind it.
    """

    label: str
    detail: str
    low: float | None
    value: float | None
    high: float | None
    said: str
    kind: str = "main"
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: its title, the d3 format of its labels, and the lines drawn across, value → words."""

    title: str
    format: str
    lines: Mapping[float, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slots:
    """The batches along the horizontal axis: `marks` are those that get a label, number → words."""

    numbers: Sequence[int]
    marks: Mapping[int, str]
    title: str


def interval_chart(rows: Sequence[Row], axis: Axis, width: int) -> Spec:
    """A dot and a bar per row, lines across, words above each interval."""
    left = label_width([line for row in rows for line in (row.label, row.detail)], width)
    plot = width - left - 16
    names = [row_lines(row, left) for row in rows]
    step = max(50, 14 * max((len(lines) for lines in names), default=1) + 14)
    low, high = _extent(rows, axis)
    data = [_datum(row, k, low, high) for k, row in enumerate(rows)]
    labels: Spec = {"format": axis.format, "labelExpr": "datum.value == 0 ? '0' : datum.label"}
    labels |= {"tickCount": max(plot // 60, 3), "title": axis.title, "grid": True}
    scale = {"domain": [low, high], "nice": False, "zero": False}
    x: Spec = {"type": "quantitative", "scale": scale, "axis": labels}
    y = {"field": "row", "type": "ordinal", "axis": row_axis(names, left), "scale": {"paddingInner": 0}}
    x2 = {"field": "high"}
    layers: list[Spec] = [
        *_across(axis, plot / (high - low)),
        _layer({"type": "bar", "height": 16, "color": BAND, "yOffset": 4}, "datum.band_low != null")
        | {
            "encoding": {
                "x": x | {"field": "band_low"},
                "x2": {"field": "band_high"},
                "y": y,
            }
        },
    ]
    for kind in ("main", "other", "arm"):
        chosen = f"datum.kind == '{kind}' && datum.value != null"
        bar = {"type": "rule", "strokeWidth": 3, "color": _COLOURS[kind], "yOffset": 4}
        dot = {"type": "point", "shape": _SHAPES[kind], "size": 85, "filled": True, "opacity": 1}
        dot |= {"color": _COLOURS[kind], "stroke": PAPER, "strokeWidth": 1.5, "yOffset": 4}
        layers.append(_layer(bar, chosen) | {"encoding": {"x": x | {"field": "low"}, "x2": x2, "y": y}})
        layers.append(_layer(dot, chosen) | {"encoding": {"x": x | {"field": "value"}, "y": y}})
    at = {"x": x | {"field": "at"}, "y": y, "text": {"field": "said", "type": "nominal"}}
    text = {"type": "text", "align": {"expr": "datum.align"}, "dy": -13, "fontSize": 11.5}
    # The first copy is a halo, so that a line across does not run through the words.
    layers.append({"mark": text | {"color": PAPER, "stroke": PAPER, "strokeWidth": 5}, "encoding": at})
    layers.append({"mark": text | {"color": INK}, "encoding": at})
    top = 20 + 14 * (len(axis.lines) > 1) if axis.lines else 6
    return framed(width, plot, step * len(rows), left, top, 42) | {
        "data": {"values": data},
        "layer": layers,
    }


def share_chart(
    slots: Slots, shares: Mapping[str, Sequence[float]], names: Mapping[str, str], none: str, width: int
) -> Spec:
    """Stacked shares per arm over the batches, each arm named at its own height on the right."""
    colours = arm_colours(list(shares), none)
    right = min(round(max(len(names[arm]) for arm in shares) * _LETTER) + 30, width * 2 // 5)
    plot, height = width - 44 - right, 190
    values = [
        {"batch": number, "arm": arm, "order": k, "share": row[i]}
        for k, (arm, row) in enumerate(shares.items())
        for i, number in enumerate(slots.numbers)
    ]
    last = [row[-1] for row in shares.values()]
    places = _spread([sum(last[:k]) + part / 2 for k, part in enumerate(last)], 0.13)
    key = [
        {"place": place, "name": line, "arm": arm}
        for (arm, place) in zip(shares, places, strict=True)
        for line in [_shortened(names[arm], right)]
    ]
    colour = {
        "field": "arm",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
    }
    y = {"type": "quantitative", "scale": {"domain": [0, 1]}}
    y["axis"] = {"format": ".0%", "tickCount": 5, "title": None}
    bars = {
        "mark": {"type": "bar", "stroke": PAPER, "strokeWidth": 0.7},
        "encoding": {
            "x": slot_axis(slots),
            "y": y | {"field": "share", "stack": "zero"},
            "order": {"field": "order"},
            "color": colour,
        },
    }
    swatch = {"type": "point", "shape": "square", "size": 90, "filled": True, "opacity": 1, "xOffset": 11}
    text = {"type": "text", "align": "left", "dx": 21, "color": INK, "fontSize": 12}
    end = {"value": plot}
    named = [
        {
            "data": {"values": key},
            "mark": swatch,
            "encoding": {"x": end, "y": y | {"field": "place"}, "color": colour},
        },
        {
            "data": {"values": key},
            "mark": text,
            "encoding": {"x": end, "y": y | {"field": "place"}, "text": {"field": "name", "type": "nominal"}},
        },
    ]
    return framed(width, plot, height, 44, 8, 42) | {"data": {"values": values}, "layer": [bars, *named]}


def spend_chart(slots: Slots, spent: Sequence[float], budget: float, budget_words: str, width: int) -> Spec:
    """Money spent so far after each batch, as steps, against the budget."""
    left, height = 52, 190
    plot = width - left - 16
    top = max(budget, *spent, 1.0) * 1.16
    values = [{"batch": n, "spent": value} for n, value in zip(slots.numbers, spent, strict=True)]
    y = {"type": "quantitative", "scale": {"domain": [0, top], "nice": False}}
    y["axis"] = {"format": ",.0f", "tickCount": 5, "title": None}
    x, over, step = slot_axis(slots), {"field": "spent"}, plot / max(len(slots.numbers), 1)
    line = [{"y": budget, "words": budget_words}]
    layers = [
        {
            "mark": {"type": "bar", "color": BAND, "stroke": BAND, "width": {"band": 1}},
            "encoding": {"x": x, "y": y | over},
        },
        {
            "mark": {"type": "tick", "color": MAIN, "thickness": 2.5, "bandSize": step, "opacity": 1},
            "encoding": {"x": x, "y": y | over},
        },
        {
            "data": {"values": line},
            "mark": {"type": "rule", "color": LIMIT, "strokeWidth": 1.5, "strokeDash": [5, 3]},
            "encoding": {"y": y | {"field": "y"}},
        },
        {
            "data": {"values": line},
            "mark": {"type": "text", "align": "left", "dy": -8, "color": INK, "fontSize": 12},
            "encoding": {
                "x": {"value": 4},
                "y": y | {"field": "y"},
                "text": {"field": "words", "type": "nominal"},
            },
        },
    ]
    return framed(width, plot, height, left, 8, 42) | {"data": {"values": values}, "layer": layers}


def framed(width: int, plot: int, height: int, left: int, top: int, bottom: int) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": plot,
        "height": height,
        "autosize": {"type": "none"},
        "padding": {"left": left, "right": width - plot - left, "top": top, "bottom": bottom},
        "background": None,
        "config": vega_config(),
    }


def _datum(row: Row, number: int, low: float, high: float) -> Spec:
    if row.low is None or row.high is None or row.value is None:
        at, align = low, "left"
    else:
        middle = (row.low + row.high) / 2
        place = (middle - low) / (high - low)
        align = "left" if place < 0.3 else "right" if place > 0.7 else "center"
        # The words start or end with the interval, but never outside the plot.
        at = {"left": max(row.low, low), "right": min(row.high, high), "center": middle}[align]
    band_low, band_high = row.band or (None, None)
    return {
        "row": number,
        "low": row.low,
        "value": row.value,
        "high": row.high,
        "said": row.said,
        "kind": row.kind,
        "at": at,
        "align": align,
        "band_low": band_low,
        "band_high": band_high,
    }


def _extent(rows: Sequence[Row], axis: Axis) -> tuple[float, float]:
    found = [v for row in rows for v in (row.low, row.value, row.high, *(row.band or ())) if v is not None]
    found += list(axis.lines)
    if not found:
        return 0.0, 1.0
    spread = max(found) - min(found) or 1.0
    return min(found) - 0.06 * spread, max(found) + 0.06 * spread


def _across(axis: Axis, pixels_per_unit: float) -> list[Spec]:
    """The lines across with their words on top; words that would touch go one line higher."""
    if not axis.lines:
        return []
    values: list[Spec] = []
    for at, said in sorted(axis.lines.items()):
        touches = bool(values) and (at - values[-1]["at"]) * pixels_per_unit < _TOUCH
        values.append({"at": at, "words": said, "lift": -19 if touches and values[-1]["lift"] == -5 else -5})
    x = {"field": "at", "type": "quantitative"}
    rule = {"type": "rule", "color": INK, "strokeWidth": 1.2, "strokeDash": [4, 3]}
    text = {
        "type": "text",
        "baseline": "bottom",
        "dy": {"expr": "datum.lift"},
        "color": MUTED,
        "fontSize": 11.5,
    }
    words = {"x": x, "y": {"value": 0}, "text": {"field": "words", "type": "nominal"}}
    return [
        {"data": {"values": values}, "mark": rule, "encoding": {"x": x}},
        {"data": {"values": values}, "mark": text, "encoding": words},
    ]


def row_lines(row: Row, left: int) -> list[str]:
    letters = _letters(left)
    return [*textwrap.wrap(row.label, letters)[:2], *textwrap.wrap(row.detail, letters)]


def row_axis(names: Sequence[list[str]], left: int) -> Spec:
    shown = json.dumps({str(k): lines for k, lines in enumerate(names)})
    return {"title": None, "labelExpr": f"{shown}[datum.value]", "labelLineHeight": 14, "labelLimit": left}


def slot_axis(slots: Slots) -> Spec:
    labels = json.dumps({str(number): words for number, words in slots.marks.items()})
    axis = {"values": list(slots.marks), "labelExpr": f"{labels}[datum.value]", "title": slots.title}
    return {
        "field": "batch",
        "type": "ordinal",
        "scale": {"paddingInner": 0, "paddingOuter": 0},
        "axis": axis | {"labelAngle": 0, "ticks": True, "labelAlign": "left"},
    }


def arm_colours(arms: Sequence[str], none: str) -> dict[str, str]:
    coloured = [arm for arm in arms if arm != none]
    chosen = {arm: ARM_COLOURS[k % len(ARM_COLOURS)] for k, arm in enumerate(coloured)}
    return {arm: chosen.get(arm, NO_ARM_COLOUR) for arm in arms}


def _spread(places: list[float], gap: float) -> list[float]:
    """Move label heights apart by at least `gap`, kept between 0 and 1 as far as they fit."""
    out: list[float] = []
    for place in places:
        out.append(max(place, out[-1] + gap) if out else place)
    over = max(out[-1] - 0.97, 0.0) if out else 0.0
    for k in range(len(out) - 1, -1, -1):
        ceiling = out[k + 1] - gap if k + 1 < len(out) else out[k] - over
        out[k] = min(out[k], ceiling)
    return out


def _layer(mark: Spec, test: str) -> Spec:
    return {"mark": mark, "transform": [{"filter": test}]}


def _letters(pixels: int) -> int:
    return max(int(pixels / _LETTER) - 2, 8)


def label_width(lines: Sequence[str], width: int) -> int:
    longest = max((len(line) for line in lines), default=8)
    return int(min(longest * _LETTER + 14, width * 0.4))


def _shortened(text: str, pixels: int) -> str:
    letters = int((pixels - 24) / _LETTER)
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"
