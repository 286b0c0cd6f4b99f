"""Minimum and maximum shares of arms, held together for every person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from operator import ge, gt

import numpy as np
from numpy.typing import NDArray

from tools.bandits.errors import ArraySizeError, InfeasibleSharesError
from tools.bandits.policy import BoolArray, check_eligible, check_range
from tools.bandits.tiles import FloatArray, arm_sum, pick_rows, sum_in_order

_TOLERANCE = 1e-12
_CLOSE = 1e-13
_STEPS = 200


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
    whole = bool(eligible.all())
    if whole:
        low, high = bounds.arrays(arms, np.ones((1, len(arms)), dtype=np.bool_))
        out = probabilities
    else:
        low, high = bounds.arrays(arms, eligible)
        out = np.where(eligible, probabilities, 0.0)
    _check_rows(low, high)
    if bounds.maximum:
        found = np.clip(out, low, high)
        return _solved(out, found, np.zeros((len(out), 1)), low, high, capped=True)
    return _lifted(out, low, high, whole)


def _lifted(p: FloatArray, low: FloatArray, high: FloatArray, whole: bool) -> FloatArray:
    """Projection under minimum shares alone, the same for every eligible arm of a row.

    Starts where only the likeliest arm pays for the others' floors, which is right for most people; the shift can
    only be lower than that, and lower than 0.
    """
    floor = low.max(axis=1, keepdims=True)
    broken = p.min(axis=1, keepdims=True) < floor if whole else (p < low).any(axis=1, keepdims=True)
    if not broken.any():
        return p
    alone = 1.0 - (arm_sum(low) - floor) - p.max(axis=1, keepdims=True)
    shift = np.where(broken, np.minimum(alone, 0.0), 0.0)
    found = p + shift
    # the floor of an arm that is not eligible is 0, and so it stays
    np.maximum(found, floor if whole else low, out=found)
    return _solved(p, found, shift, low, high, capped=False)


def _check_rows(low: FloatArray, high: FloatArray) -> None:
    bad = (low.sum(axis=1) > 1 + _TOLERANCE) | (high.sum(axis=1) < 1 - _TOLERANCE) | (low > high).any(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise InfeasibleSharesError(
            f"row {row}: minimum shares sum to {low[row].sum():g}, maximum to {high[row].sum():g}; 1 must lie "
            "between and no minimum above its maximum",
            value=row,
        )


def _solved(
    p: FloatArray, found: FloatArray, shift: FloatArray, low: FloatArray, high: FloatArray, capped: bool
) -> FloatArray:
    """clip(p + shift, low, high) with the one shift per row that sums to 1, `found` made with the first guess.

    The sum is piecewise linear in the shift, and Newton's step from a piece is exact once it is the right one (Michelot
    1986). Without ceilings the shift only falls; with them a step that leaves its bracket is halved. Each row stops by
    itself, so it ends at the same bits in any company.
    """
    excess = arm_sum(found) - 1.0
    rows = np.flatnonzero(np.abs(excess) > _CLOSE)
    if not len(rows):
        return found
    excess, shift, mine, now = excess[rows], shift[rows], pick_rows(p, rows), pick_rows(found, rows)
    least, most = _picked(low, rows), _picked(high, rows)
    below, above = np.full_like(shift, -1.0), np.ones_like(shift)
    for _ in range(_STEPS):
        inside = now > least
        if capped:
            inside &= now < most
            below, above = np.where(excess < 0, shift, below), np.where(excess > 0, shift, above)
        free = np.add.reduce(inside.view(np.int8), axis=1, keepdims=True, dtype=np.int32)
        shift = shift - excess / np.maximum(free, 1)
        if capped:
            away = (free == 0) | (shift < below) | (shift > above)
            shift = np.where(away, (below + above) / 2, shift)
        now = _clipped(mine + shift, least, most, capped)
        excess = arm_sum(now) - 1.0
        open_rows = np.abs(excess[:, 0]) > _CLOSE
        left, solved = np.flatnonzero(open_rows), np.flatnonzero(~open_rows)
        found.T[:, rows[solved]] = pick_rows(now, solved).T
        if not len(left):
            return found
        rows, excess, shift, below, above = rows[left], excess[left], shift[left], below[left], above[left]
        mine, now = pick_rows(mine, left), pick_rows(now, left)
        least, most = _picked(least, left), _picked(most, left)
    found.T[:, rows] = now.T
    return found


def _clipped(p: FloatArray, low: FloatArray, high: FloatArray, capped: bool) -> FloatArray:
    lifted = np.maximum(p, low)
    return np.minimum(lifted, high, out=lifted) if capped else lifted


def _picked(bound: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
    return bound if len(bound) == 1 else pick_rows(bound, rows)


def lifted_single(p: list[float], low: list[float]) -> list[float]:
    """`project` for one person under minimum shares alone, in plain floats and to the last bit."""
    floor = max(low)
    if all(map(ge, p, low)):
        return p
    shift = min(1.0 - (sum_in_order(low) - floor) - max(p), 0.0)
    for _ in range(_STEPS):
        now = [max(share + shift, least) for share, least in zip(p, low, strict=True)]
        excess = sum_in_order(now) - 1.0
        if abs(excess) <= _CLOSE:
            break
        shift -= excess / max(sum(map(gt, now, low)), 1)
    return now
