"""What a test may vary about the small campaign, and the proposal that says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from policies.figures import Figure, FigureSource, Ref
from policies.proposal import (
    Arm,
    Audience,
    BanditPolicy,
    Content,
    Envelope,
    ExperimentDesign,
    Group,
    Objective,
    RampStep,
)
from policies.rule_digests import rule_digests
from policies.workspace_rules import WorkspaceRules
from tools.bandits.features import FeatureDefinition, NumericFeature

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
FIRST_SLOT = datetime(2026, 12, 1, 15, tzinfo=UTC)
"""10:00 in New York on the first day."""
ARMS = ("mens_email", "womens_email", "none")
PEOPLE = 200
COST = 20
FEATURES = FeatureDefinition(
    version="test/1",
    numeric=(
        NumericFeature("months_since_purchase", centre=6.0, scale=3.5),
        NumericFeature("history", centre=5.0, scale=1.0, log=True),
    ),
    flags=("mens", "womens"),
)


class Plan(NamedTuple):
    """What a test may vary about the campaign."""

    budget_minor: int = 2000
    batches: int = 4
    batch_interval_hours: int = 24
    reward_delay_hours: int = 12
    holdout: str = "0.1"
    random_control: str = "0.1"
    ramp: tuple[str, ...] = ("1",)
    maximum_people: int = PEOPLE
    seed: int = 7
    rules: WorkspaceRules = WorkspaceRules()
    limits: dict[str, int] | None = None
    people: int = PEOPLE


USUAL = Plan()


def make_content(plan: Plan, snapshot: str, creatives: dict[str, str], prior_digest: str) -> Content:
    """A proposal's content; every number is a figure with a declared source."""
    figures: dict[str, Figure] = {}

    def number(name: str, value: int | str, unit: str) -> Ref:
        figures[name] = Figure(
            value=value, unit=unit, source=FigureSource(kind="setting", name="test", path=name)
        )
        return Ref(figure=name)

    cost, none_cost = number("cost", COST, "minor:USD"), number("no_cost", 0, "minor:USD")
    optimised = format(1 - float(plan.holdout) - float(plan.random_control), ".4g")
    groups = [
        Group(id="holdout", share=number("holdout", plan.holdout, "rate")),
        Group(id="random_control", share=number("random_control", plan.random_control, "rate")),
        Group(id="optimised", share=number("optimised", optimised, "rate")),
    ]
    rate = number("confidence", "0.95", "rate")
    arms = [
        Arm(
            id=arm,
            action_id=arm if arm in creatives else None,
            channel="email" if arm in creatives else None,
            creative_digest=creatives.get(arm),
            message_cost=cost if arm in creatives else none_cost,
        )
        for arm in ARMS
    ]
    number("bound", 180, "days")
    return Content(
        kind="campaign",
        objective=Objective(code="winback", kpi="visits", quote="Bring them back.", brief_sha256="0" * 64),
        audience=Audience(
            definition="days_since_purchase >= 180",
            words="who has not bought for a while",
            as_of=number("starts", "2026-12-01", "date"),
            gross=number("gross", plan.people, "people"),
            removed=(),
            net=number("net", plan.people, "people"),
            snapshot_sha256=snapshot,
            segments=(),
        ),
        arms=tuple(arms),
        offers=(),
        experiment=ExperimentDesign(
            hypothesis="more visits",
            primary_metric_id="visit",
            groups=tuple(groups),
            confidence=rate,
            power=rate,
            smallest_effect=rate,
            duration=number("duration", 14, "days"),
            guardrails=(),
            stop_rules=(),
        ),
        envelope=Envelope(
            starts=Ref(figure="starts"),
            ends=number("ends", "2026-12-14", "date"),
            budget=number("budget", plan.budget_minor, "minor:USD"),
            maximum_people=number("maximum_people", plan.maximum_people, "people"),
            batches=number("batches", plan.batches, "batches"),
            batch_interval=number("batch_interval", plan.batch_interval_hours, "hours"),
            ramp=tuple(RampStep(share=number(f"ramp.{i}", s, "rate")) for i, s in enumerate(plan.ramp)),
            exploration_share=number("exploration", "0.02", "rate"),
            reward_delay=number("reward_delay", plan.reward_delay_hours, "hours"),
        ),
        bandit=BanditPolicy(
            policy_id="squarecb/1",
            reward_id="visit",
            features_digest=FEATURES.digest,
            prior_digest=prior_digest,
            seed=number("seed", plan.seed, "seed"),
            history=number("history", 300, "choices"),
        ),
        forecast=(),
        evidence="declared",
        rationale="declared",
        rules=rule_digests(plan.rules),
        figures=figures,
    )
