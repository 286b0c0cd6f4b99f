"""What a planned campaign will do to its net audience, and how right the forecast turned out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tools.bandits.policy import BanditPolicy, BoolArray
from tools.bandits.pricing import Outlook, price_for_budget, shares_at_price
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import FloatArray, IntArray, Posterior, Prior, RidgeState
from tools.experiments.errors import OutOfRangeError, UnequalRowsError
from tools.experiments.interval import Interval
from tools.experiments.off_policy import LEAST_EFFECTIVE_N, effective_n, fold_of

CONFIDENCE = 0.8
FOLDS = 5
METHOD = (
    "ridge outcome model on the net audience, corrected by cross-fitted doubly robust residuals on the logged "
    "history; 80 % interval from a seeded bootstrap of the history plus outcome noise"
)


class TooLittleEvidenceError(OutOfRangeError):
    """The history says too little about the planned choices to forecast them."""

    code = "forecast_too_little_evidence"


@dataclass(frozen=True)
class History:
    """Logged random choices: features (N, d), arm_index (N,), propensity (N,), outcomes by metric (N,) each.

    `like_audience` (N,) marks those who meet the audience's definition; revenue is in minor units.
    """

    arms: tuple[str, ...]
    features: FloatArray
    arm_index: IntArray
    propensity: FloatArray
    outcomes: Mapping[str, FloatArray]
    like_audience: BoolArray

    def __post_init__(self) -> None:
        sizes = {len(c) for c in (self.features, self.arm_index, self.propensity, self.like_audience)}
        sizes |= {len(values) for values in self.outcomes.values()}
        if len(sizes) != 1:
            raise UnequalRowsError(
                f"history columns have {sorted(sizes)} rows; they must agree", value=sorted(sizes)
            )


@dataclass(frozen=True)
class Plan:
    """The envelope: bandit policy, bounds, prior, cost per arm (K,) and budget in minor units, holdout share.

    `objective` names the metric in the history that the bandit policy maximises; `do_nothing` the costless arm.
    """

    policy: BanditPolicy
    bounds: ShareBounds
    prior: Prior
    costs: IntArray
    budget_minor: int
    holdout_share: float
    objective: str = "visit"
    do_nothing: str = "none"


@dataclass(frozen=True)
class Forecast:
    """Totals for the whole net audience, each an 80 % interval: sends, cost (minor units), every metric."""

    quantities: dict[str, Interval]
    people: int
    holdout_people: int
    effective_n: float
    method: str = METHOD


def forecast(
    history: History, audience: FloatArray, eligible: BoolArray, plan: Plan, seed: int, draws: int = 400
) -> Forecast:
    """Forecast the plan on a net audience: features (M, d), mask (M, K); the holdout is among the M people."""
    if not 0 <= plan.holdout_share < 1:
        raise OutOfRangeError(
            f"holdout share {plan.holdout_share} must be 0 or more and below 1", value=plan.holdout_share
        )
    if plan.objective not in history.outcomes or plan.do_nothing not in history.arms:
        raise OutOfRangeError(
            f"history must hold the metric {plan.objective} and the arm {plan.do_nothing}",
            value=plan.objective,
        )
    if not len(audience) or len(audience) != len(eligible):
        raise UnequalRowsError(
            f"{len(audience)} people and {len(eligible)} masks must agree", value=len(audience)
        )
    held = round(plan.holdout_share * len(audience))
    treated = len(audience) - held
    rng = np.random.default_rng([seed, 1])
    posteriors = _posteriors(history, np.ones(len(history.arm_index), dtype=np.bool_), plan.prior)
    p = planned_shares(posteriors[plan.objective], audience, eligible, plan, treated)
    none = np.zeros(len(history.arms))
    none[history.arms.index(plan.do_nothing)] = 1.0
    residuals = _residuals(history, np.asarray(eligible.any(axis=0)), plan, none, treated, seed)
    like = int(history.like_audience.sum())
    picks = [rng.integers(0, like, like) for _ in range(draws)]
    quantities = _money_and_sends(p, plan, history.arms, treated, rng, draws)
    for metric, posterior in posteriors.items():
        model = posterior.predict(audience)
        planned = _Group((p * model).sum(axis=1), residuals.planned[metric], residuals.weights, treated)
        holdout = _Group(model @ none, residuals.holdout[metric], residuals.holdout_weights, held)
        outcome = history.outcomes[metric][history.like_audience]
        quantities[metric] = _total((planned, holdout), outcome, picks, rng)
    return Forecast(quantities, len(audience), held, effective_n(residuals.weights))


class _Residuals(NamedTuple):
    """Per audience-like history row: weighted residuals by metric under the plan and under doing nothing."""

    planned: dict[str, FloatArray]
    holdout: dict[str, FloatArray]
    weights: FloatArray
    holdout_weights: FloatArray


class _Group(NamedTuple):
    """Model values on the audience, residuals and weights on the history, and the people they stand for."""

    model: FloatArray
    residuals: FloatArray
    weights: FloatArray
    people: int


def _posteriors(history: History, rows: BoolArray, prior: Prior) -> dict[str, Posterior]:
    empty = RidgeState.empty(history.arms, history.features.shape[1], prior)
    x, arm = history.features[rows], history.arm_index[rows]
    return {metric: empty.updated(x, arm, y[rows]).posterior() for metric, y in history.outcomes.items()}


def planned_shares(
    belief: Posterior, x: FloatArray, eligible: BoolArray, plan: Plan, people: int
) -> FloatArray:
    """Probabilities that the plan gives these rows when they stand for `people` under the whole budget."""
    costs = np.broadcast_to(plan.costs, eligible.shape)
    outlook = Outlook(x, eligible, costs, people)
    price = price_for_budget(belief, plan.policy, plan.bounds, outlook, plan.budget_minor)
    scores = belief.predict(x)
    deviations = np.sqrt(belief.variances(x)) if plan.policy.needs_deviations else None
    _, p = shares_at_price(
        belief, plan.policy, plan.bounds, scores, deviations, costs, eligible, price.per_minor_unit
    )
    return p


def _residuals(
    history: History, open_arms: BoolArray, plan: Plan, none: FloatArray, people: int, seed: int
) -> _Residuals:
    """Cross-fitted: each fold is planned for and predicted by beliefs from the other folds."""
    size = len(history.arm_index)
    fold = fold_of(size, seed, FOLDS)
    planned = {metric: np.zeros(size) for metric in history.outcomes}
    holdout = {metric: np.zeros(size) for metric in history.outcomes}
    weights = np.zeros(size)
    holdout_weights = none[history.arm_index] / history.propensity
    for f in range(FOLDS):
        beliefs = _posteriors(history, fold != f, plan.prior)
        own = np.flatnonzero((fold == f) & history.like_audience)
        x, arm = history.features[own], history.arm_index[own]
        eligible = np.broadcast_to(open_arms, (len(own), len(open_arms)))
        p = planned_shares(beliefs[plan.objective], x, eligible, plan, people)
        weights[own] = p[np.arange(len(own)), arm] / history.propensity[own]
        for metric, belief in beliefs.items():
            left = history.outcomes[metric][own] - belief.predict(x)[np.arange(len(own)), arm]
            planned[metric][own] = weights[own] * left
            holdout[metric][own] = holdout_weights[own] * left
    like = history.like_audience
    made = effective_n(weights[like])
    if made < LEAST_EFFECTIVE_N:
        raise TooLittleEvidenceError(
            f"the history agrees with the plan for an effective {made:.0f} people like the audience; "
            f"{LEAST_EFFECTIVE_N:.0f} are needed to forecast it",
            value=round(made),
        )
    return _Residuals(
        {metric: values[like] for metric, values in planned.items()},
        {metric: values[like] for metric, values in holdout.items()},
        weights[like],
        holdout_weights[like],
    )


def _money_and_sends(
    p: FloatArray, plan: Plan, arms: tuple[str, ...], people: int, rng: np.random.Generator, draws: int
) -> dict[str, Interval]:
    """Sends and cost of the draws; the budget ends both."""
    share = people / len(p)
    send = 1.0 - p[:, arms.index(plan.do_nothing)]
    cost = p @ plan.costs
    cost_deviation = np.sqrt(share * np.sum(p @ np.square(plan.costs) - np.square(cost)))
    wanted = share * float(cost.sum()) + float(cost_deviation) * rng.standard_normal(draws)
    paid = np.clip(wanted, 0.0, plan.budget_minor)
    sends_per_minor = float(send.sum() / cost.sum()) if cost.sum() > 0 else 0.0
    mean = min(share * float(cost.sum()), float(plan.budget_minor))
    free = plan.costs[[a != plan.do_nothing for a in arms]].max(initial=0) == 0
    sends = (
        share * float(send.sum()) + np.sqrt(share * np.sum(send * (1 - send))) * rng.standard_normal(draws)
        if free
        else paid * sends_per_minor
    )
    expected = share * float(send.sum()) if free else mean * sends_per_minor
    return {"sends": _spread(expected, np.clip(sends, 0, people)), "cost": _spread(mean, paid)}


def _total(
    groups: tuple[_Group, _Group], outcome: FloatArray, picks: list[IntArray], rng: np.random.Generator
) -> Interval:
    """Planned plus held-out people: expected total, and the quantiles of resampled history and drawn outcomes."""
    expected, noise = 0.0, 0.0
    totals = np.zeros(len(picks))
    for model, residuals, weights, people in groups:
        expected += people * float(model.mean() + residuals.mean())
        totals += people * (float(model.mean()) + np.array([residuals[pick].mean() for pick in picks]))
        whole = max(float(weights.sum()), 1e-12)
        mean = float((weights * outcome).sum()) / whole
        noise += people * max(float((weights * np.square(outcome)).sum()) / whole - mean**2, 0.0)
    totals += np.sqrt(noise) * rng.standard_normal(len(picks))
    return _spread(max(expected, 0.0), np.clip(totals, 0.0, None))


def _spread(expected: float, totals: FloatArray) -> Interval:
    low, high = np.quantile(totals, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(expected, min(float(low), expected), max(float(high), expected), CONFIDENCE)
