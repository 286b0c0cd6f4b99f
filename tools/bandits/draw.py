"""One uniform number per choice, found again from seed and position alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tools.bandits.errors import BanditParameterError, NotFiniteError
from tools.bandits.ridge import IntArray
from tools.bandits.tiles import FloatArray, block_rows

CHOICE_STREAM = 0
ORDER_STREAM = 1
HOLDOUT_STREAM = 2
_BLOCK = 8192


def uniforms(seed: int, positions: IntArray, stream: int = CHOICE_STREAM) -> FloatArray:
    """The number in [0, 1) that belongs to each position: (N,) -> (N,), any subset alike.

    Philox 4x64 (Salmon et al. 2011) keyed by (seed, stream), its counter the position; the first of its four
    words is used, its upper 53 bits.
    """
    where = np.atleast_1d(np.asarray(positions, dtype=np.int64))
    if not 0 <= seed < 2**64:
        raise BanditParameterError(f"seed {seed} must be 0 to 2**64 - 1", value=seed)
    if len(where) and where.min() < 0:
        raise BanditParameterError(f"position {where.min()} must be 0 or more", value=where.min())
    key = np.array([seed, stream], dtype=np.uint64)
    out = np.empty(len(where))
    apart = where[1:] - where[:-1] != 1
    bounds = [0, *(np.flatnonzero(apart) + 1).tolist(), len(where)] if apart.any() else [0, len(where)]
    for start, stop in pairwise(bounds):
        if stop > start:
            source = np.random.Philox(key=key, counter=int(where[start]))
            for first in range(start, stop, _BLOCK):
                last = min(first + _BLOCK, stop)
                words = source.random_raw(4 * (last - first))[::4]
                np.multiply(words >> np.uint64(11), 2.0**-53, out=out[first:last])
    return out


def seeded_order(people: int, seed: int) -> IntArray:
    """The order in which people are chosen for: a permutation of 0..people-1 that only the seed decides."""
    return np.asarray(
        np.argsort(uniforms(seed, np.arange(people), ORDER_STREAM), kind="stable"), dtype=np.int64
    )


def held_out(people: int, seed: int, share: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each person is in the holdout: exactly round(share * people) of them, by seed."""
    if not 0 <= share < 1:
        raise BanditParameterError(f"holdout share {share} must be 0 or more and below 1", value=share)
    order = np.argsort(uniforms(seed, np.arange(people), HOLDOUT_STREAM), kind="stable")
    out = np.zeros(people, dtype=np.bool_)
    out[order[: round(share * people)]] = True
    return out


def replay(probabilities: FloatArray, u: FloatArray) -> IntArray:
    """The arm that logged probabilities (N, K) and uniforms (N,) decide: inverse cdf in arm order.

    An arm of probability 0 is never drawn; where rounding leaves u beyond the sum, the last possible arm is.
    """
    p = np.atleast_2d(probabilities)
    if p.size and not (p.min() >= 0 and p.max() < np.inf):
        raise NotFiniteError("probabilities must be finite and 0 or more")
    arm = _inverse_cdf(p, np.atleast_1d(u))
    beyond = np.flatnonzero(arm == p.shape[1])
    if len(beyond):
        arm[beyond] = p.shape[1] - 1 - np.argmax(p[beyond, ::-1] > 0, axis=1)
    return arm


def _inverse_cdf(p: FloatArray, u: FloatArray) -> IntArray:
    """How many arms, in order, end at or below u; the sums are those of a plain cumulative sum, however made."""
    if len(p) < p.shape[1] or p.shape[1] >= 2**16:
        return np.asarray(np.count_nonzero(np.cumsum(p, axis=1) <= u[:, None], axis=1), dtype=np.int64)
    # counted in bytes while they suffice: a bool added to an int64 would be converted first
    small = np.uint8 if p.shape[1] < 256 else np.uint16
    out = np.empty(len(p), dtype=np.int64)
    block = block_rows(p.shape[1])
    for start in range(0, len(p), block):
        rows = slice(start, start + block)
        part, mine = p[rows], u[rows]
        end, arm = np.zeros(len(part)), np.zeros(len(part), dtype=small)
        for k in range(p.shape[1]):
            end += part[:, k]
            np.add(arm, np.less_equal(end, mine).view(np.uint8), out=arm)
        out[rows] = arm
    return out
