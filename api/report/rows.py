"""Intervals of the readout as rows of a chart, scaled to the unit that is read."""

from __future__ import annotations

from agents.review.record import Estimate, MetricReadout, Scored
from api.report import claims
from api.report.charts import Row
from api.report.wording import NO_BREAK, count, first_upper, group_words, scale_of, words


def lift_rows(metric: MetricReadout) -> list[Row]:
    """One row a comparison, the holdout first."""
    factor = scale_of(metric.unit).factor
    return [
        Row(
            f"Optimised less {group_words(lift.against)}",
            lift.verdict,
            None if lift.low is None else lift.low * factor,
            None if lift.value is None else lift.value * factor,
            None if lift.high is None else lift.high * factor,
            claims.lift_span(lift, metric.unit) or lift.verdict,
            "main" if lift.against == "holdout" else "other",
        )
        for lift in sorted(metric.lifts, key=lambda lift: lift.against != "holdout")
    ]


def value_row(label: str, one: Estimate, kind: str, metric: MetricReadout) -> Row:
    """A mean with how many people it rests on; without an interval it says that it is not estimable."""
    factor = scale_of(metric.unit).factor
    span = claims.value_span(one, metric.unit)
    detail = f"{count(one.matched)}{NO_BREAK}matched"
    if kind == "arm" and span is not None:
        detail += f", {count(round(one.effective_people))}{NO_BREAK}eff."
    if span is None or one.low is None or one.value is None or one.high is None:
        return Row(label, detail, None, None, None, "not estimable", kind)
    return Row(label, detail, one.low * factor, one.value * factor, one.high * factor, span, kind)


def group_kind(one: Estimate) -> str:
    return "main" if one.name == "optimised" else "other"


def score_row(one: Scored) -> Row:
    """A forecast quantity relative to its median (above 0), in per cent."""
    low, median, high = one.forecast
    least, best, most = (value / median * 100 for value in one.estimate)
    detail = "counted" if one.estimate[0] == one.estimate[2] else "estimated"
    if one.consistent and not one.inside:
        detail += ", within its error"
    return Row(
        first_upper(words(one.quantity)),
        detail,
        least,
        best,
        most,
        claims.score_words(one).split(";")[0],
        band=(low / median * 100, high / median * 100),
    )
