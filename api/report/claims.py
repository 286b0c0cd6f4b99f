"""What each title says: computed from the readout, and never more than the intervals hold."""

from __future__ import annotations

from collections.abc import Mapping

from agents.review.record import Estimate, Lift, MetricReadout, ReadoutRecord, Scored
from api.report.wording import (
    NO_ARM,
    amount,
    arm_words,
    first_upper,
    group_words,
    listed,
    metric_words,
    scale_of,
    share,
    words,
)

HEADLINES = {
    "better": "Better than the holdout",
    "worse": "Worse than the holdout",
    "not conclusive": "Not conclusive",
    "not estimable": "Not estimable",
    "not yet": "Too early to tell",
}
MARKS = {"better": "▲", "worse": "▼", "not conclusive": "≈", "not estimable": "∅", "not yet": "…"}
EXPLANATIONS = {
    "not conclusive": "That is a normal result: the interval holds both a gain and a loss, so neither is claimed.",
    "not estimable": "What was observed does not allow an estimate, so none is shown.",
    "not yet": "A verdict is given once, after the declared end; looking earlier decides nothing.",
}
GUARDRAILS = {
    "holds": "held",
    "held": "held",
    "broken": "broken",
    "not conclusive": "not conclusive",
    "not estimable": "not estimable",
    "not yet": "not decided yet",
}


def main_lift(metric: MetricReadout) -> Lift | None:
    """The comparison that the verdict rests on: against the holdout."""
    return next((lift for lift in metric.lifts if lift.against == "holdout"), None)


def lift_span(lift: Lift, unit: str) -> str | None:
    """The interval of a difference in words; None where there is none."""
    if lift.low is None or lift.high is None:
        return None
    scale = scale_of(unit)
    places = scale.decimals((lift.low, lift.high), (lift.high - lift.low) / 2)
    return scale.difference_span(lift.low, lift.high, places)


def value_span(one: Estimate, unit: str) -> str | None:
    """The interval of a mean in words; None where it is not estimable."""
    if one.low is None or one.high is None:
        return None
    scale = scale_of(unit)
    return scale.span(one.low, one.high, scale.decimals((one.low, one.high), (one.high - one.low) / 2))


def lift_title(metric: MetricReadout) -> str:
    """Better and worse with their bounds; otherwise that nothing is shown."""
    name, lift = first_upper(metric_words(metric.metric, metric.unit)), main_lift(metric)
    span = None if lift is None else lift_span(lift, metric.unit)
    if lift is None or span is None:
        return f"{name}: no difference from the holdout is estimated"
    if lift.verdict == "better":
        return f"{name} is above the holdout, by {span.replace('+', '')}"
    if lift.verdict == "worse":
        return f"{name} is below the holdout: {span}"
    return f"{name}: the difference from the holdout may be a loss or a gain, {span}"


def guardrail_title(record: ReadoutRecord) -> str:
    """Whether the guardrail held, was broken or could not be decided."""
    metric = record.metric(record.guardrail_metric)
    said = GUARDRAILS.get(record.guardrail, record.guardrail)
    margin = scale_of(metric.unit)
    places = margin.decimals((record.guardrail_margin,), 0.0)
    limit = margin.said(record.guardrail_margin, places)
    name = metric_words(metric.metric, metric.unit)
    ends = {
        "held": f"{name} is not more than {limit} below the holdout",
        "broken": f"{name} is more than {limit} below the holdout",
        "not conclusive": f"{name} could be more than {limit} below the holdout, or not",
    }
    return f"Guardrail {said}: {ends[said]}" if said in ends else f"Guardrail {said}"


def values_title(metric: MetricReadout, names: Mapping[str, str]) -> str:
    """Which arm leads: only where its interval is apart from all others for the same people."""
    name = metric_words(metric.metric, metric.unit)
    arms = [arm for arm in metric.arms if arm.value is not None]
    if len(arms) < 2:
        return f"{first_upper(name)} by group and arm: too few arms can be estimated to compare them"
    if metric.unit != "rate" and any(arm.covered_share < 1 for arm in arms):
        return (
            f"{first_upper(name)} by group and arm: the arms were open to different people, so none is ranked"
        )
    ranked = sorted(arms, key=lambda arm: (arm.value or 0.0, arm.name), reverse=True)
    best, rest = ranked[0], ranked[1:]
    title = first_upper(arm_words(best.name, dict(names)))
    if all(_for_everybody(best)[0] > _for_everybody(arm)[1] for arm in rest):
        return f"{title} has the highest {name}: its interval lies above the others"
    return f"{title} has the highest estimate, but its interval overlaps: no arm is shown to lead"


def _for_everybody(arm: Estimate) -> tuple[float, float]:
    """An arm's interval with the people it was not open to at their worst and at their best: a rate of 0 and of 1."""
    covered = arm.covered_share
    return (arm.low or 0.0) * covered, (arm.high or 0.0) * covered + (1 - covered)


def allocation_title(record: ReadoutRecord, names: Mapping[str, str]) -> str:
    """What the optimised group was given, counted over all batches."""
    totals = arm_totals(record)
    people = sum(totals.values())
    if not people:
        return "Nobody of the optimised group has been chosen for yet"
    most = max(totals, key=lambda arm: (totals[arm], arm))
    title = f"{first_upper(arm_words(most, dict(names)))} was chosen most, for {share(totals[most] / people)}"
    if most != NO_ARM and NO_ARM in totals:
        title += f"; {share(totals[NO_ARM] / people)} were chosen no message"
    return title


def arm_totals(record: ReadoutRecord) -> dict[str, float]:
    """People of the optimised group per arm over all batches."""
    totals: dict[str, float] = {}
    for batch in record.batches:
        for arm, part in batch.shares.items():
            totals[arm] = totals.get(arm, 0.0) + part * batch.people
    return totals


def forecast_title(record: ReadoutRecord) -> str:
    """How many quantities came out inside the forecast's interval, and which did not."""
    if not record.forecast:
        return "Forecast: nothing to compare it with yet"
    outside = [words(one.quantity) for one in record.forecast if not one.inside]
    whole = len(record.forecast)
    start = "" if record.final else "So far, before the end: "
    if not outside:
        return f"{start}{'All' if not start else 'all'} {whole} forecast quantities came out inside their 80\u00a0% intervals"
    return f"{start}{whole - len(outside)} of {whole} forecast quantities came out inside; {listed(outside)} did not"


def spend_title(record: ReadoutRecord) -> str:
    """Money spent of the budget."""
    spent, budget = amount(record.spent_minor, record.currency), amount(record.budget_minor, record.currency)
    if record.spent_minor > record.budget_minor:
        over = amount(record.spent_minor - record.budget_minor, record.currency)
        return f"{spent} were spent, {over} more than the budget of {budget}"
    part = f" ({share(record.spent_minor / record.budget_minor)})" if record.budget_minor else ""
    return f"{spent} of {budget} were spent{part}"


def comparison_words(lift: Lift) -> str:
    return f"optimised less {group_words(lift.against)}"


def score_words(one: Scored) -> str:
    """Inside, or outside and whether the estimate's own error could explain it."""
    if one.inside:
        return "inside"
    side = "above" if one.estimate[1] > one.forecast[2] else "below"
    return f"outside, {side}; within its own error" if one.consistent else f"outside, {side}"
