"""The drafts a thread leaves, one model a kind; the state holds only their ids."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from agents.conversation.assuming import Assumed
from agents.planner.brief import Brief
from agents.segmenter.agent import ProposedSegment
from policies.campaign_rules import RuleResult


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlanDraft(_Draft):
    """The planner's answer, the channels that brief and rules both allow, and what memory fills where the brief is silent."""

    brief: Brief
    definition: str | None
    action_ids: tuple[str, ...]
    reward_id: str
    rationale: str
    channels: tuple[str, ...]
    assumed: tuple[Assumed, ...] = ()

    @property
    def kpi(self) -> str:
        """The KPI's name; contribution where the brief names none."""
        return self.brief.kpi.name if self.brief.kpi else "contribution"

    @property
    def guards_spend(self) -> bool:
        """Whether the brief asks that spend must not suffer."""
        return any("spend" in text.lower() for text in self.brief.constraints.other or [])


class SegmentationDraft(_Draft):
    definition: str
    words: str
    removed: tuple[str, ...]
    snapshot_sha256: str
    segments: tuple[ProposedSegment, ...]
    rationale: str


class CopyDraft(_Draft):
    """The digest of each arm's creative."""

    creatives: dict[str, str]
    rationale: str


class DesignDraft(_Draft):
    policy_id: str
    hypothesis: str
    rationale: str
    features_digest: str
    prior_digest: str
    groups: tuple[Literal["optimised", "random_control", "business_as_usual", "holdout"], ...]


class ForecastDraft(_Draft):
    summary: str
    quantities: tuple[str, ...]
    method: str


class PolicyReport(_Draft):
    """The verdict of every rule on the content that is about to be frozen."""

    results: tuple[RuleResult, ...]

    @property
    def violations(self) -> tuple[RuleResult, ...]:
        return tuple(result for result in self.results if result.status == "block")
