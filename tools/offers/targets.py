"""Targets of a campaign as constraints on choices: cost per acquisition, return on spend, priority products.

Each is linear in the probabilities: the sum over people and arms of p times a burden may not exceed 0. What a burden of
one costs is found so that the target just holds in expectation, and is subtracted from the scores, as money's price is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditError, BanditParameterError
from tools.bandits.policy import BoolArray
from tools.bandits.ridge import FloatArray

_ROUNDS, _BISECTIONS, _DOUBLINGS = 6, 40, 30
_CLOSE = 1e-6


class TargetNotReachableError(BanditError):
    """No choice inside the share bounds meets a target."""

    code = "target_not_reachable"


class Target(NamedTuple):
    """A constraint: expected sum of p * burden (N, K) at most 0."""

    name: str
    burden: FloatArray


class HeldTargets(NamedTuple):
    """Prices by target, in reward per unit of burden; scores less burdens (N, K); probabilities (N, K)."""

    prices: dict[str, float]
    adjusted: FloatArray
    probabilities: FloatArray


def cost_per_acquisition(costs: FloatArray, acquisitions: FloatArray, most_minor: float) -> Target:
    """At most so many minor units for each expected acquisition: costs and acquisitions (N, K). Also for CAC."""
    return Target("max_cost_per_acquisition", costs - _positive("max CPA", most_minor) * acquisitions)


def return_on_spend(costs: FloatArray, revenue: FloatArray, least: float) -> Target:
    """At least so much expected revenue for each minor unit spent: costs and revenue (N, K) in minor units."""
    return Target("min_return_on_spend", _positive("min ROAS", least) * costs - revenue)


def priority_share(active: BoolArray, priority: BoolArray, least: float, people: int) -> Target:
    """At least this share of the actions taken go to priority arms: active and priority (K,), `least` 0 to 1."""
    if not 0 <= least <= 1:
        raise BanditParameterError(f"priority share {least} must lie between 0 and 1", value=least)
    burden = np.where(active, least, 0.0) - np.where(active & priority, 1.0, 0.0)
    return Target("priority_products", np.broadcast_to(burden, (people, len(burden))))


def hold_targets(
    scores: FloatArray, shares: Callable[[FloatArray], FloatArray], targets: Sequence[Target]
) -> HeldTargets:
    """Price the targets so that all hold: scores (N, K); shares turns adjusted scores into final probabilities.

    A target that holds anyway has price 0. Targets are priced in turn until none moves. Raises
    TargetNotReachableError where even the highest price leaves one broken, for instance because of minimum shares.
    """
    for target in targets:
        if target.burden.shape != scores.shape:
            raise ArraySizeError(
                f"burden of {target.name} {target.burden.shape} must be {scores.shape}", value=target.name
            )
    prices = [0.0] * len(targets)

    def adjusted(at: Sequence[float]) -> FloatArray:
        burdens = (price * target.burden for price, target in zip(at, targets, strict=True))
        return scores - sum(burdens, np.zeros_like(scores))

    def excess(number: int, price: float) -> float:
        at = [*prices[:number], price, *prices[number + 1 :]]
        return float((shares(adjusted(at)) * targets[number].burden).sum())

    for _ in range(_ROUNDS):
        before = list(prices)
        for number, target in enumerate(targets):
            prices[number] = _price(target, partial(excess, number), scores)
        if np.allclose(before, prices, rtol=1e-4, atol=0.0):
            break
    for number, target in enumerate(targets):
        left = excess(number, prices[number])
        if left > _CLOSE * float(np.abs(target.burden).sum()):
            raise TargetNotReachableError(
                f"{target.name} cannot hold together with the others (broken by {left:.4g}); loosen one of them",
                value=left,
            )
    final = adjusted(prices)
    return HeldTargets(
        {t.name: price for t, price in zip(targets, prices, strict=True)}, final, shares(final)
    )


def _price(target: Target, excess: Callable[[float], float], scores: FloatArray) -> float:
    """The lowest price found at which one target holds, the others' prices as they are."""
    if excess(0.0) <= 0:
        return 0.0
    low = 0.0
    high = max(float(np.ptp(scores)), 1e-9) / max(float(np.abs(target.burden).max()), 1e-12)
    for _ in range(_DOUBLINGS):
        if excess(high) <= 0:
            break
        low, high = high, high * 2
    else:
        raise TargetNotReachableError(
            f"{target.name} is not met by any choice inside the share bounds (best {excess(high):.4g}, must be 0 or "
            "less); lower the target or the minimum shares",
            value=target.name,
        )
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if excess(middle) <= 0 else (middle, high)
        if high - low <= 1e-6 * high:
            break
    return high


def _positive(name: str, value: float) -> float:
    if not 0 < value < np.inf:
        raise BanditParameterError(f"{name} {value} must be above 0", value=value)
    return value
