"""The table twins of the charts: the same numbers, interval before point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agents.review.record import Estimate, Lift, MetricReadout, ReadoutRecord, Scored
from api.report import claims
from api.report.wording import (
    NO_BREAK,
    amount,
    count,
    first_upper,
    group_words,
    metric_words,
    scale_of,
    share,
    words,
)

ABSENT = "–"


class Table(NamedTuple):
    """A chart in numbers; all columns but the first hold numbers or short words."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def lift_table(metric: MetricReadout, guardrail: str | None = None) -> Table:
    """Differences from the other groups; for a guardrail its own verdict stands beside the holdout."""
    rows = tuple(
        (
            first_upper(claims.comparison_words(lift)),
            claims.lift_span(lift, metric.unit) or "not estimable",
            _lift_point(lift, metric),
            lift.verdict if guardrail is None else guardrail if lift.against == "holdout" else ABSENT,
        )
        for lift in metric.lifts
    )
    return Table(("comparison", "interval", "best estimate", "verdict"), rows)


def value_table(named: Sequence[tuple[str, Estimate]], metric: MetricReadout) -> Table:
    """Means by group and arm with the evidence behind each."""
    rows = tuple(
        (
            label,
            *_value_cells(one, metric),
            count(one.people),
            count(one.matched),
            count(round(one.effective_people)),
            share(one.covered_share),
        )
        for label, one in named
    )
    head = ("group or arm", "interval", "best estimate", "people", "matched", "effective", "open to")
    return Table(head, rows)


def score_table(scores: Sequence[Scored]) -> Table:
    """Forecasts beside what came out."""
    rows = tuple(
        (
            first_upper(words(one.quantity)),
            _total_span(one.forecast, one.unit),
            _total(one.forecast[1], one.unit),
            _total_span(one.estimate, one.unit),
            _total(one.estimate[1], one.unit),
            claims.score_words(one),
        )
        for one in scores
    )
    head = ("quantity", f"forecast, 80{NO_BREAK}%", "median", "came out", "best estimate", "in words")
    return Table(head, rows)


def secondary_table(record: ReadoutRecord) -> Table:
    """The metrics that no verdict is drawn from, by group and compared."""
    rows = []
    for metric in record.metrics:
        if metric.metric == record.primary_metric:
            continue
        name = first_upper(metric_words(metric.metric, metric.unit))
        for one in metric.groups:
            rows.append((f"{name}, {group_words(one.name)}", *_value_cells(one, metric), count(one.matched)))
        for lift in metric.lifts:
            span = claims.lift_span(lift, metric.unit) or "not estimable"
            rows.append((f"{name}, {claims.comparison_words(lift)}", span, _lift_point(lift, metric), "–"))
    return Table(("metric", "interval", "best estimate", "matched people"), tuple(rows))


def _value_cells(one: Estimate, metric: MetricReadout) -> tuple[str, str]:
    if one.low is None or one.high is None or one.value is None:
        return "not estimable", ABSENT
    scale = scale_of(metric.unit)
    places = scale.decimals((one.low, one.high), (one.high - one.low) / 2)
    return scale.span(one.low, one.high, places), scale.said(one.value, places)


def _lift_point(lift: Lift, metric: MetricReadout) -> str:
    if lift.low is None or lift.high is None or lift.value is None:
        return ABSENT
    scale = scale_of(metric.unit)
    return scale.difference(lift.value, scale.decimals((lift.low, lift.high), (lift.high - lift.low) / 2))


def _total(value: float, unit: str) -> str:
    if unit.startswith("minor:"):
        return amount(value, unit.removeprefix("minor:"))
    return count(round(value))


def _total_span(values: tuple[float, float, float], unit: str) -> str:
    low, _, high = (_total(value, unit) for value in values)
    return f"{low}, exactly" if low == high else f"{low} to {high}"
