"""Which offers of a collection a person may get at a placement, and by which rule the others may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from delivery.decisions.catalogue import Catalogue, Collection
from policies.managed import Cap
from tools.audience.matching import BoolArray
from tools.decisions.fields import Known


class Excluded(NamedTuple):
    """An item that could not be chosen: the rule that kept it out, and why in words."""

    item: str
    rule: str
    reason: str


class CapUse(NamedTuple):
    """One cap of one offer as it counts for one person now."""

    cap: Cap
    subject: str


class Cell:
    """One collection at one placement for n people: what is decided alike for all, and each rule once for all of them."""

    def __init__(
        self,
        catalogue: Catalogue,
        collection: Collection,
        placement: str,
        people: Sequence[Known],
        at: datetime,
    ) -> None:
        self.collection = collection
        self._fixed = [self._closed(k, placement, at) for k in range(len(collection.arms))]
        names = {rule for offer in collection.offers if offer for rule in offer.body.rules}
        self._rules = {name: catalogue.rules[name] for name in names if name in catalogue.rules}
        self._holds: Mapping[str, BoolArray] = {
            name: rule.holds(people, at.date()) for name, rule in self._rules.items()
        }

    def row(self, number: int) -> tuple[BoolArray, list[Excluded]]:
        """Return which arms (K,) one of the people may get by rules alone, and why not the others."""
        mask = np.ones(len(self.collection.arms), dtype=np.bool_)
        out: list[Excluded] = []
        for k, fixed in enumerate(self._fixed):
            found = fixed or self._by_rule(k, number)
            if found is not None:
                mask[k] = False
                out.append(found)
        return mask, out

    def _closed(self, k: int, placement: str, at: datetime) -> Excluded | None:
        if k == self.collection.nothing:
            return None
        item, served = self.collection.arms[k], self.collection.offers[k]
        if served is None:
            return Excluded(item, "version.not_live", "no version of it is approved and live")
        body = served.body
        if placement not in body.content:
            return Excluded(item, "placement.no_content", f"it has nothing to show at {placement}")
        if body.starts_at is not None and at < body.starts_at:
            return Excluded(item, "offer.not_begun", f"it begins on {body.starts_at.isoformat()}")
        if body.ends_at is not None and at >= body.ends_at:
            return Excluded(item, "offer.ended", f"it ended on {body.ends_at.isoformat()}")
        return None

    def _by_rule(self, k: int, number: int) -> Excluded | None:
        served = self.collection.offers[k]
        for name in served.body.rules if served is not None else ():
            rule = self._rules.get(name)
            if rule is None:
                return Excluded(
                    self.collection.arms[k], f"eligibility.{name}", "its rule is not approved and live"
                )
            if not self._holds[name][number]:
                return Excluded(self.collection.arms[k], f"eligibility.{name}", f"it is for: {rule.words}")
        return None


def caps_of(collection: Collection, k: int, person_id: str, at: datetime) -> list[CapUse]:
    """Return the caps of an arm, each with the subject that it counts under now.

    Windows are counted in whole days of UTC from 1 January 1970.
    """
    served = collection.offers[k]
    if served is None or not served.body.caps:
        return []
    days = int(at.timestamp()) // 86_400
    uses = []
    for cap in served.body.caps:
        who = person_id if cap.scope == "person" else "*"
        window = "ever" if cap.every_days is None else f"{cap.every_days}d{days // cap.every_days}"
        uses.append(CapUse(cap, f"cap:{collection.arms[k]}:{cap.cap_id}:{who}:{window}"))
    return uses
