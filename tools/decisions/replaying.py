"""A logged choice drawn again: from seed and position the uniform number, from probabilities and that the arm.

Logged probabilities stand: none is ever replaced. Besides the draw they are held against the guardrails, and against what
the bandit policy makes of the logged scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tools.bandits.draw import replay, uniforms
from tools.bandits.policy import Belief
from tools.bandits.projection import ShareBounds, project
from tools.bandits.registry import make_policy

_CLOSE = 1e-12


class ReplayedChoice(NamedTuple):
    """What agrees of one logged choice; None where the log does not hold what is needed, or nothing was drawn.

    `uniform`: seed, stream and position give the logged u. `arm`: p and u give the logged arm. `sum_is_one` and
    `bounds`: p sums to 1 within 1e-12, closed arms have 0, open ones no less than the minimum. `probabilities`: the
    bandit policy gives exactly p for the logged scores.
    """

    choice_id: str
    rank: int
    item: str | None
    fallback: str | None
    propensity: float | None
    uniform: bool | None
    arm: bool | None
    sum_is_one: bool | None
    bounds: bool | None
    probabilities: bool | None

    @property
    def replays(self) -> bool:
        """Whether nothing disagrees."""
        return False not in (self.uniform, self.arm, self.sum_is_one, self.bounds, self.probabilities)


def replay_choice(choice_id: str, record: Mapping[str, Any]) -> ReplayedChoice:
    """Replay the record of one choice, as JSON."""
    if "p" not in record:
        return ReplayedChoice(
            choice_id, record["rank"], None, record["fallback"], None, None, None, None, None, None
        )
    p = np.array([record["p"]], dtype=np.float64)
    u = uniforms(record["seed"], np.array([record["position"]]), record["stream"])
    is_open = np.zeros(p.shape, dtype=np.bool_)
    is_open[0, record["open"]] = True
    exploration, minimum = record["bounds"]
    floor = max(exploration / max(int(is_open.sum()), 1), minimum)
    return ReplayedChoice(
        choice_id,
        record["rank"],
        record["item"],
        record["fallback"],
        float(p[0, record["arm"]]),
        bool(u[0] == record["u"]),
        bool(replay(p, np.array([record["u"]]))[0] == record["arm"]),
        bool(abs(float(p.sum()) - 1.0) <= _CLOSE),
        bool((p[~is_open] == 0).all() and (p[is_open] >= floor - _CLOSE).all()),
        _follows(record, p, is_open, ShareBounds(exploration, minimum)),
    )


def _follows(
    record: Mapping[str, Any], p: np.ndarray, is_open: np.ndarray, bounds: ShareBounds
) -> bool | None:
    policy = make_policy(record["policy"], record["parameters"])
    known = "observations" in record and (not policy.needs_deviations or "deviations" in record)
    if not known:
        return None
    wide = np.array([record["deviations"]]) if policy.needs_deviations else None
    scores = np.array([record["scores"]]) - record["price"] * np.array([record["costs"]])
    belief = Belief(scores, wide, record["observations"], record["noise"])
    again = project(policy.probabilities(belief, is_open), is_open, bounds, tuple(record["arms"]))
    return bool(np.array_equal(again, p))
