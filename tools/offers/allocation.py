"""Who gets which arm when arms have capacities and money is short: dual prices, then a repair that breaks no limit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tools.bandits.errors import ArraySizeError, BanditParameterError, NoEligibleArmError, NotFiniteError
from tools.bandits.policy import BoolArray
from tools.bandits.ridge import FloatArray, IntArray

_SWEEPS, _BISECTIONS, _CLOSE = 60, 30, 1e-4


class Allocation(NamedTuple):
    """The arm of each person (N,), the price of each arm's place (K,) and of money, in value; value and its bound.

    `bound` is the dual value: no allocation, not even one that splits people, is worth more.
    """

    arm_index: IntArray
    place_prices: FloatArray
    money_price: float
    value: float
    bound: float


def allocate(
    values: FloatArray,
    capacities: IntArray,
    fallback: int,
    eligible: BoolArray | None = None,
    costs: IntArray | None = None,
    budget: int | None = None,
) -> Allocation:
    """Give every person one arm, together worth nearly the most, within every capacity and the budget.

    values (N, K) in reward units; capacities (K,) people per arm; `fallback` the arm of doing nothing, which must be
    eligible for all, cost nothing and hold everybody; eligible (N, K); costs (K,) in minor units against `budget`.

    Prices come from the dual of the linear program: one arm's price is exactly that at which as many want it as it
    holds, the others' held fixed, and prices only rise (Kelso and Crawford 1982), so they settle; that of money by
    bisection. The repair serves whoever loses most by the next best arm first.
    """
    worth, cost = _checked(values, capacities, fallback, eligible, costs, budget)
    money = 0.0
    prices = _place_prices(worth, capacities)
    if budget is not None and int(cost[_demand(worth, prices)].sum()) > budget:
        low, money = 0.0, float((worth.max(axis=0) - worth[fallback]).max()) / float(cost[cost > 0].min())
        for _ in range(_BISECTIONS):
            middle = (low + money) / 2
            priced = worth - middle * cost[:, None]
            tried = _place_prices(priced, capacities)
            spent = int(cost[_demand(priced, tried)].sum())
            low, money = (middle, money) if spent > budget else (low, middle)
            if 0 <= budget - spent <= _CLOSE * budget:
                break
        worth_at = worth - money * cost[:, None]
        prices = _place_prices(worth_at, capacities)
    net = worth - money * cost[:, None] - prices[:, None]
    arms = _repaired(net, capacities, fallback)
    if budget is not None:
        arms = _affordable(worth, arms, cost, budget, fallback)
    bound = float(net.max(axis=0).sum() + (prices * capacities).sum() + money * (budget or 0))
    people = np.arange(len(arms))
    return Allocation(arms, prices, money, float(worth[arms, people].sum()), bound)


def _demand(worth: FloatArray, prices: FloatArray) -> IntArray:
    return np.asarray(np.argmax(worth - prices[:, None], axis=0), dtype=np.int64)


def _place_prices(worth: FloatArray, capacities: IntArray) -> FloatArray:
    """The price of each arm, (K, N) -> (K,), raised one by one until no arm is wanted by more than it holds."""
    arms, people = worth.shape
    prices, net = np.zeros(arms), worth.copy()
    scale = max(float(np.ptp(worth[np.isfinite(worth)])), 1e-12)
    limited = np.flatnonzero(capacities < people)
    for _ in range(_SWEEPS):
        moved = 0.0
        for k in limited.tolist():
            own = worth[k]
            net[k] = -np.inf
            gain = own - net.max(axis=0)
            places = int(capacities[k])
            # at this price exactly `places` people gain; a price never falls again
            wanted = gain.max() if places == 0 else -np.partition(-gain, places)[places]
            price = max(float(wanted), prices[k], 0.0)
            moved = max(moved, price - prices[k])
            prices[k] = price
            net[k] = own - price
        if moved <= _CLOSE * scale:
            break
    return prices


def _repaired(net: FloatArray, capacities: IntArray, fallback: int) -> IntArray:
    """Arms within capacity: the most wanted places go to those who lose most without them; others try again."""
    arms, people = net.shape
    room = capacities.astype(np.int64).copy()
    room[fallback] = people
    given = np.full(people, -1, dtype=np.int64)
    waiting = np.arange(people)
    while len(waiting):
        wishes = np.where((room > 0)[:, None], net[:, waiting], -np.inf)
        wish = np.argmax(wishes, axis=0)
        best = wishes[wish, np.arange(len(waiting))]
        wishes[wish, np.arange(len(waiting))] = -np.inf
        loss = best - wishes.max(axis=0)
        order = np.lexsort((-loss, wish))
        sizes = np.bincount(wish, minlength=arms)
        first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        rank = np.empty(len(waiting), dtype=np.int64)
        rank[order] = np.arange(len(waiting)) - first[wish[order]]
        served = rank < room[wish]
        given[waiting[served]] = wish[served]
        room -= np.bincount(wish[served], minlength=arms)
        waiting = waiting[~served]
    return given


def _affordable(worth: FloatArray, arms: IntArray, cost: IntArray, budget: int, fallback: int) -> IntArray:
    """Send to the fallback whoever's arm brings least for its money, until the budget holds."""
    paid = cost[arms]
    over = int(paid.sum()) - budget
    if over <= 0:
        return arms
    people = np.flatnonzero(paid > 0)
    gain = (worth[arms[people], people] - worth[fallback, people]) / paid[people]
    order = people[np.argsort(gain, kind="stable")]
    needed = int(np.searchsorted(np.cumsum(paid[order]), over)) + 1
    out = arms.copy()
    out[order[:needed]] = fallback
    return out


def _checked(
    values: FloatArray,
    capacities: IntArray,
    fallback: int,
    eligible: BoolArray | None,
    costs: IntArray | None,
    budget: int | None,
) -> tuple[FloatArray, IntArray]:
    """Values arms first, -inf where not eligible, and costs; or the rule that is broken."""
    people, arms = values.shape
    if capacities.shape != (arms,) or (costs is not None and np.shape(costs) != (arms,)):
        raise ArraySizeError(f"capacities and costs must have one entry for each of {arms} arms", value=arms)
    if not np.isfinite(values).all():
        raise NotFiniteError("a value is missing or infinite; use the mask for arms that are not eligible")
    if np.any(capacities < 0) or not 0 <= fallback < arms or capacities[fallback] < people:
        raise BanditParameterError(
            f"capacities must be 0 or more, and doing nothing (arm {fallback}) must hold all {people} people",
            value=fallback,
        )
    cost = np.zeros(arms, dtype=np.int64) if costs is None else np.asarray(costs, dtype=np.int64)
    if np.any(cost < 0) or cost[fallback] != 0 or (budget is not None and budget < 0):
        raise BanditParameterError(
            "costs and budget must be 0 or more, and doing nothing must be free", value=budget
        )
    worth = np.ascontiguousarray(values.T, dtype=np.float64)
    if eligible is not None:
        if eligible.shape != values.shape:
            raise ArraySizeError(f"mask {eligible.shape} must be {values.shape}", value=eligible.shape)
        if not eligible[:, fallback].all():
            row = int(np.argmin(eligible[:, fallback]))
            raise NoEligibleArmError(f"row {row}: doing nothing must stay eligible", value=row)
        worth = np.where(eligible.T, worth, -np.inf)
    return worth, cost
