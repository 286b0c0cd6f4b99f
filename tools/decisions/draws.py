"""Several different items for one request: successive draws, each with the exact probabilities it was made with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from tools.bandits.chooser import Choice, Chooser
from tools.bandits.draw import CHOICE_STREAM, replay, uniforms
from tools.bandits.policy import BoolArray
from tools.bandits.projection import ShareBounds

INTERCEPT: Final = np.ones(1)
OPTIMISED, RANDOM_CONTROL, HOLDOUT = "optimised", "random_control", "holdout"


class Shares(NamedTuple):
    """Which share of people is held out, and which gets an eligible item at random."""

    holdout: float
    random_control: float


def group_of(collection_id: str, seed: int, person_id: str, shares: Shares) -> str:
    """Return the group of a person in a collection: the same for ever, by hash of all three."""
    digest = hashlib.sha256(f"{collection_id}:{seed}:{person_id}".encode()).digest()
    place = int.from_bytes(digest[:7], "big") / 2**56
    if place < shares.holdout:
        return HOLDOUT
    return RANDOM_CONTROL if place < shares.holdout + shares.random_control else OPTIMISED


def draw_different(
    chooser: Chooser,
    eligible: BoolArray,
    costs: np.ndarray[tuple[int], np.dtype[np.int64]],
    count: int,
    position: Callable[[], int],
    nothing: int | None,
) -> list[Choice]:
    """Draw up to `count` different arms out of `eligible` (K,), one after another.

    Each draw is exact given the ones before: an arm that was drawn is closed to the next. The arm `nothing` ends it,
    and is open to the first draw only. Probabilities, u and position of every draw are in its Choice.
    """
    mask, made = eligible.copy(), list[Choice]()
    while len(made) < count and mask.any():
        choice = chooser.choose(INTERCEPT, mask.copy(), costs, position())
        made.append(choice)
        if choice.arm_index == nothing:
            break
        mask[choice.arm_index] = False
        if nothing is not None:
            mask[nothing] = False
    return made


def replays(seed: int, position: int, u: float, probabilities: list[float], arm: int) -> bool:
    """Whether seed and position give the logged u, and p and u the logged arm, bit for bit."""
    again = uniforms(seed, np.array([position]), CHOICE_STREAM)
    return bool(again[0] == u and replay(np.array([probabilities]), again)[0] == arm)


def bounds_of(exploration_share: float, minimum_arm_probability: float, arms: tuple[str, ...]) -> ShareBounds:
    """Return the bounds of a collection's shares; InfeasibleSharesError where they cannot hold for any mask."""
    bounds = ShareBounds(exploration_share, minimum_arm_probability)
    bounds.check(arms, arms)
    return bounds
