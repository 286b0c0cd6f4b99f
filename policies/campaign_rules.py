"""The rules that a campaign is checked against before it is frozen; each has an id, a verdict and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from policies.proposal import Content
from policies.workspace_rules import WorkspaceRules

RuleStatus = Literal["pass", "warn", "block"]
RuleNode = Literal["plan", "segment", "write", "design_experiment"]


class RuleResult(BaseModel):
    """One rule's verdict; `node` is where a violation has to be mended. Evidence cites figures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule_id: str
    status: RuleStatus
    evidence: str
    node: RuleNode


class RuleInputs(NamedTuple):
    """What the rules look at: the content to be frozen, the workspace's rules, and facts from the check of creatives."""

    content: Content
    rules: WorkspaceRules
    today: date
    asked_channels: Sequence[str]
    discount_percents: Sequence[Decimal]
    creative_problems: Sequence[str]
    refused_codes: Sequence[str]


def check_campaign(inputs: RuleInputs) -> tuple[RuleResult, ...]:
    """Return the verdict of every rule, in the order of `RULES`."""
    results = []
    for rule_id, node, rule in RULES:
        status, evidence = rule(inputs)
        results.append(RuleResult(rule_id=rule_id, status=status, evidence=evidence, node=node))
    return tuple(results)


_Verdict = tuple[RuleStatus, str]


def _audience_not_empty(inputs: RuleInputs) -> _Verdict:
    if inputs.content.number(inputs.content.audience.net) == 0:
        return "block", "nobody is left in the audience; widen its definition"
    return "pass", "{figure:audience.net} may be reached of {figure:audience.gross} who match"


def _only_consented(inputs: RuleInputs) -> _Verdict:
    reasons = {removed.reason_id for removed in inputs.content.audience.removed}
    missing = {"consent_withdrawn", "consent_unknown", "suppressed"} - reasons
    if missing:
        return "block", f"the audience was not cleared of people by {', '.join(sorted(missing))}"
    return (
        "pass",
        "people who withdrew consent, never gave it or are suppressed were taken out before the count",
    )


def _budget_positive(inputs: RuleInputs) -> _Verdict:
    if inputs.content.number(inputs.content.envelope.budget) <= 0:
        return "block", "the budget is {figure:plan.budget}; a campaign with costs needs more than that"
    return "pass", "the budget is {figure:plan.budget}"


def _budget_holds(inputs: RuleInputs) -> _Verdict:
    content = inputs.content
    cost = next((f for f in content.forecast if f.quantity_id == "cost"), None)
    if cost is None:
        return "block", "the forecast says nothing about cost"
    if content.number(cost.high) > content.number(content.envelope.budget):
        return "block", "the forecast cost may reach {figure:forecast.cost.high}, above the budget"
    return "pass", "cost may reach {figure:forecast.cost.high}; sending stops when the budget is reserved"


def _dates_hold(inputs: RuleInputs) -> _Verdict:
    content = inputs.content
    starts = date.fromisoformat(content.text(content.envelope.starts))
    ends = date.fromisoformat(content.text(content.envelope.ends))
    if starts < inputs.today:
        return "block", "the start {figure:plan.starts} has passed"
    if ends < starts:
        return "block", "the end {figure:plan.ends} is before the start {figure:plan.starts}"
    return "pass", "from {figure:plan.starts} to {figure:plan.ends}"


def _batches_fit(inputs: RuleInputs) -> _Verdict:
    content, envelope = inputs.content, inputs.content.envelope
    starts = date.fromisoformat(content.text(envelope.starts))
    ends = date.fromisoformat(content.text(envelope.ends))
    hours = (content.number(envelope.batches) - 1) * content.number(envelope.batch_interval)
    if timedelta(hours=hours) >= (ends - starts) + timedelta(days=1):
        return "block", "{figure:design.batches} do not fit between the start and the end"
    return "pass", "{figure:design.batches}, {figure:rule.batch_interval} apart, fit before the end"


def _channels_allowed(inputs: RuleInputs) -> _Verdict:
    allowed = set(inputs.rules.channels) & set(inputs.asked_channels or inputs.rules.channels)
    used = {arm.channel for arm in inputs.content.arms if arm.channel is not None}
    if used - allowed:
        return "block", f"{', '.join(sorted(used - allowed))} is not among the channels asked for and allowed"
    return "pass", f"only {', '.join(sorted(used))} is used"


def _discount_ceiling(inputs: RuleInputs) -> _Verdict:
    deepest = max(inputs.discount_percents, default=Decimal(0))
    if deepest > inputs.rules.discount_ceiling_percent:
        return "block", "an offer is deeper than the ceiling {figure:rule.discount_ceiling}"
    return "pass", "no offer is deeper than the ceiling of {figure:rule.discount_ceiling}"


def _holdout_present(inputs: RuleInputs) -> _Verdict:
    shares = {
        group.id: Decimal(inputs.content.text(group.share)) for group in inputs.content.experiment.groups
    }
    if shares.get("holdout", Decimal(0)) <= 0:
        return "warn", "nobody is held out, so the effect of the whole campaign cannot be measured"
    return "pass", "{figure:plan.holdout_share} of the audience is held out"


def _effect_detectable(inputs: RuleInputs) -> _Verdict:
    content = inputs.content
    expected = content.figures.get("forecast.lift")
    if expected is None:
        return "warn", "the forecast names no lift to compare with the smallest effect that can be seen"
    if Decimal(str(expected.value)) < Decimal(content.text(content.experiment.smallest_effect)):
        return "warn", "the expected lift {figure:forecast.lift} is below what this size can see"
    return "pass", "the expected lift {figure:forecast.lift} is above the smallest effect it can see"


def _exploration_feasible(inputs: RuleInputs) -> _Verdict:
    share = Decimal(inputs.content.text(inputs.content.envelope.exploration_share))
    if not 0 < share <= 1:
        return "block", "the exploration share {figure:rule.exploration_share} must lie between none and all"
    return "pass", "every eligible arm keeps its part of {figure:rule.exploration_share}"


def _creatives_render(inputs: RuleInputs) -> _Verdict:
    if inputs.creative_problems:
        return "block", inputs.creative_problems[0]
    return "pass", "each message renders for every awkward profile and has an unsubscribe link"


def _creatives_bound(inputs: RuleInputs) -> _Verdict:
    unbound = [
        arm.id for arm in inputs.content.arms if arm.channel is not None and arm.creative_digest is None
    ]
    if unbound:
        return "block", f"{unbound[0]} has no message"
    return "pass", "each arm that sends has exactly the message shown here"


def _nothing_refused(inputs: RuleInputs) -> _Verdict:
    if inputs.refused_codes:
        return "warn", f"left out of the plan: {', '.join(sorted(set(inputs.refused_codes)))}"
    return "pass", "the brief asks for nothing that is forbidden"


RULES: tuple[tuple[str, RuleNode, Callable[[RuleInputs], _Verdict]], ...] = (
    ("audience.not_empty", "segment", _audience_not_empty),
    ("consent.only_consented", "segment", _only_consented),
    ("budget.positive", "plan", _budget_positive),
    ("budget.holds", "design_experiment", _budget_holds),
    ("dates.hold", "plan", _dates_hold),
    ("dates.batches_fit", "design_experiment", _batches_fit),
    ("channel.allowed", "plan", _channels_allowed),
    ("discount.ceiling", "plan", _discount_ceiling),
    ("experiment.holdout", "design_experiment", _holdout_present),
    ("experiment.detectable", "design_experiment", _effect_detectable),
    ("bandit.exploration", "design_experiment", _exploration_feasible),
    ("creative.renders", "write", _creatives_render),
    ("creative.bound", "write", _creatives_bound),
    ("brief.refusals", "plan", _nothing_refused),
)
