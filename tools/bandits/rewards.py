"""What a choice is rewarded for, declared per campaign by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.errors import InvalidInputError

FloatArray = NDArray[np.float64]


class Outcomes(NamedTuple):
    """Observed outcomes, each (n,): visits and conversions 0 or 1, spend and costs in minor units.

    `incentive_cost_minor` is what the incentive of the arm cost this time: nothing where it was not redeemed.
    """

    visit: FloatArray
    conversion: FloatArray
    spend_minor: FloatArray
    message_cost_minor: FloatArray
    incentive_cost_minor: FloatArray | float = 0.0


class Reward(NamedTuple):
    """`of` returns (n,) rewards from outcomes and the gross margin (0 to 1)."""

    reward_id: str
    unit: str
    of: Callable[[Outcomes, float], FloatArray]


REWARDS: Mapping[str, Reward] = {
    reward.reward_id: reward
    for reward in (
        Reward("visit", "visits", lambda seen, _: seen.visit),
        Reward("conversion", "conversions", lambda seen, _: seen.conversion),
        Reward("revenue", "minor", lambda seen, _: seen.spend_minor),
        Reward(
            "contribution",
            "minor",
            lambda seen, margin: (
                seen.spend_minor * margin - seen.incentive_cost_minor - seen.message_cost_minor
            ),
        ),
    )
}
_OF_KPI = {
    "visits": "visit",
    "clicks": "visit",
    "purchases": "conversion",
    "conversion_rate": "conversion",
    "repeat_purchase_rate": "conversion",
    "revenue": "revenue",
    "aov": "revenue",
    "margin": "contribution",
}


def reward_named(reward_id: str) -> Reward:
    """Return a reward of the registry; InvalidInputError names the known ones."""
    if reward_id not in REWARDS:
        raise InvalidInputError(
            f"there is no reward {reward_id!r}; choose one of {', '.join(REWARDS)}", value=reward_id
        )
    return REWARDS[reward_id]


def reward_for_kpi(kpi: str | None) -> str:
    """Return the reward that stands for a KPI; without one, incremental contribution."""
    return _OF_KPI.get(kpi or "", "contribution")
