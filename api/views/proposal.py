"""The content of a proposal, as an approver reads it."""

from __future__ import annotations

from collections.abc import Mapping

from api.views.numbers import Number, SourcedFigure, View, number, sourced
from policies.figures import say
from policies.proposal import Content
from policies.workspace_rules import WorkspaceRules

REASON_WORDS = {
    "consent_withdrawn": "withdrew consent",
    "consent_unknown": "never gave consent",
    "suppressed": "suppressed",
}


class ObjectiveView(View):
    quote: str
    code: str
    kpi: str


class RemovedView(View):
    reason_id: str
    words: str
    people: Number


class SegmentView(View):
    id: str
    words: str
    definition: str
    people: Number


class AudienceView(View):
    """gross = net + the sum of what was removed; net includes the people who will be held out."""

    words: str
    definition: str
    as_of: Number
    gross: Number
    removed: tuple[RemovedView, ...]
    net: Number
    segments: tuple[SegmentView, ...]
    snapshot_sha256: str


class ArmView(View):
    id: str
    action: str
    channel: str | None
    creative_digest: str | None
    message_cost: Number


class GroupView(View):
    id: str
    share: Number


class GuardrailView(View):
    metric_id: str
    words: str
    margin: Number


class ExperimentView(View):
    hypothesis: str
    primary_metric: str
    groups: tuple[GroupView, ...]
    confidence: Number
    power: Number
    smallest_effect: Number
    duration: Number
    guardrails: tuple[GuardrailView, ...]
    stop_rules: tuple[str, ...]


class EnvelopeView(View):
    starts: Number
    ends: Number
    budget: Number
    maximum_people: Number
    batches: Number
    batch_interval: Number
    ramp: tuple[Number, ...]
    exploration_share: Number
    reward_delay: Number


class BanditView(View):
    policy: str
    reward: str
    seed: Number
    history: Number


class ForecastView(View):
    """Median and the bounds of the 80 % interval."""

    quantity: str
    low: Number
    median: Number
    high: Number


class ContentView(View):
    """Everything that would run, in the words and figures that are approved."""

    objective: ObjectiveView
    audience: AudienceView
    arms: tuple[ArmView, ...]
    experiment: ExperimentView
    envelope: EnvelopeView
    bandit: BanditView
    forecast: tuple[ForecastView, ...]
    evidence: str
    rationale: str
    rule_digests: dict[str, str]
    figures: dict[str, SourcedFigure]


def content_view(
    content: Content, *, brief: str, rules: WorkspaceRules, actions: Mapping[str, str]
) -> ContentView:
    """Return a proposal's content to be shown; `actions` maps action ids to their names."""
    return ContentView(
        objective=ObjectiveView(
            quote=content.objective.quote, code=content.objective.code, kpi=content.objective.kpi
        ),
        audience=audience_view(content, rules),
        arms=tuple(
            ArmView(
                id=arm.id,
                action=actions.get(arm.action_id or "", "no message") if arm.action_id else "no message",
                channel=arm.channel,
                creative_digest=arm.creative_digest,
                message_cost=number(content, arm.message_cost),
            )
            for arm in content.arms
        ),
        experiment=_experiment(content),
        envelope=_envelope(content),
        bandit=BanditView(
            policy=content.bandit.policy_id,
            reward=content.bandit.reward_id,
            seed=number(content, content.bandit.seed),
            history=number(content, content.bandit.history),
        ),
        forecast=tuple(
            ForecastView(
                quantity=part.quantity_id,
                low=number(content, part.low),
                median=number(content, part.median),
                high=number(content, part.high),
            )
            for part in content.forecast
        ),
        evidence=say(content.evidence, content.figures, brief=brief),
        rationale=say(content.rationale, content.figures, brief=brief),
        rule_digests=dict(content.rules),
        figures={name: sourced(figure) for name, figure in content.figures.items()},
    )


def audience_view(content: Content, rules: WorkspaceRules) -> AudienceView:
    """Return the audience that a proposal binds, its reasons in the workspace's words."""
    words = REASON_WORDS | {rule.reason_id: rule.words for rule in rules.exclusions}
    audience = content.audience
    return AudienceView(
        words=say(audience.words, content.figures),
        definition=audience.definition,
        as_of=number(content, audience.as_of),
        gross=number(content, audience.gross),
        removed=tuple(
            RemovedView(
                reason_id=removed.reason_id,
                words=words.get(removed.reason_id, removed.reason_id.replace("_", " ")),
                people=number(content, removed.people),
            )
            for removed in audience.removed
        ),
        net=number(content, audience.net),
        segments=tuple(
            SegmentView(
                id=segment.id,
                words=say(segment.words, content.figures),
                definition=segment.definition,
                people=number(content, segment.people),
            )
            for segment in audience.segments
        ),
        snapshot_sha256=audience.snapshot_sha256,
    )


def _experiment(content: Content) -> ExperimentView:
    design = content.experiment
    return ExperimentView(
        hypothesis=say(design.hypothesis, content.figures),
        primary_metric=design.primary_metric_id,
        groups=tuple(GroupView(id=group.id, share=number(content, group.share)) for group in design.groups),
        confidence=number(content, design.confidence),
        power=number(content, design.power),
        smallest_effect=number(content, design.smallest_effect),
        duration=number(content, design.duration),
        guardrails=tuple(
            GuardrailView(
                metric_id=rail.metric_id,
                words=say(rail.words, content.figures),
                margin=number(content, rail.margin),
            )
            for rail in design.guardrails
        ),
        stop_rules=tuple(say(rule.words, content.figures) for rule in design.stop_rules),
    )


def _envelope(content: Content) -> EnvelopeView:
    envelope = content.envelope
    return EnvelopeView(
        starts=number(content, envelope.starts),
        ends=number(content, envelope.ends),
        budget=number(content, envelope.budget),
        maximum_people=number(content, envelope.maximum_people),
        batches=number(content, envelope.batches),
        batch_interval=number(content, envelope.batch_interval),
        ramp=tuple(number(content, step.share) for step in envelope.ramp),
        exploration_share=number(content, envelope.exploration_share),
        reward_delay=number(content, envelope.reward_delay),
    )
