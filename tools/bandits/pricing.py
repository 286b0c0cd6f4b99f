"""The dual price of money: what a minor unit must earn so that the budget lasts for everybody still to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import BanditPolicy, Belief, BoolArray
from tools.bandits.projection import ShareBounds, project
from tools.bandits.ridge import IntArray
from tools.bandits.scorer import Scorer
from tools.bandits.tiles import FloatArray, block_rows

_STEPS = 30
_CLOSE = 5e-4


@dataclass(frozen=True)
class Outlook:
    """The people still to come, this batch included: features (M, d), mask (M, K), costs (M, K) in minor units.

    A sample will do; `people` says how many it stands for.
    """

    features: FloatArray
    eligible: BoolArray
    costs: IntArray
    people: int

    def sampled(self, most: int) -> Outlook:
        """At most `most` people, evenly spaced, standing for the same number."""
        if len(self.features) <= most:
            return self
        pick = np.linspace(0, len(self.features) - 1, most).astype(np.int64)
        return Outlook(self.features[pick], self.eligible[pick], self.costs[pick], self.people)


class Price(NamedTuple):
    """`per_minor_unit` in reward per minor unit; the spend expected at that price; whether the budget binds."""

    per_minor_unit: float
    expected_spend_minor: float
    binds: bool


def shares_at_price(
    posterior: Scorer,
    policy: BanditPolicy,
    bounds: ShareBounds,
    scores: FloatArray,
    deviations: FloatArray | None,
    costs: IntArray,
    eligible: BoolArray,
    price: float,
) -> tuple[FloatArray, FloatArray]:
    """Adjusted scores and final probabilities of a mask at a price: the one place where both are made.

    Rows go through in blocks that fit the processor's cache; a row's numbers depend on no other row.
    """
    adjusted = scores if price == 0 else scores - price * costs
    noise = float(np.sqrt(posterior.noise_variance))
    block = block_rows(scores.shape[1])
    if len(scores) <= block:
        return adjusted, _block(posterior, policy, bounds, adjusted, deviations, eligible, noise)
    p = np.empty((scores.shape[1], len(scores))).T
    for start in range(0, len(scores), block):
        rows = slice(start, start + block)
        wide = None if deviations is None else deviations[rows]
        p[rows] = _block(posterior, policy, bounds, adjusted[rows], wide, eligible[rows], noise)
    return adjusted, p


def _block(
    posterior: Scorer,
    policy: BanditPolicy,
    bounds: ShareBounds,
    adjusted: FloatArray,
    deviations: FloatArray | None,
    eligible: BoolArray,
    noise: float,
) -> FloatArray:
    belief = Belief(adjusted, deviations, posterior.observations, noise)
    return project(policy.probabilities(belief, eligible), eligible, bounds, posterior.arms)


def price_for_budget(
    posterior: Scorer,
    policy: BanditPolicy,
    bounds: ShareBounds,
    outlook: Outlook,
    budget_left_minor: int,
) -> Price:
    """The lowest price at which the people still to come spend, in expectation, what is left.

    0 where the budget suffices without one. Minimum shares may spend more than the budget at any price; then the
    highest price tried is returned and the mask of a short reservation does the rest.
    """
    if budget_left_minor < 0:
        raise BanditParameterError(
            f"budget left {budget_left_minor} must be 0 or more", value=budget_left_minor
        )
    if outlook.costs.shape != outlook.eligible.shape or len(outlook.features) != len(outlook.costs):
        raise ArraySizeError("outlook needs one mask and cost row per person", value=outlook.costs.shape)
    if not len(outlook.features) or outlook.people < 1:
        return Price(0.0, 0.0, False)
    scores = posterior.predict(outlook.features)
    deviations = np.sqrt(posterior.variances(outlook.features)) if policy.needs_deviations else None
    scale = outlook.people / len(scores)

    def spend(price: float) -> float:
        _, p = shares_at_price(
            posterior, policy, bounds, scores, deviations, outlook.costs, outlook.eligible, price
        )
        return scale * float(np.sum(p * outlook.costs))

    free = spend(0.0)
    if free <= budget_left_minor:
        return Price(0.0, free, False)
    cheapest = outlook.costs[outlook.costs > 0].min()
    low, high = Price(0.0, free, True), max(float(np.ptp(scores)), 1e-9) / float(cheapest)
    # Policies that hedge still spend at the price where no arm pays; go dearer, but not without end.
    for _ in range(10):
        dear = Price(high, spend(high), True)
        if dear.expected_spend_minor <= budget_left_minor:
            return _between(spend, low, dear, budget_left_minor)
        low, high = dear, high * 2
    return low


def _between(spend: Callable[[float], float], low: Price, high: Price, budget: int) -> Price:
    """False position (Illinois rule) between a price too low and one that is affordable; the latter is returned.

    Aims just below the budget, so that the answer can be afforded.
    """
    aim = budget * (1 - _CLOSE / 2)
    over, under = low.expected_spend_minor - aim, high.expected_spend_minor - aim
    last: bool | None = None
    for _ in range(_STEPS):
        if abs(high.expected_spend_minor - aim) <= budget * _CLOSE / 2:
            break
        price = high.per_minor_unit - under * (high.per_minor_unit - low.per_minor_unit) / (under - over)
        tried = Price(price, spend(price), True)
        overspent = tried.expected_spend_minor > budget
        # An end that stays for the second time loses half its weight, else it would stay for ever.
        if overspent:
            low, over, under = (
                tried,
                tried.expected_spend_minor - aim,
                under / (2 if last == overspent else 1),
            )
        else:
            high, under, over = (
                tried,
                tried.expected_spend_minor - aim,
                over / (2 if last == overspent else 1),
            )
        last = overspent
    return high
