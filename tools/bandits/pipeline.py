"""From people to chosen arms: mask, scores, price, probabilities, share bounds, one draw, one log."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from tools.bandits.choice_batch import ChoiceBatch
from tools.bandits.draw import CHOICE_STREAM, replay, uniforms
from tools.bandits.errors import ArraySizeError, BanditParameterError
from tools.bandits.policy import BanditPolicy, BoolArray, check_eligible
from tools.bandits.pricing import Outlook, Price, price_for_budget, shares_at_price
from tools.bandits.projection import ShareBounds
from tools.bandits.ridge import FloatArray, IntArray
from tools.bandits.scorer import Scorer


@dataclass(frozen=True)
class Budget:
    """Money left for this batch and all after it, in minor units, and who is still to come.

    `price` fixes the dual price (one request at a time between two computations); else it follows from
    `outlook`; with neither the price is 0 and only the mask of a short reservation guards the money.
    """

    left_minor: int
    outlook: Outlook | None = None
    price: float | None = None

    def __post_init__(self) -> None:
        if self.left_minor < 0:
            raise BanditParameterError(
                f"budget left {self.left_minor} must be 0 or more", value=self.left_minor
            )


def choose(
    posterior: Scorer,
    features: FloatArray,
    eligible: BoolArray,
    costs: IntArray,
    policy: BanditPolicy,
    bounds: ShareBounds,
    seed: int,
    positions: IntArray,
    budget: Budget | None = None,
) -> ChoiceBatch:
    """Choose one arm for each person, in the given (seeded) order.

    features (N, d); eligible (N, K) bool, doing nothing always in; costs (N, K) or (K,) minor units, 0 or more;
    positions (N,) the people's places in the seeded order of the whole campaign. The same people at the same
    price and money give the same choices in one batch or one by one.
    """
    people, arms = eligible.shape
    cost = _checked_costs(costs, people, arms)
    if len(positions) != people or len(features) != people:
        raise ArraySizeError(
            f"{people} masks, {len(features)} feature rows and {len(positions)} positions must agree",
            value=people,
        )
    scores = posterior.predict(features)
    check_eligible(scores, eligible)
    price = _price(posterior, policy, bounds, budget)
    deviations = np.sqrt(posterior.variances(features)) if policy.needs_deviations else None
    u = uniforms(seed, positions)
    drawn = _draw_in_order(
        _Rows(posterior, policy, bounds, scores, deviations, cost, eligible, u, price.per_minor_unit),
        None if budget is None else budget.left_minor,
    )
    return ChoiceBatch(
        arms=posterior.arms,
        positions=np.asarray(positions, dtype=np.int64),
        eligible=eligible,
        open_arms=drawn.open_arms,
        scores=scores,
        adjusted=scores if price.per_minor_unit == 0 else scores - price.per_minor_unit * cost,
        probabilities=drawn.probabilities,
        u=u,
        arm_index=drawn.arm_index,
        costs=cost,
        left_before=drawn.left_before,
        price=price.per_minor_unit,
        price_binds=price.binds,
        seed=seed,
        stream=CHOICE_STREAM,
        policy_id=policy.policy_id,
        policy_parameters=json.dumps(policy.parameters(), sort_keys=True),
        bounds=json.dumps(
            [bounds.exploration_share, bounds.minimum_arm_probability, sorted(bounds.maximum.items())]
        ),
        state_digest=posterior.state_digest,
    )


@dataclass(frozen=True)
class _Rows:
    posterior: Scorer
    policy: BanditPolicy
    bounds: ShareBounds
    scores: FloatArray
    deviations: FloatArray | None
    costs: IntArray
    eligible: BoolArray
    u: FloatArray
    price: float

    def probabilities(self, rows: slice, open_arms: BoolArray) -> FloatArray:
        deviations = None if self.deviations is None else self.deviations[rows]
        _, p = shares_at_price(
            self.posterior,
            self.policy,
            self.bounds,
            self.scores[rows],
            deviations,
            self.costs[rows],
            open_arms,
            self.price,
        )
        return p


@dataclass(frozen=True)
class _Drawn:
    open_arms: BoolArray
    probabilities: FloatArray
    arm_index: IntArray
    left_before: IntArray


def _draw_in_order(rows: _Rows, left: int | None) -> _Drawn:
    """Draw people one after another, each seeing only the arms that the money left before them can pay.

    Vectorised in spans: a span is drawn under the mask of its first person; money only falls, so the draws hold
    up to the first person for whom that mask has become too generous, and the next span starts there.
    """
    if left is None:
        p = rows.probabilities(slice(None), rows.eligible)
        unlimited = np.full(len(rows.u), -1, dtype=np.int64)
        return _Drawn(rows.eligible, p, replay(p, rows.u), unlimited)
    people = len(rows.u)
    out = _Drawn(
        rows.eligible.copy(),
        np.zeros(rows.eligible.shape),
        np.zeros(people, dtype=np.int64),
        np.full(people, -1, dtype=np.int64),
    )
    start, span = 0, max(people, 1)
    while start < people:
        part = slice(start, min(start + span, people))
        open_arms = rows.eligible[part] & (rows.costs[part] <= left)
        p = rows.probabilities(part, open_arms)
        arm = replay(p, rows.u[part])
        paid = rows.costs[part][np.arange(len(arm)), arm]
        before = left - np.concatenate([[0], np.cumsum(paid)[:-1]])
        short = (open_arms & (rows.costs[part] > before[:, None])).any(axis=1)
        good = int(np.argmax(short)) if short.any() else len(arm)
        out.left_before[start : start + good] = before[:good]
        left -= int(paid[:good].sum())
        kept = slice(start, start + good)
        out.open_arms[kept], out.probabilities[kept], out.arm_index[kept] = (
            open_arms[:good],
            p[:good],
            arm[:good],
        )
        span = span * 2 if good == len(arm) else max(span // 2, 1)
        start += good
    return out


def _price(posterior: Scorer, policy: BanditPolicy, bounds: ShareBounds, budget: Budget | None) -> Price:
    if budget is None:
        return Price(0.0, 0.0, False)
    if budget.price is not None:
        if not np.isfinite(budget.price) or budget.price < 0:
            raise BanditParameterError(f"price {budget.price} must be 0 or more", value=budget.price)
        return Price(budget.price, 0.0, budget.price > 0)
    if budget.outlook is None:
        return Price(0.0, 0.0, False)
    return price_for_budget(posterior, policy, bounds, budget.outlook, budget.left_minor)


def _checked_costs(costs: IntArray, people: int, arms: int) -> IntArray:
    given = np.asarray(costs)
    if not np.issubdtype(given.dtype, np.integer) or np.any(given < 0):
        raise BanditParameterError("costs must be whole minor units, 0 or more", value=given.dtype)
    if given.shape not in ((arms,), (people, arms)):
        raise ArraySizeError(
            f"costs of shape {given.shape} must be ({arms},) or ({people}, {arms})", value=given.shape
        )
    return np.broadcast_to(given.astype(np.int64, copy=False), (people, arms))
