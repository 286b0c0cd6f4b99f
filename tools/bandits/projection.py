"""Minimum and maximum shares of arms, held together for every person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from tools.bandits.errors import ArraySizeError, InfeasibleSharesError
from tools.bandits.policy import BoolArray, check_eligible, check_range, settled
from tools.bandits.ridge import FloatArray

_TOLERANCE = 1e-12


@dataclass(frozen=True)
class ShareBounds:
    """Bounds on each eligible arm's probability.

    `exploration_share` gives each of K eligible arms at least exploration_share / K; `minimum_arm_probability` is
    a floor on its own (for a promised readout); `maximum` caps single arms by name.
    """

    exploration_share: float = 0.02
    minimum_arm_probability: float = 0.0
    maximum: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_range("exploration_share", self.exploration_share, 0.0, 1.0)
        check_range("minimum_arm_probability", self.minimum_arm_probability, 0.0, 1.0)
        for arm, share in self.maximum.items():
            check_range(f"maximum share of {arm}", share, 0.0, 1.0)

    def check(self, arms: tuple[str, ...], always_eligible: Collection[str]) -> None:
        """Refuse at design time what cannot hold for every mask that keeps `always_eligible` (do nothing) in.

        The floor must fit with all arms in; the ceilings must leave room when only the arms in `always_eligible`
        remain, for instance once the budget is spent.
        """
        unknown = sorted(set(self.maximum) - set(arms))
        if unknown:
            raise InfeasibleSharesError(
                f"maximum share names {unknown[0]}, not an arm of {arms}", value=unknown[0]
            )
        floor = self.minimum_arm_probability
        if floor * len(arms) > 1 + _TOLERANCE:
            raise InfeasibleSharesError(
                f"{len(arms)} arms at minimum_arm_probability {floor} need {floor * len(arms):g} of 1; "
                f"lower it to {1 / len(arms):.3g} or use fewer arms",
                value=floor,
            )
        least = max(floor, self.exploration_share / len(arms))
        room = sum(self.maximum.get(arm, 1.0) for arm in always_eligible)
        tight = [arm for arm, share in self.maximum.items() if share < least]
        if tight or room < 1 - _TOLERANCE:
            raise InfeasibleSharesError(
                f"maximum shares leave {room:g} of 1 for the arms that are always open"
                + (f" and put {tight[0]} below its minimum {least:g}" if tight else "")
                + "; raise a maximum, best of doing nothing",
                value=tight[0] if tight else room,
            )

    def arrays(self, arms: tuple[str, ...], eligible: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Lower and upper bounds (N, K) under a mask; both 0 where not eligible."""
        count = np.maximum(eligible.sum(axis=1), 1)[:, None]
        floor = np.maximum(self.exploration_share / count, self.minimum_arm_probability)
        top = np.array([self.maximum.get(arm, 1.0) for arm in arms])
        return np.where(eligible, floor, 0.0), np.where(eligible, top[None, :], 0.0)


def project(
    probabilities: FloatArray, eligible: BoolArray, bounds: ShareBounds, arms: tuple[str, ...]
) -> FloatArray:
    """The nearest probabilities (Euclid) that keep every bound: (N, K), 0 exactly where not eligible."""
    if probabilities.shape[1] != len(arms):
        raise ArraySizeError(
            f"{probabilities.shape[1]} columns for {len(arms)} arms", value=probabilities.shape
        )
    check_eligible(probabilities, eligible)
    low, high = bounds.arrays(arms, eligible)
    _check_rows(low, high)
    broken = ((probabilities < low) | (probabilities > high)).any(axis=1)
    out = np.where(eligible, probabilities, 0.0)
    if broken.any():
        nearest = _nearest(out[broken], low[broken], high[broken])
        out[broken] = _fill(nearest, low[broken], high[broken])
    return out if not len(out) else _exact(out, eligible)


def _check_rows(low: FloatArray, high: FloatArray) -> None:
    bad = (low.sum(axis=1) > 1 + _TOLERANCE) | (high.sum(axis=1) < 1 - _TOLERANCE) | (low > high).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InfeasibleSharesError(
            f"row {row}: minimum shares sum to {low[row].sum():g}, maximum to {high[row].sum():g}; 1 must lie "
            "between and no minimum above its maximum",
            value=row,
        )


def _nearest(p: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """clip(p + shift) with the one shift per row that sums to 1: piecewise linear, solved at its break points."""
    breaks = np.sort(np.concatenate([low - p, high - p], axis=1), axis=1)
    sums = np.stack(
        [_shifted(p, low, high, breaks[:, j]).sum(axis=1) for j in range(breaks.shape[1])], axis=1
    )
    rows = np.arange(len(p))
    right = np.clip((sums < 1.0).sum(axis=1), 1, breaks.shape[1] - 1)
    left = right - 1
    rise = sums[rows, right] - sums[rows, left]
    part = np.divide(1.0 - sums[rows, left], rise, out=np.zeros(len(p)), where=rise > 0)
    shift = breaks[rows, left] + np.clip(part, 0.0, 1.0) * (breaks[rows, right] - breaks[rows, left])
    return _shifted(p, low, high, shift)


def _shifted(p: FloatArray, low: FloatArray, high: FloatArray, shift: FloatArray) -> FloatArray:
    return np.clip(p + shift[:, None], low, high)


def _fill(p: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Give the rounding rest to the arm with most room on that side, so that no bound is touched by it."""
    rest = 1.0 - p.sum(axis=1)
    rows = np.arange(len(p))
    arm = np.where(rest >= 0, np.argmax(high - p, axis=1), np.argmax(p - low, axis=1))
    p[rows, arm] += rest
    return p


def _exact(p: FloatArray, eligible: BoolArray) -> FloatArray:
    far = np.abs(p.sum(axis=1) - 1.0) > _TOLERANCE
    return np.where(far[:, None], settled(p, eligible), p) if far.any() else p
