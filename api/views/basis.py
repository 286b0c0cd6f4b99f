"""What a proposal rests on: the files read in, the history learnt from, and the consent of its audience."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from api.records.catalogue import imports_of
from api.records.consents import PURPOSE, consent_counts, consent_sources
from api.views.numbers import View
from policies.proposal import Content
from store.history import logged_experiments
from store.warehouse import Warehouse


class DataView(View):
    """One file that was read in; `synthetic` says that identities and consents were made up by seed."""

    kind: str
    source: str
    sha256: str
    rows: int
    synthetic: bool
    imported_at: datetime


class HistoryView(View):
    """A logged experiment that the agents could learn from; `label` stands beside every result drawn from it, `rows_used`
    says how many rows this proposal's bandit starts from, None where it learnt nothing from it.
    """

    experiment_id: str
    name: str
    starts_on: date
    ends_on: date
    label: str
    source: str
    rows_used: int | None


class ConsentView(View):
    """How many of the audience may be reached on a channel as consent stands now; the gate asks again at every send."""

    channel: str
    purpose: str
    people: int
    granted: int
    withdrawn: int
    unknown: int
    suppressed: int
    gone: int


class ConsentSourceView(View):
    """Where the workspace's statements about a channel came from."""

    channel: str
    purpose: str
    source: str
    status: str
    statements: int
    first: datetime
    last: datetime


class BasisView(View):
    """Data and consent. `consent` is None where the audience's snapshot cannot be read any more."""

    data: tuple[DataView, ...]
    history: tuple[HistoryView, ...]
    consent: tuple[ConsentView, ...] | None
    consent_sources: tuple[ConsentSourceView, ...]


def basis_view(session: Session, warehouse: Warehouse, workspace_id: str, content: Content) -> BasisView:
    """Return what the content rests on, with digests and dates."""
    channels = sorted({arm.channel for arm in content.arms if arm.channel is not None})
    counted = consent_counts(session, warehouse, workspace_id, content.audience.snapshot_sha256, channels)
    purpose = PURPOSE.name.lower()
    return BasisView(
        data=data_views(session, workspace_id),
        history=_history(session, workspace_id, content),
        consent=None
        if counted is None
        else tuple(ConsentView(purpose=purpose, **one._asdict()) for one in counted),
        consent_sources=tuple(
            ConsentSourceView(purpose=purpose, **one._asdict())
            for one in consent_sources(session, workspace_id, channels)
        ),
    )


def data_views(session: Session, workspace_id: str) -> tuple[DataView, ...]:
    """Return every file read in, the oldest first."""
    return tuple(
        DataView(
            kind=row.kind,
            source=row.source_name,
            sha256=row.source_sha256,
            rows=row.rows,
            synthetic=row.synthetic,
            imported_at=row.imported_at,
        )
        for row in imports_of(session, workspace_id)
    )


def _history(session: Session, workspace_id: str, content: Content) -> tuple[HistoryView, ...]:
    label = content.figures.get("evidence.label")
    learnt_from = None if label is None else label.source.path
    return tuple(
        HistoryView(
            experiment_id=row.experiment_id,
            name=row.name,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            label=str(row.design.get("outcome_label", "")),
            source=str(row.design.get("source", "")),
            rows_used=content.number(content.bandit.history) if row.name == learnt_from else None,
        )
        for row in logged_experiments(session, workspace_id)
    )
