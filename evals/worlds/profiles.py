"""A seeded world of profiles: consents, suppressions, contacts so far, time zones. No names: nobody is in it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
WORLD_PEOPLE: Final = 50_000
ZONES: Final = (
    "America/New_York", "Europe/Berlin", "Europe/London", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Chatham", "America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran",
    "UTC", "", "Mars/Olympus", "localtime", "America",
)  # fmt: skip
"""Half and quarter hours, changes of half an hour, both hemispheres; and names that are none."""
SAID: Final = ("nothing", "yes", "no")


class World(NamedTuple):
    """The profiles (n,): `said` is a place in SAID, `zone` a place in ZONES, contacts (n, 3) a day, week, month."""

    said: NDArray[np.int8]
    suppressed: BoolArray
    legal_block: BoolArray
    held_out: BoolArray
    eligible: BoolArray
    zone: NDArray[np.int8]
    contacts: IntArray


@lru_cache(maxsize=4)
def make_world(seed: int, people: int = WORLD_PEOPLE) -> World:
    """Return the world of a seed; the same seed makes the same people."""
    rng = np.random.default_rng([seed, people])
    day = rng.integers(0, 3, people)
    week = day + rng.integers(0, 3, people)
    month = week + rng.integers(0, 6, people)
    return World(
        said=rng.choice(3, people, p=[0.15, 0.75, 0.1]).astype(np.int8),
        suppressed=rng.random(people) < 0.05,
        legal_block=rng.random(people) < 0.02,
        held_out=rng.random(people) < 0.1,
        eligible=rng.random(people) < 0.9,
        zone=rng.integers(0, len(ZONES), people).astype(np.int8),
        contacts=np.stack([day, week, month], axis=1),
    )
