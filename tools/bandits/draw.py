"""One uniform number per choice, found again from seed and position alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from tools.bandits.errors import BanditParameterError, NotFiniteError
from tools.bandits.ridge import FloatArray, IntArray

CHOICE_STREAM = 0
ORDER_STREAM = 1
HOLDOUT_STREAM = 2


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
    cuts = np.flatnonzero(np.diff(where) != 1) + 1
    bounds = [0, *cuts.tolist(), len(where)]
    for start, stop in pairwise(bounds):
        if stop > start:
            words = np.random.Philox(key=key, counter=int(where[start])).random_raw(4 * (stop - start))[::4]
            out[start:stop] = (words >> np.uint64(11)) * 2.0**-53
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
    if not np.isfinite(p).all() or np.any(p < 0):
        raise NotFiniteError("probabilities must be finite and 0 or more")
    over = np.cumsum(p, axis=1) > np.atleast_1d(u)[:, None]
    last = p.shape[1] - 1 - np.argmax(p[:, ::-1] > 0, axis=1)
    return np.asarray(np.where(over.any(axis=1), np.argmax(over, axis=1), last), dtype=np.int64)
