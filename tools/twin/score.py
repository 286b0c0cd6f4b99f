"""How right a forecast turned out, quantity by quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tools.experiments.interval import Interval, two_sided_z
from tools.twin.forecast import Forecast


class ForecastScore(NamedTuple):
    """One quantity: forecast, estimate, how far off, inside the forecast's interval, and consistent with it.

    `inside` asks whether the estimate lies in the forecast's interval; `consistent` also allows for the
    estimate's own error, at the forecast's confidence.
    """

    quantity: str
    forecast: Interval
    estimate: Interval
    difference: float
    relative_difference: float | None
    inside: bool
    consistent: bool


def score_forecast(made: Forecast, estimates: Mapping[str, Interval]) -> list[ForecastScore]:
    """Compare totals for the whole net audience with their estimates; quantities without an estimate are left out."""
    out = []
    for name, expected in made.quantities.items():
        if name not in estimates:
            continue
        seen = estimates[name]
        difference = seen.estimate - expected.estimate
        # Half-widths are taken to the forecast's confidence under a normal shape before they are combined.
        seen_half = seen.half_width * two_sided_z(expected.confidence) / two_sided_z(seen.confidence)
        consistent = abs(difference) <= float(np.hypot(expected.half_width, seen_half))
        relative = difference / expected.estimate if expected.estimate else None
        inside = expected.covers(seen.estimate)
        out.append(ForecastScore(name, expected, seen, difference, relative, inside, consistent))
    return out
