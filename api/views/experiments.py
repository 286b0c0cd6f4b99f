"""The experiments of a workspace: what each campaign declared before launch and what was read, and logged ones."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session, col, select

from agents.review.record import Lift, ReadoutRecord
from api.views.numbers import Number, View, number
from policies.figures import say
from policies.proposal import Content, parse
from store.history import logged_experiments
from store.tables import Campaign, Experiment, Proposal, Readout

MOST = 100


class GroupShareView(View):
    """A group of the split, and its share of the people."""

    group: str
    share: Number


class ReadView(View):
    """The newest readout: its verdict, and the lift over the holdout that it rests on (None: not estimable)."""

    readout_id: str
    verdict: str
    final: bool
    metric: str
    unit: str
    lift: Lift | None
    guardrail: str
    label: str
    read_at: datetime


class DeclaredView(View):
    """An experiment that a campaign's proposal declares."""

    campaign_id: str
    campaign: str
    state: str
    hypothesis: str
    metric: str
    starts: str
    ends: str
    groups: tuple[GroupShareView, ...]
    smallest_effect: Number
    read: ReadView | None


class LoggedView(View):
    """An experiment that was logged before any campaign here; campaigns learn from it."""

    experiment_id: str
    name: str
    starts_on: date
    ends_on: date
    arms: dict[str, int]
    source: str
    label: str


class ExperimentsView(View):
    """Declared experiments, the newest campaign first, then logged ones."""

    declared: tuple[DeclaredView, ...]
    logged: tuple[LoggedView, ...]


def experiments_view(session: Session, workspace_id: str) -> ExperimentsView:
    """Return every experiment of a workspace, of its newest campaigns at most MOST."""
    query = (
        select(Campaign, Proposal.canonical_json)
        .join(Proposal, col(Proposal.proposal_id) == Campaign.proposal_id)
        .where(Campaign.workspace_id == workspace_id)
        .order_by(col(Campaign.campaign_id).desc())
        .limit(MOST)
    )
    found = [(campaign, parse(text)) for campaign, text in session.exec(query)]
    newest = _newest(session, workspace_id, [campaign.campaign_id for campaign, _ in found])
    return ExperimentsView(
        declared=tuple(
            _declared(campaign, content, newest.get(campaign.campaign_id)) for campaign, content in found
        ),
        logged=tuple(_logged(row) for row in logged_experiments(session, workspace_id)),
    )


def _newest(session: Session, workspace_id: str, campaign_ids: list[str]) -> dict[str, Readout]:
    query = select(Readout).where(
        Readout.workspace_id == workspace_id, col(Readout.campaign_id).in_(campaign_ids)
    )
    rows = session.exec(query.order_by(col(Readout.created_at), col(Readout.readout_id)))
    return {row.campaign_id: row for row in rows}


def _declared(campaign: Campaign, content: Content, row: Readout | None) -> DeclaredView:
    design = content.experiment
    return DeclaredView(
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        state=campaign.state,
        hypothesis=say(design.hypothesis, content.figures),
        metric=design.primary_metric_id,
        starts=content.text(content.envelope.starts),
        ends=content.text(content.envelope.ends),
        groups=tuple(
            GroupShareView(group=group.id, share=number(content, group.share)) for group in design.groups
        ),
        smallest_effect=number(content, design.smallest_effect),
        read=None if row is None else _read(row),
    )


def _read(row: Readout) -> ReadView:
    record = ReadoutRecord.model_validate(row.record)
    metric = record.metric(record.primary_metric)
    lift = next((each for each in metric.lifts if each.against == "holdout"), None)
    return ReadView(
        readout_id=row.readout_id,
        verdict=row.verdict,
        final=row.final,
        metric=metric.metric,
        unit=metric.unit,
        lift=lift if lift is not None and lift.value is not None else None,
        guardrail=record.guardrail,
        label=record.label,
        read_at=record.read_at,
    )


def _logged(row: Experiment) -> LoggedView:
    arms = row.design.get("arms")
    return LoggedView(
        experiment_id=row.experiment_id,
        name=row.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        arms={str(arm): int(str(people)) for arm, people in arms.items()} if isinstance(arms, dict) else {},
        source=str(row.design.get("source", "")),
        label=str(row.design.get("outcome_label", "")),
    )
