"""A band over batches as a Vega-Lite specification: an estimate with an interval that narrows as people are reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from api.report.charts import Slots, Spec, framed, slot_axis
from api.report.theme import BAND, INK, MAIN, PAPER


class BandRow(NamedTuple):
    """One batch on the band, in the axis's unit."""

    batch: int
    low: float
    value: float
    high: float


def band_chart(
    slots: Slots, rows: Sequence[BandRow], lines: Mapping[float, str], number_format: str, width: int
) -> Spec:
    """The band as an area with its estimate as a line, and lines across with their words. `rows` holds one or more."""
    left, height = 52, 210
    plot = width - left - 16
    found = [v for row in rows for v in (row.low, row.high)] + list(lines)
    spread = max(found) - min(found) or 1.0
    domain = [min(found) - 0.05 * spread, max(found) + 0.08 * spread]
    scale = {"domain": domain, "nice": False, "zero": False}
    y: Spec = {"type": "quantitative", "scale": scale}
    y["axis"] = {"format": number_format, "tickCount": 6, "title": None}
    y["axis"] |= {"labelExpr": "datum.value == 0 ? '0' : datum.label"}
    x = slot_axis(slots)
    values = [row._asdict() for row in rows]
    across = [{"at": at, "words": words, "lift": 11 if at < 0 else -7} for at, words in sorted(lines.items())]
    text: Spec = {"type": "text", "align": "right", "dx": -4, "dy": {"expr": "datum.lift"}, "fontSize": 11.5}
    said: Spec = {
        "x": {"value": plot},
        "y": y | {"field": "at"},
        "text": {"field": "words", "type": "nominal"},
    }
    last = [values[-1]]
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "bar", "color": BAND, "stroke": BAND, "width": {"band": 1}},
            "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": {"values": across},
            "mark": {"type": "rule", "color": INK, "strokeWidth": 1.2, "strokeDash": [4, 3]},
            "encoding": {"y": y | {"field": "at"}},
        },
        {
            "data": {"values": values},
            "mark": {"type": "line", "color": MAIN, "strokeWidth": 2},
            "encoding": {"x": x, "y": y | {"field": "value"}},
        },
        {
            "data": {"values": last},
            "mark": {
                "type": "point",
                "color": MAIN,
                "filled": True,
                "size": 70,
                "opacity": 1,
                "stroke": PAPER,
            },
            "encoding": {"x": x, "y": y | {"field": "value"}},
        },
        {
            "data": {"values": across},
            "mark": text | {"color": BAND, "stroke": BAND, "strokeWidth": 4},
            "encoding": said,
        },
        {"data": {"values": across}, "mark": text | {"color": INK}, "encoding": said},
    ]
    return framed(width, plot, height, left, 8, 42) | {
        "data": {"values": [{"batch": number} for number in slots.numbers]},
        "layer": layers,
    }
