"""In which order a launch reaches its people, and which group each is in: both follow from the seed alone.

Places come from a hash of the person's id, not from a position in a list, so that deleting somebody moves nobody into
another group.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from policies.proposal import Content

HOLDOUT = "holdout"
RANDOM_CONTROL = "random_control"
OPTIMISED = "optimised"


class Ordered(NamedTuple):
    """Everybody of an audience in seeded order, each (n,): person ids and groups."""

    person_ids: NDArray[np.str_]
    groups: NDArray[np.str_]

    def part(self, first: int, people: int) -> Ordered:
        """The people at places [first, first + people)."""
        return Ordered(self.person_ids[first : first + people], self.groups[first : first + people])


def order_people(person_ids: NDArray[np.str_], content: Content) -> Ordered:
    """Put people in seeded order and into groups of exactly the shares of the experiment."""
    seed = content.number(content.bandit.seed)
    ids = np.sort(person_ids)
    ranks = _ranks(seed, ids)
    order = np.argsort(ranks[:, 0], kind="stable")
    ids, by_chance = ids[order], np.argsort(ranks[order, 1], kind="stable")
    groups = np.full(len(ids), OPTIMISED, dtype="<U32")
    start = 0
    for group in content.experiment.groups:
        if group.id == OPTIMISED:
            continue
        size = round(Decimal(content.text(group.share)) * len(ids))
        groups[by_chance[start : start + size]] = group.id
        start += size
    return Ordered(ids, groups)


def _ranks(seed: int, person_ids: NDArray[np.str_]) -> NDArray[np.uint64]:
    """Two numbers (n, 2) per person, for order and group, that only seed and id decide: halves of a 16-byte hash."""
    head = hashlib.blake2b(f"countersign:{seed}:".encode(), digest_size=16)
    digests = []
    for person_id in person_ids.tolist():
        one = head.copy()
        one.update(person_id.encode())
        digests.append(one.digest())
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64).reshape(-1, 2)
