"""The readout as it is kept and shown: estimates with intervals, what they rest on, and the one verdict."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Estimate(_Part):
    """A mean a person with its interval; all three None where it cannot be estimated, and `reason` says why."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    people: int
    matched: int
    effective_people: float
    covered_share: float
    reason: str


class Lift(_Part):
    """Optimised less another group, a person."""

    against: str
    value: float | None
    low: float | None
    high: float | None
    verdict: str
    reason: str


class MetricReadout(_Part):
    """One metric: by group, by arm of the optimised group, and compared. Money is in minor units a person."""

    metric: str
    unit: str
    groups: tuple[Estimate, ...]
    arms: tuple[Estimate, ...]
    lifts: tuple[Lift, ...]


class Scored(_Part):
    """A forecast quantity for the whole net audience beside its estimate; counts are exact, so low = high."""

    quantity: str
    unit: str
    forecast: tuple[float, float, float]
    estimate: tuple[float, float, float]
    inside: bool
    consistent: bool


class BatchShare(_Part):
    """What the optimised group of one batch got: people, and the share of each arm."""

    number: int
    slot_at: datetime
    people: int
    shares: dict[str, float]
    mean_probability: dict[str, float]
    spent_minor: int


class ReadoutRecord(_Part):
    """Everything a report shows. `label` must stand beside every result."""

    campaign_id: str
    launch_id: str
    digest: str
    label: str
    kpi: str
    primary_metric: str
    final: bool
    read_at: datetime
    ends_at: datetime
    confidence: float
    currency: str
    match_probability: float
    metrics: tuple[MetricReadout, ...]
    verdict: str
    reason: str
    guardrail_metric: str
    guardrail_margin: float
    guardrail: str
    split_p_value: float
    matching_p_value: float | None
    people: dict[str, int]
    dropped: dict[str, int]
    spent_minor: int
    budget_minor: int
    forecast: tuple[Scored, ...]
    batches: tuple[BatchShare, ...]
    replays: bool

    def metric(self, name: str) -> MetricReadout:
        """Return one metric's readout; KeyError for one that was not measured."""
        return {metric.metric: metric for metric in self.metrics}[name]
