"""Assemble the content of a proposal from a thread's drafts; every number is named, none is written."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from pydantic import BaseModel

from agents.propose.drafts import CopyDraft, DesignDraft, ForecastDraft, PlanDraft, SegmentationDraft
from agents.propose.facts import NO_ARM
from agents.situation import Situation
from policies.figures import Figures, Ref, UnsourcedNumberError, figures_named
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
    OfferUse,
    RampStep,
    Removed,
    Segment,
    StopRule,
)
from policies.rule_digests import rule_digests
from tools.offers.actions import UsedOffer

POLICY_IDS = {"squarecb": "squarecb/1", "thompson": "thompson/1", "uniform": "uniform/1"}


class Drafted(NamedTuple):
    """Everything a thread has drafted."""

    situation: Situation
    plan: PlanDraft
    segmentation: SegmentationDraft
    copy: CopyDraft
    design: DesignDraft
    forecast: ForecastDraft


def assemble(drafted: Drafted, figures: Figures) -> Content:
    """Return the content that would be frozen; UnsourcedNumberError where a figure it needs was never made."""
    parts = {
        "objective": _objective(drafted.situation.brief_text, drafted.plan),
        "audience": _audience(drafted.segmentation),
        "arms": _arms(drafted),
        "experiment": _experiment(drafted),
        "envelope": _envelope(),
        "bandit": _bandit(drafted),
        "forecast": _forecast(drafted.forecast),
    }
    rationale = " ".join(
        (
            drafted.plan.rationale,
            drafted.segmentation.rationale,
            drafted.copy.rationale,
            drafted.design.rationale,
            drafted.forecast.summary,
        )
    )
    evidence = f"Estimates rest on the {{figure:evidence.label}}; method: {drafted.forecast.method}."
    wanted = _definition_figures(figures) | figures_named([rationale, evidence])
    for part in parts.values():
        _add_figures(part, wanted)
    missing = sorted(wanted - figures.keys())
    if missing:
        raise UnsourcedNumberError(
            f"the proposal needs the figure {missing[0]}, which nothing made", value=missing[0]
        )
    return Content(
        kind="campaign",
        offers=_offers(drafted),
        evidence=evidence,
        rationale=rationale,
        rules=rule_digests(drafted.situation.rules),
        figures={name: figures[name] for name in sorted(wanted)},
        **parts,
    )


def _objective(text: str, plan: PlanDraft) -> Objective:
    return Objective(
        code=plan.brief.objective or "engagement",
        kpi=plan.kpi,
        quote=text,
        brief_sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _audience(segmentation: SegmentationDraft) -> Audience:
    return Audience(
        definition=segmentation.definition,
        words=segmentation.words,
        as_of=Ref(figure="plan.starts"),
        gross=Ref(figure="audience.gross"),
        removed=tuple(
            Removed(reason_id=code, people=Ref(figure=f"audience.removed.{code}"))
            for code in segmentation.removed
        ),
        net=Ref(figure="audience.net"),
        snapshot_sha256=segmentation.snapshot_sha256,
        segments=tuple(
            Segment(
                id=segment.segment_id,
                definition=segment.definition,
                words=segment.words,
                people=Ref(figure=f"segment.{segment.segment_id}.people"),
            )
            for segment in segmentation.segments
        ),
    )


def _arms(drafted: Drafted) -> tuple[Arm, ...]:
    actions = {action.action_id: action for action in drafted.situation.actions}
    arms = [
        Arm(
            id=action_id,
            action_id=action_id,
            channel=actions[action_id].channel,
            creative_digest=drafted.copy.creatives.get(action_id),
            message_cost=Ref(figure=f"action.{action_id}.message_cost"),
        )
        for action_id in drafted.plan.action_ids
    ]
    nothing = Arm(
        id=NO_ARM, action_id=None, channel=None, creative_digest=None, message_cost=Ref(figure="rule.no_cost")
    )
    return (*arms, nothing)


def _offers(drafted: Drafted) -> tuple[OfferUse, ...]:
    used = {offer.offer_id: offer.digest for offer in offers_used(drafted)}
    return tuple(OfferUse(offer_id=offer_id, digest=used[offer_id]) for offer_id in sorted(used))


def offers_used(drafted: Drafted) -> tuple[UsedOffer, ...]:
    """Return the offers that come with the actions of the plan."""
    actions = {action.action_id: action for action in drafted.situation.actions}
    found = (actions[action_id].offer for action_id in drafted.plan.action_ids)
    return tuple(offer for offer in found if offer is not None)


def _experiment(drafted: Drafted) -> ExperimentDesign:
    spend = Guardrail(
        metric_id="spend",
        words="spend a person may not fall behind doing nothing by more than {figure:rule.spend_margin}",
        margin=Ref(figure="rule.spend_margin"),
    )
    shares = {"holdout": "plan.holdout_share", "optimised": "design.optimised_share"}
    return ExperimentDesign(
        hypothesis=drafted.design.hypothesis,
        primary_metric_id=drafted.plan.reward_id,
        groups=tuple(Group(id=group, share=Ref(figure=shares[group])) for group in drafted.design.groups),
        confidence=Ref(figure="rule.confidence"),
        power=Ref(figure="rule.power"),
        smallest_effect=Ref(figure="design.smallest_effect"),
        duration=Ref(figure="design.duration"),
        guardrails=(spend,),
        stop_rules=(
            StopRule(
                id="end_date",
                words="sending ends on {figure:plan.ends}; the verdict is read after that, not before",
            ),
            StopRule(id="budget", words="sending ends when {figure:plan.budget} is reserved"),
            StopRule(id="person", words="anyone with a role may pause or stop at any time"),
        ),
    )


def _envelope() -> Envelope:
    return Envelope(
        starts=Ref(figure="plan.starts"),
        ends=Ref(figure="plan.ends"),
        budget=Ref(figure="plan.budget"),
        maximum_people=Ref(figure="audience.net"),
        batches=Ref(figure="design.batches"),
        batch_interval=Ref(figure="rule.batch_interval"),
        ramp=(RampStep(share=Ref(figure="rule.ramp_share")),),
        exploration_share=Ref(figure="rule.exploration_share"),
        reward_delay=Ref(figure="rule.reward_delay"),
    )


def _bandit(drafted: Drafted) -> BanditPolicy:
    return BanditPolicy(
        policy_id=POLICY_IDS[drafted.design.policy_id],
        reward_id=drafted.plan.reward_id,
        features_digest=drafted.design.features_digest,
        prior_digest=drafted.design.prior_digest,
        seed=Ref(figure="rule.seed"),
        history=Ref(figure="design.history_rows"),
    )


def _forecast(forecast: ForecastDraft) -> tuple[Forecast, ...]:
    return tuple(
        Forecast(
            quantity_id=name,
            median=Ref(figure=f"forecast.{name}.median"),
            low=Ref(figure=f"forecast.{name}.low"),
            high=Ref(figure=f"forecast.{name}.high"),
        )
        for name in forecast.quantities
    )


def _definition_figures(figures: Figures) -> set[str]:
    """Figures whose numbers stand in definitions, plus those the rules and the lift are checked with."""
    names = {name for name in figures if name.startswith(("brief.", "segment.bound."))}
    return names | ({"forecast.lift", "rule.discount_ceiling"} & figures.keys())


def _add_figures(part: object, wanted: set[str]) -> None:
    """Add every figure that a part of the content names, or cites in its words."""
    if isinstance(part, Ref):
        wanted.add(part.figure)
    elif isinstance(part, BaseModel):
        for value in part.__dict__.values():
            _add_figures(value, wanted)
    elif isinstance(part, tuple):
        for item in part:
            _add_figures(item, wanted)
    elif isinstance(part, str) and "{" in part:
        wanted |= figures_named([part])
