"""The charts of a report with their titles and their table twins, each made once from the readout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup

from agents.review.record import MetricReadout, ReadoutRecord
from api.report import claims
from api.report.charts import NARROW, WIDE, Axis, Row, Slots, Spec, interval_chart, share_chart, spend_chart
from api.report.context import ReportContext
from api.report.rows import group_kind, lift_rows, score_row, value_row
from api.report.svg import draw
from api.report.tables import Table, lift_table, score_table, value_table
from api.report.wording import (
    NO_ARM,
    amount,
    arm_words,
    count,
    day,
    first_upper,
    group_words,
    level,
    metric_words,
    moment,
    scale_of,
    share,
    spaced,
    words,
)


class Panel(NamedTuple):
    """One finding: title, what is drawn, the drawing at two widths (empty where nothing can be drawn), the twin.

    `is_outcome`: the panel shows what customers did, so the label of the outcomes stands beside it.
    """

    title: str
    caption: str
    wide: Markup
    narrow: Markup
    table: Table
    notes: tuple[str, ...]
    is_outcome: bool


def panels(record: ReadoutRecord, context: ReportContext) -> tuple[Panel, ...]:
    """Return the charts in reading order; the guardrail stands after the lift."""
    return (
        lift_panel(record),
        guardrail_panel(record),
        values_panel(record, context),
        forecast_panel(record),
        allocation_panel(record, context),
        spend_panel(record, context),
    )


def lift_panel(record: ReadoutRecord) -> Panel:
    """The primary metric: optimised less the other groups, with the line of no difference."""
    metric = record.metric(record.primary_metric)
    rows = lift_rows(metric)
    name = metric_words(metric.metric, metric.unit)
    return _panel(
        claims.lift_title(metric),
        f"Difference in {name} with its {level(record.confidence)} interval.",
        _intervals(rows, _axis(metric, "difference", {0.0: "no difference"})),
        lift_table(metric),
        tuple(
            f"Against the {group_words(one.against)}: {spaced(one.reason.removeprefix(one.against + ': '))}."
            for one in metric.lifts
        ),
        True,
    )


def guardrail_panel(record: ReadoutRecord) -> Panel:
    """The guardrail metric's difference, with the margin it may not fall behind by."""
    metric = record.metric(record.guardrail_metric)
    scale = scale_of(metric.unit)
    margin = record.guardrail_margin
    lines = {0.0: "no difference", -margin * scale.factor: "limit"} if margin else {0.0: "limit"}
    verdict = claims.GUARDRAILS.get(record.guardrail, record.guardrail)
    rows = [replace(row, detail=f"guardrail {verdict}") for row in lift_rows(metric)[:1]]
    said = scale.difference(-margin, scale.decimals((margin,), 0.0)) if margin else "0"
    return _panel(
        claims.guardrail_title(record),
        f"Difference in {metric_words(metric.metric, metric.unit)} from the holdout with its"
        f" {level(record.confidence)} interval; all of it has to lie above the limit of {said}.",
        _intervals(rows, _axis(metric, "difference", lines)),
        lift_table(metric, verdict),
        (),
        True,
    )


def values_panel(record: ReadoutRecord, context: ReportContext) -> Panel:
    """The primary metric by group, and by arm had everybody of the optimised group got it."""
    metric = record.metric(record.primary_metric)
    groups = [(first_upper(group_words(one.name)), one, group_kind(one)) for one in metric.groups]
    arms = [(f"All: {arm_words(one.name, context.action_names)}", one, "arm") for one in metric.arms]
    rows = [value_row(label, one, kind, metric) for label, one, kind in (*groups, *arms)]
    notes = tuple(
        f"{label}: {spaced(one.reason.removeprefix(one.name + ' '))}."
        for label, one, _ in (*groups, *arms)
        if one.reason
    )
    return _panel(
        claims.values_title(metric, context.action_names),
        f"{first_upper(metric_words(metric.metric, metric.unit))} with {level(record.confidence)} intervals."
        " “All: …” is the estimate had everybody of the optimised group got that arm.",
        _intervals(rows, _axis(metric, "", {})),
        value_table([(label, one) for label, one, _ in (*groups, *arms)], metric),
        notes,
        True,
    )


def forecast_panel(record: ReadoutRecord) -> Panel:
    """Each forecast interval beside its estimate, both in per cent of the forecast's median."""
    drawn = [one for one in record.forecast if one.forecast[1] > 0]
    rows = [score_row(one) for one in drawn]
    axis = Axis("% of the forecast's median", ".0f", {100.0: "forecast"})
    left_out = [words(one.quantity) for one in record.forecast if one.forecast[1] <= 0]
    return _panel(
        claims.forecast_title(record),
        "Pale bar: the forecast's 80\u00a0% interval. Dot and line: the estimate for the whole net audience"
        " with its interval; counts are exact.",
        _intervals(rows, axis),
        score_table(record.forecast),
        tuple(
            f"{first_upper(one)}: the forecast's median is 0, so it is in the table only." for one in left_out
        ),
        True,
    )


def allocation_panel(record: ReadoutRecord, context: ReportContext) -> Panel:
    """What the optimised group was given, batch by batch."""
    seen = [batch for batch in record.batches if batch.people]
    arms = sorted({arm for batch in seen for arm in batch.shares}, key=lambda arm: (arm == NO_ARM, arm))
    names = {arm: arm_words(arm, context.action_names) for arm in arms}
    zone = ZoneInfo(context.timezone)

    def spec(width: int) -> Spec | None:
        if not seen:
            return None
        shares = {arm: [batch.shares.get(arm, 0.0) for batch in seen] for arm in arms}
        return share_chart(_slots(record, context, width, True), shares, names, NO_ARM, width)

    return _panel(
        claims.allocation_title(record, context.action_names),
        "Share of the optimised group of each batch per arm. A count of choices, not an effect.",
        spec,
        Table(
            ("batch", "slot", "people", *(names[arm] for arm in arms)),
            tuple(
                (
                    str(batch.number),
                    moment(batch.slot_at, zone),
                    count(batch.people),
                    *(share(batch.shares.get(arm, 0.0)) for arm in arms),
                )
                for batch in seen
            ),
        ),
        (),
        False,
    )


def spend_panel(record: ReadoutRecord, context: ReportContext) -> Panel:
    """Cost of what was chosen so far, after each batch, against the budget."""
    scale = scale_of(f"minor:{record.currency}")
    zone = ZoneInfo(context.timezone)
    sums = [sum(batch.spent_minor for batch in record.batches[: k + 1]) for k in range(len(record.batches))]
    budget_words = f"budget {amount(record.budget_minor, record.currency)}"

    def spec(width: int) -> Spec | None:
        if not sums:
            return None
        major = [value * scale.factor for value in sums]
        slots = _slots(record, context, width, False)
        return spend_chart(slots, major, record.budget_minor * scale.factor, budget_words, width)

    chosen = sums[-1] if sums else 0
    notes: tuple[str, ...] = ()
    if chosen != record.spent_minor:
        notes = (
            f"The choices cost {amount(chosen, record.currency)}; {amount(record.spent_minor, record.currency)}"
            " were spent, since some chosen messages were not sent or are still to come.",
        )
    return _panel(
        claims.spend_title(record),
        f"{record.currency}, added up over the batches, by the cost of what was chosen.",
        spec,
        Table(
            ("batch", "slot", "cost", "so far"),
            tuple(
                (
                    str(batch.number),
                    moment(batch.slot_at, zone),
                    amount(batch.spent_minor, record.currency),
                    amount(total, record.currency),
                )
                for batch, total in zip(record.batches, sums, strict=True)
            ),
        ),
        notes,
        False,
    )


def _panel(
    title: str,
    caption: str,
    spec: Callable[[int], Spec | None],
    table: Table,
    notes: tuple[str, ...],
    is_outcome: bool,
) -> Panel:
    made = [spec(width) for width in (WIDE, NARROW)]
    wide, narrow = (Markup(draw(one) if one else "") for one in made)
    return Panel(title, caption, wide, narrow, table, notes, is_outcome)


def _intervals(rows: Sequence[Row], axis: Axis) -> Callable[[int], Spec | None]:
    return lambda width: interval_chart(rows, axis, width) if any(r.value is not None for r in rows) else None


def _axis(metric: MetricReadout, prefix: str, lines: dict[float, str]) -> Axis:
    name = prefix or metric_words(metric.metric, metric.unit)
    unit = "points" if prefix else "%"
    if metric.unit.startswith("minor:"):
        unit = metric.unit.removeprefix("minor:")
    return Axis(f"{name}, {unit}", "+,~f" if prefix else ",~f", lines)


def _slots(record: ReadoutRecord, context: ReportContext, width: int, with_people: bool) -> Slots:
    """The batches with a few dates under them; none so far right that its words would be cut."""
    zone = ZoneInfo(context.timezone)
    seen = [batch for batch in record.batches if batch.people or not with_people]
    wanted = 5 if width >= WIDE else 3
    marks: dict[int, str] = {}
    for k in range(wanted):
        batch = seen[round(k * 0.86 * (len(seen) - 1) / max(wanted - 1, 1))]
        label = day(batch.slot_at, zone)
        if label not in marks.values():
            marks[batch.number] = label
    return Slots([batch.number for batch in seen], marks, "day of the batch")
