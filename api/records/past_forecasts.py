"""How right the forecasts of this workspace were so far, and what is known of its unsubscribes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from agents.review.record import ReadoutRecord, Scored
from api.records.events import UNSUBSCRIBE
from store.tables import Event, Readout, Send

MOST_READ = 50


class PastScore(NamedTuple):
    """One quantity over the past: how often it was compared, how often the estimate lay inside the 80 % interval,
    and the median of |estimate − forecast| ÷ forecast; None where every forecast was zero.
    """

    quantity: str
    compared: int
    inside: int
    median_error: float | None


class PastForecasts(NamedTuple):
    """The final readouts that forecasts were compared with, the scores by quantity, and the median error of them all."""

    readout_ids: tuple[str, ...]
    scores: tuple[PastScore, ...]
    median_error: float | None


class Unsubscribes(NamedTuple):
    """What came back of the messages sent so far: how many people unsubscribed, of how many messages."""

    unsubscribed: int
    sent: int


def past_forecasts(session: Session, workspace_id: str, campaign_id: str | None) -> PastForecasts:
    """Return how forecasts of other campaigns compare with the newest final readout of each launch, for the last 50."""
    query = (
        select(Readout)
        .where(
            Readout.workspace_id == workspace_id,
            Readout.campaign_id != campaign_id,
            col(Readout.final).is_(True),
        )
        .order_by(col(Readout.created_at).desc(), col(Readout.readout_id).desc())
    )
    newest: dict[str, Readout] = {}
    for row in session.exec(query.limit(MOST_READ * 2)):
        newest.setdefault(row.launch_id, row)
    rows = list(newest.values())[:MOST_READ]
    compared = [one for row in rows for one in ReadoutRecord.model_validate(row.record).forecast]
    return PastForecasts(tuple(row.readout_id for row in rows), score(compared), _median_error(compared))


def score(compared: Sequence[Scored]) -> tuple[PastScore, ...]:
    """Return the score of each quantity, by name."""
    by_quantity: Mapping[str, list[Scored]] = defaultdict(list)
    for one in compared:
        by_quantity[one.quantity].append(one)
    return tuple(_score(name, ones) for name, ones in sorted(by_quantity.items()))


def unsubscribes_of(session: Session, workspace_id: str) -> Unsubscribes:
    """Return how many people of this workspace unsubscribed, and how many messages it has sent."""
    people = sa.select(sa.func.count(sa.distinct(col(Event.person_id)))).where(
        col(Event.workspace_id) == workspace_id, col(Event.name) == UNSUBSCRIBE
    )
    sent = sa.select(sa.func.count()).where(
        col(Send.workspace_id) == workspace_id, col(Send.status) == "sent"
    )
    connection = session.connection()
    return Unsubscribes(int(connection.scalar(people) or 0), int(connection.scalar(sent) or 0))


def _score(name: str, ones: Sequence[Scored]) -> PastScore:
    return PastScore(name, len(ones), sum(one.inside for one in ones), _median_error(ones))


def _median_error(ones: Sequence[Scored]) -> float | None:
    errors = [
        abs(one.estimate[1] - one.forecast[1]) / abs(one.forecast[1]) for one in ones if one.forecast[1]
    ]
    return median(errors) if errors else None
