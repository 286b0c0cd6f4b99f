"""Measure one launch: choices joined with outcomes, read out as the proposal declared, the forecast scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from agents.propose.facts import NO_ARM
from agents.review.record import BatchShare, Estimate, Lift, MetricReadout, ReadoutRecord, Scored
from delivery.choice_file import CHOICES
from delivery.order import OPTIMISED
from delivery.reconcile import Reconciliation, count_people
from delivery.schedule import last_instant
from delivery.terms import Terms, read_terms
from policies.errors import ConflictError
from store.clock import Clock
from store.database import Database
from store.history import logged_experiments, read_history
from store.repositories.agent_work import draft_by_digest
from store.repositories.launches import batches_of
from store.repositories.sends import outcomes_of, spent_minor
from store.tables import Batch
from store.warehouse import Warehouse
from tools.audience.features import with_recency
from tools.bandits.draw import replay, uniforms
from tools.bandits.features import FeatureDefinition
from tools.bandits.prior import PRIOR_KIND
from tools.bandits.ridge import RidgeState
from tools.experiments.adaptive import AdaptiveEstimate, ReplayLog, earlier_predictions
from tools.experiments.interval import Interval
from tools.experiments.readout import Declaration, Readout, read_out
from tools.twin.forecast import Forecast
from tools.twin.score import score_forecast

FloatArray = NDArray[np.float64]
METRICS = {"visit": "visits", "conversion": "conversions", "spend": "revenue"}
GUARDRAIL = "spend"


class NothingMeasuredError(ConflictError):
    """The launch has made no choice yet, so there is nothing to read."""

    code = "nothing_measured"


class Rows(NamedTuple):
    """A launch's choices in order with their outcomes by metric, NaN where nothing was observed."""

    columns: dict[str, NDArray[Any]]
    number: NDArray[np.int64]
    arms: tuple[str, ...]
    probabilities: FloatArray
    features: FloatArray
    outcomes: dict[str, FloatArray]


class Source(NamedTuple):
    """What a readout is computed from, read in one go."""

    terms: Terms
    rows: Rows
    batches: Sequence[Batch]
    states: dict[str, RidgeState]
    label: str
    counted: Reconciliation
    spent_minor: int


def measure(database: Database, warehouse: Warehouse, clock: Clock, launch_id: str) -> ReadoutRecord:
    """Return the readout of a launch as it stands now; a verdict is given only after the declared end.

    Raises NotFoundError for an unknown launch and NothingMeasuredError before its first choice.
    """
    now = clock.now()
    with database.read() as session:
        terms = read_terms(session, launch_id, now)
        source = read_source(session, warehouse, terms)
    content = terms.content
    ends_at = last_instant(content, terms.workspace.timezone)
    match = float(Fraction(terms.rules.observed_share))
    readouts = {name: _read_metric(source, name, match, now) for name in METRICS}
    margin = float(content.number(content.experiment.guardrails[0].margin))
    main = readouts[observed_metric(content.bandit.reward_id)]
    guardrail = readouts[GUARDRAIL]
    return ReadoutRecord(
        campaign_id=terms.campaign.campaign_id,
        launch_id=launch_id,
        digest=terms.launch.digest,
        label=source.label,
        kpi=content.objective.kpi,
        primary_metric=main.metric,
        final=now >= ends_at and terms.launch.finished_at is not None,
        read_at=now,
        ends_at=ends_at,
        confidence=float(content.text(content.experiment.confidence)),
        currency=terms.workspace.currency,
        match_probability=match,
        metrics=tuple(_metric(name, readout, terms) for name, readout in readouts.items()),
        verdict=main.verdict,
        reason=main.reason,
        guardrail_metric=GUARDRAIL,
        guardrail_margin=margin,
        guardrail=str(guardrail.guardrail),
        split_p_value=main.split.p_value,
        matching_p_value=None if main.matching is None else main.matching.p_value,
        people=_counts(source.counted),
        dropped=dict(source.counted.dropped),
        spent_minor=source.spent_minor,
        budget_minor=content.number(content.envelope.budget),
        forecast=_scored(source, readouts),
        batches=_shares(source),
        replays=_replays(source.rows),
    )


def read_source(session: Session, warehouse: Warehouse, terms: Terms) -> Source:
    """Read what a readout is computed from; NothingMeasuredError before the first choice."""
    batches = [
        batch for batch in batches_of(session, terms.launch.launch_id) if batch.choices_path is not None
    ]
    if not batches:
        raise NothingMeasuredError(
            "the campaign has chosen for nobody yet; read it again after its first batch"
        )
    draft = draft_by_digest(session, terms.launch.workspace_id, PRIOR_KIND, terms.content.bandit.prior_digest)
    features = FeatureDefinition.from_json(json.dumps(draft.content["features"]))
    experiments = logged_experiments(session, terms.launch.workspace_id)
    starts = date.fromisoformat(terms.content.text(terms.content.envelope.starts))
    rows = _rows(session, warehouse, terms, batches)
    states = _history_states(
        warehouse, terms.launch.workspace_id, experiments[0].experiment_id, features, rows.arms, starts
    )
    return Source(
        terms=terms,
        rows=rows,
        batches=batches,
        states=states,
        label=str(experiments[0].design.get("outcome_label", "")),
        counted=count_people(session, warehouse, terms),
        spent_minor=spent_minor(session, terms.launch.launch_id),
    )


def _rows(session: Session, warehouse: Warehouse, terms: Terms, batches: Sequence[Batch]) -> Rows:
    table = warehouse.table(terms.launch.workspace_id, CHOICES)
    columns = warehouse.execute(
        table.filter(table["launch_id"] == terms.launch.launch_id).order_by(["batch_id", "row"])
    )
    numbers = {batch.batch_id: batch.number for batch in batches}
    number = np.array([numbers[batch_id] for batch_id in columns["batch_id"].tolist()], dtype=np.int64)
    order = np.argsort(number, kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    seen: dict[str, dict[str, int]] = {}
    for batch in batches:
        seen |= outcomes_of(session, batch.batch_id)
    found = [seen.get(choice) for choice in columns["choice_id"].tolist()]
    outcomes = {
        name: np.array([np.nan if row is None else float(row.get(name, 0)) for row in found])
        for name in METRICS
    }
    return Rows(
        columns=columns,
        number=number[order],
        arms=tuple(columns["arms"][0]),
        probabilities=np.stack(columns["p"].tolist()).astype(np.float64),
        features=np.stack(columns["features"].tolist()).astype(np.float64),
        outcomes=outcomes,
    )


def _history_states(
    warehouse: Warehouse,
    workspace_id: str,
    experiment_id: str,
    features: FeatureDefinition,
    arms: tuple[str, ...],
    as_of: date,
) -> dict[str, RidgeState]:
    """Outcome models per metric learnt from the logged history alone; they only reduce noise, never bias."""
    logged = read_history(warehouse, workspace_id, experiment_id)
    history = logged.where(np.isin(logged.arm, arms))
    x = features.matrix(with_recency(history.customers, as_of))
    index = np.array([arms.index(arm) for arm in history.arm.tolist()], dtype=np.int64)
    empty = RidgeState.empty(arms, x.shape[1], features.prior())
    values = {"visit": history.visit, "conversion": history.conversion, "spend": history.spend_minor}
    return {name: empty.updated(x, index, values[name]) for name in METRICS}


def replay_log(source: Source, name: str, match: float) -> ReplayLog:
    """The choices of a launch with one metric as reward and predictions from earlier batches alone."""
    rows = source.rows
    reward = rows.outcomes[name]
    arm_index = rows.columns["arm_index"].astype(np.int64)
    observed = np.isfinite(reward)
    predictions = earlier_predictions(
        source.states[name], rows.features, rows.number, arm_index, observed, np.nan_to_num(reward)
    )
    return ReplayLog(
        rows.arms, rows.number, rows.probabilities, arm_index, observed, reward, predictions, match
    )


def _read_metric(source: Source, name: str, match: float, now: Any) -> Readout:
    terms, rows = source.terms, source.rows
    content = terms.content
    log = replay_log(source, name, match)
    group = rows.columns["group"].astype(str)
    shares: dict[str, float] = {
        group.id: float(content.text(group.share)) for group in content.experiment.groups
    }
    declared = Declaration(
        metric=name,
        ends_at=last_instant(content, terms.workspace.timezone),
        group_shares=shares,
        confidence=float(content.text(content.experiment.confidence)),
        margin=float(content.number(content.experiment.guardrails[0].margin)) if name == GUARDRAIL else None,
    )
    return read_out({one: log.rows(group == one) for one in shares}, declared, now)


def _metric(name: str, readout: Readout, terms: Terms) -> MetricReadout:
    return MetricReadout(
        metric=name,
        unit=f"minor:{terms.workspace.currency}" if name == "spend" else "rate",
        groups=tuple(_estimate(group, value) for group, value in readout.groups.items()),
        arms=tuple(_estimate(arm, value) for arm, value in readout.arms.items()),
        lifts=tuple(
            Lift(
                against=one.against,
                value=one.lift.estimate if one.lift else None,
                low=one.lift.low if one.lift else None,
                high=one.lift.high if one.lift else None,
                verdict=one.verdict,
                reason=one.reason,
            )
            for one in readout.comparisons.values()
        ),
    )


def _estimate(name: str, made: AdaptiveEstimate) -> Estimate:
    value = made.value
    return Estimate(
        name=name,
        value=value.estimate if value else None,
        low=value.low if value else None,
        high=value.high if value else None,
        people=made.people,
        matched=made.matched,
        effective_people=made.effective_n,
        covered_share=made.covered_share,
        reason=made.reason,
    )


def _scored(source: Source, readouts: dict[str, Readout]) -> tuple[Scored, ...]:
    """Totals of the whole net audience: per-person means times people, sends and cost as counted."""
    content = source.terms.content
    unit = {"visits": "visits", "conversions": "conversions", "sends": "messages"}
    money = f"minor:{source.terms.workspace.currency}"
    estimates = {}
    for metric, quantity in METRICS.items():
        total = _total(readouts[metric])
        if total is not None:
            estimates[quantity] = total
    for quantity, count in (("sends", source.counted.sent), ("cost", source.spent_minor)):
        estimates[quantity] = Interval(float(count), float(count), float(count), 0.8)
    expected = {
        one.quantity_id: Interval(
            float(content.text(one.median)), float(content.text(one.low)), float(content.text(one.high)), 0.8
        )
        for one in content.forecast
    }
    made = Forecast(expected, source.counted.net, source.counted.held_out, 0.0)
    return tuple(
        Scored(
            quantity=score.quantity,
            unit=unit.get(score.quantity, money),
            forecast=(score.forecast.low, score.forecast.estimate, score.forecast.high),
            estimate=(score.estimate.low, score.estimate.estimate, score.estimate.high),
            inside=score.inside,
            consistent=score.consistent,
        )
        for score in score_forecast(made, estimates)
    )


def _total(readout: Readout) -> Interval | None:
    """Sum over the groups; None when a group cannot be estimated. The groups are different people: errors add squared."""
    groups = list(readout.groups.values())
    if any(group.value is None for group in groups):
        return None
    middle = sum(group.people * group.value.estimate for group in groups if group.value)
    half = float(
        np.sqrt(sum((group.people * group.value.half_width) ** 2 for group in groups if group.value))
    )
    confidence = next(group.value.confidence for group in groups if group.value)
    return Interval(middle, middle - half, middle + half, confidence)


def _shares(source: Source) -> tuple[BatchShare, ...]:
    rows = source.rows
    made = []
    for batch in source.batches:
        own = (rows.number == batch.number) & (rows.columns["group"] == OPTIMISED)
        chosen = rows.columns["arm"][own]
        people = int(own.sum())
        costs = (
            np.stack(rows.columns["costs_minor"][own].tolist()) if people else np.zeros((0, len(rows.arms)))
        )
        index = rows.columns["arm_index"][own].astype(np.int64)
        made.append(
            BatchShare(
                number=batch.number,
                slot_at=batch.slot_at,
                people=people,
                shares={arm: float((chosen == arm).mean()) if people else 0.0 for arm in rows.arms},
                mean_probability={
                    arm: float(rows.probabilities[own, k].mean()) if people else 0.0
                    for k, arm in enumerate(rows.arms)
                },
                spent_minor=int(costs[np.arange(people), index].sum()) if people else 0,
            )
        )
    return tuple(made)


def _replays(rows: Rows) -> bool:
    """Whether every logged u follows from seed and counter, and every arm from p and u, bit for bit."""
    seed, stream = int(rows.columns["seed"][0]), int(rows.columns["stream"][0])
    u = uniforms(seed, rows.columns["counter"].astype(np.int64), stream)
    drawn = replay(rows.probabilities, u)
    return bool(np.array_equal(u, rows.columns["u"]) and np.array_equal(drawn, rows.columns["arm_index"]))


def _counts(counted: Reconciliation) -> dict[str, int]:
    return {
        "net": counted.net,
        "sent": counted.sent,
        "none": counted.none,
        "held_out": counted.held_out,
        "failed": counted.failed,
        "unknown": counted.unknown,
        "pending": counted.pending,
    }


def observed_metric(reward_id: str) -> str:
    """The observed metric that stands for a reward; contribution and revenue are read out in spend."""
    return reward_id if reward_id in METRICS else GUARDRAIL


def best_arms(record: ReadoutRecord) -> tuple[str | None, str | None]:
    """Return the arms with the highest and the lowest estimate, doing nothing left out; None where none is estimable."""
    arms = [
        arm
        for arm in record.metric(record.primary_metric).arms
        if arm.value is not None and arm.name != NO_ARM
    ]
    if not arms:
        return None, None
    ranked = sorted(arms, key=lambda arm: Decimal(str(arm.value)))
    return ranked[-1].name, ranked[0].name
