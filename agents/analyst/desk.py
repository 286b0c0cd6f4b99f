"""The analyst's calculations for design and forecast, over one plan's audience and the logged history."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.analyst.agent import CANDIDATES, CandidateValue, ExperimentSize, ForecastMade, PolicyValues
from agents.propose.drafts import PlanDraft, SegmentationDraft
from agents.propose.facts import NO_ARM, plan_dates
from agents.situation import Situation
from agents.workbench import Workbench
from policies.errors import InvalidInputError
from policies.figures import estimate
from policies.workspace_rules import WorkspaceRules
from store.audiences import customer_schema
from store.history import History, read_history
from store.repositories.customers import customer_columns
from store.repositories.people import snapshot_people
from tools.audience.features import with_recency
from tools.audience.filters import parse_filter
from tools.audience.matching import matching
from tools.bandits.feature_design import design_features
from tools.bandits.features import FeatureDefinition
from tools.bandits.policy import BanditPolicy
from tools.bandits.prior import prior_content
from tools.bandits.projection import ShareBounds
from tools.bandits.registry import make_policy
from tools.bandits.rewards import Outcomes, reward_named
from tools.bandits.ridge import Posterior, RidgeState
from tools.budget.arithmetic import plan_budget
from tools.experiments.off_policy import LoggedChoices, PolicyValue, learned_policy_value
from tools.experiments.sample_size import Design, smallest_mean_effect, smallest_rate_effect
from tools.result import Quantity
from tools.twin import forecast as twin

FloatArray = NDArray[np.float64]
SIGNIFICANT = 10
MONTHS = "months_since_purchase"
_METRICS = {"visit": "visits", "conversion": "conversions", "revenue": "revenue"}


@dataclass(frozen=True)
class DesignFacts:
    """What is calculated with: the plan's arms and bounds, its net people, and the history's rows and outcomes."""

    rules: WorkspaceRules
    arm_ids: tuple[str, ...]
    reward_id: str
    currency: str
    costs_minor: NDArray[np.int64]
    budget_minor: int
    holdout_share: float
    starts: date
    ends: date
    experiment: str
    label: str
    features: FeatureDefinition
    audience: FloatArray
    history: History
    history_features: FloatArray
    history_arms: NDArray[np.int64]
    outcomes: dict[str, FloatArray]
    like_audience: NDArray[np.bool_]

    @classmethod
    def read(
        cls,
        bench: Workbench,
        workspace_id: str,
        *,
        situation: Situation,
        plan: PlanDraft,
        segmentation: SegmentationDraft,
    ) -> DesignFacts:
        """Read them; InvalidInputError when nothing was logged or no logged arm is in the plan."""
        if not situation.experiments:
            raise InvalidInputError(
                "there is no logged experiment to learn from; import one, or plan with equal shares"
            )
        starts, ends = plan_dates(plan.brief, situation.today)
        arm_ids = (*plan.action_ids, NO_ARM)
        experiment = situation.experiments[0]
        with bench.database.read() as session:
            people = snapshot_people(session, bench.warehouse, workspace_id, segmentation.snapshot_sha256)
        logged = read_history(bench.warehouse, workspace_id, experiment.experiment_id)
        history = logged.where(np.isin(logged.arm, arm_ids))
        missing = sorted(set(arm_ids) - set(history.arm.tolist()))
        if missing:
            raise InvalidInputError(
                f"{missing[0]} was never logged, so nothing says what it brings; leave it out or log it first",
                value=missing[0],
            )
        chosen = parse_filter(segmentation.definition, customer_schema(bench.warehouse, workspace_id))
        columns = with_recency(history.customers, starts)
        features = design_features(columns, f"customers/{experiment.experiment_id}")
        net = customer_columns(
            bench.warehouse, workspace_id, [str(person) for person in people], stored_names(features)
        )
        costs = _costs(situation, arm_ids)
        return cls(
            rules=situation.rules,
            arm_ids=arm_ids,
            reward_id=plan.reward_id,
            currency=situation.currency,
            costs_minor=costs,
            budget_minor=_budget(plan, situation),
            holdout_share=float(
                situation.rules.holdout_share
                if plan.brief.constraints.holdout is None
                else plan.brief.constraints.holdout
            ),
            starts=starts,
            ends=ends,
            experiment=experiment.experiment_id,
            label=experiment.label,
            features=features,
            audience=features.matrix(with_recency(net, starts)),
            history=history,
            history_features=features.matrix(columns),
            history_arms=np.array([arm_ids.index(arm) for arm in history.arm.tolist()], dtype=np.int64),
            outcomes=_outcomes(history, costs, arm_ids, situation.rules, plan.reward_id),
            like_audience=matching(chosen, history.customers, starts),
        )

    @property
    def bounds(self) -> ShareBounds:
        return ShareBounds(exploration_share=float(self.rules.exploration_share))


class DesignDesk:
    """Answers for one plan."""

    def __init__(self, facts: DesignFacts) -> None:
        self.facts = facts
        self._forecasts: dict[str, ForecastMade] = {}

    def size(self) -> ExperimentSize:
        """Return groups, batches and the smallest effect that the observed outcomes can show."""
        facts, rules = self.facts, self.facts.rules
        net = len(facts.audience)
        if net == 0:
            raise InvalidInputError(
                "nobody is left in the audience, so there is nothing to measure; widen it", value=0
            )
        held = round(net * facts.holdout_share)
        observed = float(Fraction(rules.observed_share))
        days = (facts.ends - facts.starts).days + 1
        batches = min(math.ceil(net / rules.batch_people), _slots(days, rules))
        quantities = {
            "design.holdout_people": Quantity(value=held, unit="people"),
            "design.optimised_people": Quantity(value=net - held, unit="people"),
            "design.optimised_share": Quantity(value=estimate(1 - facts.holdout_share), unit="rate"),
            "design.duration": Quantity(value=days, unit="days"),
            "design.batches": Quantity(value=batches, unit="batches"),
        }
        control, treated = held * observed, (net - held) * observed
        if min(control, treated) < 1:
            quantities["design.smallest_effect"] = Quantity(value="1", unit=_difference(facts))
            return ExperimentSize(
                feasible=False, reason="a group is too small to compare", quantities=quantities
            )
        smallest = _smallest_effect(facts, control, treated)
        quantities["design.smallest_effect"] = Quantity(value=estimate(smallest), unit=_difference(facts))
        return ExperimentSize(feasible=True, reason="", quantities=quantities)

    def compare(self) -> PolicyValues:
        """Return the off-policy value of each candidate on the logged rows of people like the audience."""
        facts = self.facts
        like = np.flatnonzero(facts.like_audience)
        logged = LoggedChoices(
            facts.arm_ids,
            facts.history_features[like],
            facts.history_arms[like],
            facts.outcomes[facts.reward_id][like],
            facts.history.propensity[like],
        )
        values = {name: self._value(logged, make_policy(f"{name}/1")) for name in CANDIDATES}
        quantities: dict[str, Quantity] = {}
        for name, value in values.items():
            if value.value is not None:
                numbers = zip(("value", "low", "high"), value.value[:3], strict=True)
                quantities |= {
                    f"ope.{name}.{part}": Quantity(value=estimate(number), unit=_unit(facts))
                    for part, number in numbers
                }
        known = {name: value.value.estimate for name, value in values.items() if value.value is not None}
        return PolicyValues(
            label=facts.label,
            candidates=tuple(
                CandidateValue(policy_id=n, estimable=v.value is not None) for n, v in values.items()
            ),
            best=max(known, key=lambda name: known[name]) if known else CANDIDATES[0],
            quantities=quantities,
        )

    def forecast(self, policy_id: str) -> ForecastMade:
        """Return the forecast for the whole net audience, the holdout included, with 80 % intervals."""
        if policy_id not in self._forecasts:
            self._forecasts[policy_id] = self._forecast(policy_id)
        return self._forecasts[policy_id]

    def _forecast(self, policy_id: str) -> ForecastMade:
        facts = self.facts
        history = twin.History(
            facts.arm_ids,
            facts.history_features,
            facts.history_arms,
            facts.history.propensity,
            facts.outcomes,
            facts.like_audience,
        )
        made = twin.forecast(
            history,
            facts.audience,
            self._all_open(len(facts.audience)),
            self._plan(policy_id),
            facts.rules.seed,
        )
        quantities: dict[str, Quantity] = {}
        names: list[str] = []
        for source, interval in made.quantities.items():
            name = _METRICS.get(source, source)
            if name not in ("sends", "cost", *_METRICS.values()):
                continue
            names.append(name)
            for part, number in (
                ("median", interval.estimate),
                ("low", interval.low),
                ("high", interval.high),
            ):
                quantities[f"forecast.{name}.{part}"] = _forecast_quantity(name, number, facts.currency)
        lift = self._lift(made)
        quantities["forecast.lift"] = Quantity(value=estimate(lift), unit=_difference(facts))
        quantities["forecast.effective_people"] = Quantity(value=round(made.effective_n), unit="people")
        method = "ridge outcome model corrected by doubly robust residuals of the logged history, with bootstrap intervals"
        return ForecastMade(
            method=method, label=facts.label, quantities_forecast=tuple(sorted(names)), quantities=quantities
        )

    def _lift(self, made: twin.Forecast) -> float:
        """Expected reward a person of the optimised group less doing nothing, from the forecast and the log."""
        facts = self.facts
        nothing = facts.like_audience & (facts.history_arms == facts.arm_ids.index(NO_ARM))
        base = float(facts.outcomes[facts.reward_id][nothing].mean())
        treated = made.people - made.holdout_people
        total = made.quantities[facts.reward_id].estimate
        return (total - base * made.holdout_people) / max(treated, 1) - base

    def _plan(self, policy_id: str) -> twin.Plan:
        facts = self.facts
        return twin.Plan(
            policy=make_policy(f"{policy_id}/1"),
            bounds=facts.bounds,
            prior=facts.features.prior(),
            costs=facts.costs_minor,
            budget_minor=facts.budget_minor,
            holdout_share=facts.holdout_share,
            objective=facts.reward_id,
            do_nothing=NO_ARM,
        )

    def _value(self, logged: LoggedChoices, policy: BanditPolicy) -> PolicyValue:
        facts = self.facts
        treated = round(len(facts.audience) * (1 - facts.holdout_share))
        plan = self._plan(policy.policy_id.removesuffix("/1"))

        def choose(posterior: Posterior, features: FloatArray) -> FloatArray:
            return twin.planned_shares(posterior, features, self._all_open(len(features)), plan, treated)

        return learned_policy_value(
            logged,
            choose,
            seed=facts.rules.seed,
            prior=facts.features.prior(),
            confidence=float(facts.rules.confidence),
        )

    def _all_open(self, people: int) -> NDArray[np.bool_]:
        return np.ones((people, len(self.facts.arm_ids)), dtype=np.bool_)


def bandit_prior(facts: DesignFacts) -> dict[str, Any]:
    """Return what the bandit starts from: all history rows, with numbers to 10 significant digits.

    The rounding makes the digest the same on processors that add in another order.
    """
    state = RidgeState.empty(facts.arm_ids, facts.history_features.shape[1], facts.features.prior())
    state = state.updated(facts.history_features, facts.history_arms, facts.outcomes[facts.reward_id])
    content = prior_content(state, facts.features)
    return {**content, "state": _rounded(content["state"])}


def stored_names(features: FeatureDefinition) -> list[str]:
    """Return the stored columns that a feature definition is made from."""
    named = {*(n.name for n in features.numeric), *features.flags, *(c.name for c in features.categories)}
    return sorted((named - {MONTHS}) | {"last_purchase_on"})


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT}g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _slots(days: int, rules: WorkspaceRules) -> int:
    """How many slots fit, leaving after the last one the time that quiet hours may hold a message back."""
    first, quiet_from, quiet_until = (
        _hours(text) for text in (rules.first_slot_local, rules.quiet_from, rules.quiet_until)
    )
    room = days * 24 - first - (quiet_until - quiet_from) % 24
    return max(1, math.floor(room / rules.batch_interval_hours) + 1)


def _hours(text: str) -> float:
    moment = time.fromisoformat(text)
    return moment.hour + moment.minute / 60


def _costs(situation: Situation, arm_ids: tuple[str, ...]) -> NDArray[np.int64]:
    declared = {action.action_id: action.message_cost_minor for action in situation.actions}
    return np.array([declared.get(arm, 0) for arm in arm_ids], dtype=np.int64)


def _budget(plan: PlanDraft, situation: Situation) -> int:
    amount = None if plan.brief.budget is None else plan.brief.budget.amount
    return plan_budget(amount, situation.currency, []).budget_minor


def _outcomes(
    history: History,
    costs: NDArray[np.int64],
    arm_ids: tuple[str, ...],
    rules: WorkspaceRules,
    reward_id: str,
) -> dict[str, FloatArray]:
    paid = np.array([costs[arm_ids.index(arm)] for arm in history.arm.tolist()], dtype=np.float64)
    seen = Outcomes(history.visit, history.conversion, history.spend_minor, paid)
    margin = float(Decimal(rules.gross_margin))
    return {name: reward_named(name).of(seen, margin) for name in sorted({*_METRICS, reward_id})}


def _smallest_effect(facts: DesignFacts, control: float, treated: float) -> float:
    nothing = facts.like_audience & (facts.history_arms == facts.arm_ids.index(NO_ARM))
    base = facts.outcomes[facts.reward_id][nothing]
    design = Design(alpha=float(1 - Decimal(facts.rules.confidence)), power=float(facts.rules.power))
    if facts.reward_id in ("visit", "conversion"):
        return smallest_rate_effect(float(base.mean()), control, treated, design)
    return smallest_mean_effect(float(base.std(ddof=1)), control, treated, design)


def _unit(facts: DesignFacts) -> str:
    return "rate" if facts.reward_id in ("visit", "conversion") else "ratio"


def _difference(facts: DesignFacts) -> str:
    return "points" if _unit(facts) == "rate" else _unit(facts)


def _forecast_quantity(name: str, number: float, currency: str) -> Quantity:
    if name in ("cost", "revenue"):
        return Quantity(value=round(number), unit=f"minor:{currency}")
    if name == "sends":
        return Quantity(value=round(number), unit="messages")
    return Quantity(value=estimate(number), unit=name)
