"""Purchases as recommenders read them: who bought what how many days ago, each person, item and day once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tools.recommend.errors import PurchasesError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Purchases:
    """Purchases before a day: row r says person `person[r]` bought item `item[r]`, `age[r]` (1 or more) days before it.

    `people` and `items` are sorted ids; a person who bought an item twice on one day counts once.
    """

    people: NDArray[np.str_]
    items: NDArray[np.str_]
    person: IntArray
    item: IntArray
    age: IntArray

    @property
    def shape(self) -> tuple[int, int]:
        """How many people and items there are."""
        return len(self.people), len(self.items)

    @cached_property
    def counts(self) -> csr_matrix:
        """On how many days each person bought each item, (people, items)."""
        return self.matrix(np.ones(len(self.age)))

    def matrix(self, weight: FloatArray) -> csr_matrix:
        """Sum of a weight a row by person and item, (people, items)."""
        from scipy.sparse import csr_matrix

        return csr_matrix((weight, (self.person, self.item)), shape=self.shape)

    def bought(self, newest: int, oldest: int | None = None) -> csr_matrix:
        """Who bought what more than `newest` and at most `oldest` days ago: 1 where so, (people, items)."""
        inside = self.age > newest
        if oldest is not None:
            inside &= self.age <= oldest
        found = self.matrix(inside.astype(np.float64))
        found.eliminate_zeros()
        found.data[:] = 1.0
        return found

    def faded(self, half_life_days: float) -> csr_matrix:
        """Purchases that count half as much for every `half_life_days` that they are old, (people, items)."""
        return self.matrix(np.exp2(-self.age / half_life_days))

    def popularity(self, half_life_days: float = 30.0) -> FloatArray:
        """How much each item is bought now, (items,), in faded purchases."""
        return np.asarray(self.faded(half_life_days).sum(axis=0), dtype=np.float64).ravel()


def purchases_of(person: Any, item: Any, day: Any, as_of: date) -> Purchases:
    """Take the purchases before `as_of`: person and item (n,) text ids, day (n,) dates; PurchasesError without any."""
    who, what = np.asarray(person, dtype=np.str_), np.asarray(item, dtype=np.str_)
    when = np.asarray(day, dtype="datetime64[D]")
    if not who.shape == what.shape == when.shape or who.ndim != 1:
        raise PurchasesError(
            f"{who.shape} people, {what.shape} items and {when.shape} days must be one of each a purchase",
            value=who.shape,
        )
    if np.isnat(when).any() or (who == "").any() or (what == "").any():
        raise PurchasesError("a purchase lacks its person, item or day; leave such rows out", value=None)
    before = when < np.datetime64(as_of, "D")
    if not before.any():
        raise PurchasesError(f"no purchase is before {as_of}; there is nothing to learn from", value=as_of)
    people, persons = np.unique(who[before], return_inverse=True)
    items, numbers = np.unique(what[before], return_inverse=True)
    ages = (np.datetime64(as_of, "D") - when[before]).astype(np.int64)
    once = np.unique(np.stack([persons, numbers, ages]), axis=1)
    return Purchases(people, items, once[0], once[1], once[2])
