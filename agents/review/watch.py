"""The lift while a campaign runs: a band that may be looked at after every batch and gives no verdict."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import numpy as np
from pydantic import BaseModel, ConfigDict

from agents.propose.facts import NO_ARM
from agents.review.measure import (
    GUARDRAIL,
    NothingMeasuredError,
    Rows,
    Source,
    observed_metric,
    read_source,
    replay_log,
)
from delivery.order import HOLDOUT, OPTIMISED
from delivery.terms import read_terms
from store.clock import Clock
from store.database import Database
from store.warehouse import Warehouse
from tools.bandits.policy import BoolArray
from tools.experiments.adaptive import policy_scores
from tools.experiments.anytime import watch_lift

METHOD = (
    "asymptotic confidence sequence (normal mixture) over augmented inverse-weighted scores with known shares"
)


class BandPoint(BaseModel):
    """The lift a person over everybody reached up to one batch; all three None while there are too few outcomes."""

    model_config = ConfigDict(frozen=True)

    batch: int
    slot_at: datetime
    people: int
    matched: int
    value: float | None
    low: float | None
    high: float | None


class LiftBand(BaseModel):
    """One metric: optimised less holdout after each batch whose outcomes are in, a person; money in minor units.

    `limit` is how far below 0 a guardrail may fall, None where the metric is no guardrail.
    """

    model_config = ConfigDict(frozen=True)

    metric: str
    unit: str
    limit: float | None
    points: tuple[BandPoint, ...]


class Watched(BaseModel):
    """The metric that a campaign is judged by, then its guardrail where that is another, as they stand now.

    Each band holds at all batches together; it is no verdict. `label` must stand beside it.
    """

    model_config = ConfigDict(frozen=True)

    campaign_id: str
    launch_id: str
    label: str
    method: str
    confidence: float
    planned_people: int
    batches: int
    read_at: datetime
    bands: tuple[LiftBand, ...]


def watch(database: Database, warehouse: Warehouse, clock: Clock, launch_id: str) -> Watched:
    """Return the lift of a launch after each batch so far; no bands where nothing is held out.

    Raises NotFoundError for an unknown launch and NothingMeasuredError before the first outcomes are in.
    """
    now = clock.now()
    with database.read() as session:
        terms = read_terms(session, launch_id, now)
        source = read_source(session, warehouse, terms)
    content = terms.content
    shares: dict[str, float] = {
        group.id: float(content.text(group.share)) for group in content.experiment.groups
    }
    pair = shares[OPTIMISED] + shares.get(HOLDOUT, 0.0)
    planned = max(round(terms.bounds.people * pair), 1)
    names = dict.fromkeys((observed_metric(content.bandit.reward_id), GUARDRAIL))
    return Watched(
        campaign_id=terms.campaign.campaign_id,
        launch_id=launch_id,
        label=source.label,
        method=METHOD,
        confidence=float(content.text(content.experiment.confidence)),
        planned_people=planned,
        batches=content.number(content.envelope.batches),
        read_at=now,
        bands=tuple(_band(source, name, shares[OPTIMISED] / pair, planned) for name in names)
        if pair > shares[OPTIMISED]
        else (),
    )


def _band(source: Source, metric: str, share: float, planned: int) -> LiftBand:
    terms, content = source.terms, source.terms.content
    match = float(Fraction(terms.rules.observed_share))
    margin = float(content.number(content.experiment.guardrails[0].margin))
    return LiftBand(
        metric=metric,
        unit=f"minor:{terms.workspace.currency}" if metric == GUARDRAIL else "rate",
        limit=-margin if metric == GUARDRAIL else None,
        points=_points(source, metric, match, share, planned),
    )


def _points(source: Source, metric: str, match: float, share: float, planned: int) -> tuple[BandPoint, ...]:
    """One point a batch that is observed; only the two groups that are compared count."""
    done = {batch.number: batch for batch in source.batches if batch.state == "observed"}
    groups = source.rows.columns["group"].astype(str)
    picked = np.isin(source.rows.number, list(done)) & np.isin(groups, (OPTIMISED, HOLDOUT))
    if not picked.any():
        raise NothingMeasuredError("no batch has its outcomes yet; the first are in after the reward delay")
    rows = _rows(source.rows, picked)
    log = replay_log(source._replace(rows=rows), metric, match)
    confidence = float(source.terms.content.text(source.terms.content.experiment.confidence))
    looks = watch_lift(
        policy_scores(log),
        log.observed,
        groups[picked] == OPTIMISED,
        rows.number,
        log.predictions[:, rows.arms.index(NO_ARM)],
        share,
        planned,
        confidence,
    )
    made = []
    for look, number in zip(looks, np.unique(rows.number).tolist(), strict=True):
        lift = look.lift
        made.append(
            BandPoint(
                batch=number,
                slot_at=done[number].slot_at,
                people=look.people,
                matched=int(log.observed[: look.people].sum()),
                value=None if lift is None else lift.estimate,
                low=None if lift is None else lift.low,
                high=None if lift is None else lift.high,
            )
        )
    return tuple(made)


def _rows(rows: Rows, picked: BoolArray) -> Rows:
    return Rows(
        columns={name: column[picked] for name, column in rows.columns.items()},
        number=rows.number[picked],
        arms=rows.arms,
        probabilities=rows.probabilities[picked],
        features=rows.features[picked],
        outcomes={name: column[picked] for name, column in rows.outcomes.items()},
    )
