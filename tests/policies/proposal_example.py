"""A complete, well-sourced content for tests of freezing and of the campaign rules."""

from __future__ import annotations

from typing import Any

from policies.figures import Figure, FigureSource, Ref
from policies.proposal import (
    Arm,
    Audience,
    BanditPolicy,
    Content,
    Envelope,
    ExperimentDesign,
    Forecast,
    Group,
    Guardrail,
    Objective,
    RampStep,
    Removed,
    Segment,
    StopRule,
)

BRIEF = "Bring back those who have not bought for 6+ months. Budget $2,000."
CREATIVES = {"mens.subject": "Come back", "mens.footer": "Unsubscribe: {{ unsubscribe_url }}"}
_TOOL = FigureSource(kind="tool", name="tool", path="quantities", digest="c" * 64)
_VALUES: dict[str, tuple[int | str, str]] = {
    "audience.gross": (1200, "people"),
    "audience.removed.consent_withdrawn": (100, "people"),
    "audience.removed.consent_unknown": (60, "people"),
    "audience.removed.suppressed": (40, "people"),
    "audience.net": (1000, "people"),
    "brief.days": (180, "days"),
    "plan.starts": ("2026-12-01", "date"),
    "plan.ends": ("2026-12-14", "date"),
    "plan.budget": (200000, "minor:USD"),
    "plan.holdout_share": ("0.1", "rate"),
    "design.optimised_share": ("0.9", "rate"),
    "design.smallest_effect": ("0.04", "rate"),
    "design.duration": (14, "days"),
    "design.batches": (20, "batches"),
    "action.mens.message_cost": (20, "minor:USD"),
    "rule.no_cost": (0, "minor:USD"),
    "rule.confidence": ("0.95", "rate"),
    "rule.power": ("0.8", "rate"),
    "rule.spend_margin": (20, "minor:USD"),
    "rule.batch_interval": (12, "hours"),
    "rule.ramp_share": ("1", "rate"),
    "rule.exploration_share": ("0.02", "rate"),
    "rule.discount_ceiling": ("0.4", "rate"),
    "rule.reward_delay": (12, "hours"),
    "rule.seed": (1, "seed"),
    "forecast.lift": ("0.05", "rate"),
    "forecast.cost.median": (19000, "minor:USD"),
    "forecast.cost.low": (18000, "minor:USD"),
    "forecast.cost.high": (20000, "minor:USD"),
    "history.rows": (32000, "people"),
}


def figures() -> dict[str, Figure]:
    return {name: Figure(value=value, unit=unit, source=_TOOL) for name, (value, unit) in _VALUES.items()}


def ref(name: str) -> Ref:
    return Ref(figure=name)


def content(**changes: Any) -> Content:
    parts: dict[str, Any] = {
        "kind": "campaign",
        "objective": Objective(code="winback", kpi="visits", quote=BRIEF, brief_sha256="a" * 64),
        "audience": audience(),
        "arms": (
            Arm(
                id="mens",
                action_id="mens",
                channel="email",
                creative_digest="d" * 64,
                message_cost=ref("action.mens.message_cost"),
            ),
            Arm(
                id="none",
                action_id=None,
                channel=None,
                creative_digest=None,
                message_cost=ref("rule.no_cost"),
            ),
        ),
        "offers": (),
        "experiment": ExperimentDesign(
            hypothesis="Writing brings more visits than silence.",
            primary_metric_id="visit",
            groups=(
                Group(id="optimised", share=ref("design.optimised_share")),
                Group(id="holdout", share=ref("plan.holdout_share")),
            ),
            confidence=ref("rule.confidence"),
            power=ref("rule.power"),
            smallest_effect=ref("design.smallest_effect"),
            duration=ref("design.duration"),
            guardrails=(Guardrail(metric_id="spend", words="spend holds", margin=ref("rule.spend_margin")),),
            stop_rules=(StopRule(id="end", words="ends on {figure:plan.ends}"),),
        ),
        "envelope": Envelope(
            starts=ref("plan.starts"),
            ends=ref("plan.ends"),
            budget=ref("plan.budget"),
            maximum_people=ref("audience.net"),
            batches=ref("design.batches"),
            batch_interval=ref("rule.batch_interval"),
            ramp=(RampStep(share=ref("rule.ramp_share")),),
            exploration_share=ref("rule.exploration_share"),
            reward_delay=ref("rule.reward_delay"),
        ),
        "bandit": BanditPolicy(
            policy_id="squarecb/1",
            reward_id="visit",
            features_digest="e" * 64,
            prior_digest="f" * 64,
            seed=ref("rule.seed"),
            history=ref("history.rows"),
        ),
        "forecast": (
            Forecast(
                quantity_id="cost",
                median=ref("forecast.cost.median"),
                low=ref("forecast.cost.low"),
                high=ref("forecast.cost.high"),
            ),
        ),
        "evidence": "Estimates rest on a logged experiment.",
        "rationale": "It reaches {figure:audience.net} of {figure:audience.gross}.",
        "rules": {"authority": "b" * 64},
        "figures": figures(),
    }
    return Content(**(parts | changes))


def audience(**changes: Any) -> Audience:
    reasons = ("consent_withdrawn", "consent_unknown", "suppressed")
    parts: dict[str, Any] = {
        "definition": "days_since_purchase >= 180",
        "words": "last bought {figure:brief.days} or more before {figure:plan.starts}",
        "as_of": ref("plan.starts"),
        "gross": ref("audience.gross"),
        "removed": tuple(Removed(reason_id=r, people=ref(f"audience.removed.{r}")) for r in reasons),
        "net": ref("audience.net"),
        "snapshot_sha256": "1" * 64,
        "segments": (
            Segment(id="everyone", definition="all", words="everybody", people=ref("audience.net")),
        ),
    }
    return Audience(**(parts | changes))
