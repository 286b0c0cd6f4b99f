"""Taking messages in order: contacts of a person, money and send keys as they are used up along a batch."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

_BOUNDLESS: Final = int(np.iinfo(np.int64).max)


class Batch(NamedTuple):
    """What counting needs to know about n messages in order; arrays (n,).

    `reached`: no earlier layer objects. `passes`: no layer without counting objects. `room`: how many more
    contacts the caps leave the person, None = no cap. `left` in minor units, None = no budget.
    """

    reached: BoolArray
    passes: BoolArray
    person: IntArray
    room: IntArray | None
    cost: IntArray
    left: int | None
    key: IntArray


class Settled(NamedTuple):
    """For each message (n,) what the messages sent before it in the batch have used up."""

    contacts_before: IntArray
    left_before: IntArray
    repeated: BoolArray


def settle(batch: Batch) -> Settled:
    """Work out the contacts, money and send keys used before each message, taking messages in order.

    A message is sent when it is reached and passes, its person has room after the contacts before, its cost is
    at most what is left and its key was not sent before. Where no capped person and no key comes twice, arrays
    do the work; else one pass over the messages, because each sending then depends on those before it.
    """
    capped_twice = batch.room is not None and _has_repeats(batch.person[batch.reached])
    if capped_twice or _has_repeats(batch.key[batch.reached]):
        return _settle_one_by_one(batch)
    n = len(batch.key)
    no_contacts, no_repeats = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    if batch.left is None:
        return Settled(no_contacts, np.full(n, _BOUNDLESS), no_repeats)
    candidates = batch.reached & batch.passes
    if batch.room is not None:
        candidates &= batch.room > 0
    spent = np.zeros(n, dtype=np.int64)
    paid = np.where(fitting(batch.cost[candidates], batch.left), batch.cost[candidates], 0)
    spent[candidates] = paid
    return Settled(no_contacts, batch.left - (np.cumsum(spent) - spent), no_repeats)


def fitting(cost: IntArray, left: int) -> BoolArray:
    """Decide which messages (n,) are paid for when taken in order: each whose cost is at most what is left.

    One too dear is passed over and a cheaper one after it may still fit. Each round of the loop passes over at
    least the dearest cost that no longer fits, so there are at most as many rounds as distinct costs.
    """
    fits = np.zeros(len(cost), dtype=np.bool_)
    # Costs beyond all money are cut so that their sum cannot overflow.
    cost = np.minimum(cost, left + 1)
    pending = np.flatnonzero(cost <= left)
    while len(pending):
        total = np.cumsum(cost[pending])
        paid = int(np.searchsorted(total, left, side="right"))
        fits[pending[:paid]] = True
        left -= int(total[paid - 1]) if paid else 0
        rest = pending[paid:]
        pending = rest[cost[rest] <= left]
    return fits


def open_costs(persons: int, costs: IntArray, left: int | None) -> BoolArray:
    """Decide which arms (K costs) are open for each of n persons in order: a mask (n, K).

    An arm is open where it fits what is left after every person before has taken the dearest arm open to them.
    """
    mask = np.zeros((persons, len(costs)), dtype=np.bool_)
    row, remaining = 0, left
    for cost in sorted(set(costs.tolist()), reverse=True):
        waiting = persons - row
        count = waiting if remaining is None or cost == 0 else min(remaining // cost, waiting)
        mask[row : row + count] = costs <= cost
        row += count
        if remaining is not None:
            remaining -= count * cost
    return mask


def _settle_one_by_one(batch: Batch) -> Settled:
    n = len(batch.key)
    contacts_before, repeated = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.bool_)
    left_before = np.full(n, _BOUNDLESS, dtype=np.int64)
    left = _BOUNDLESS if batch.left is None else batch.left
    contacts: dict[int, int] = {}
    keys: set[int] = set()
    person, cost, key = batch.person.tolist(), batch.cost.tolist(), batch.key.tolist()
    room = [_BOUNDLESS] * n if batch.room is None else batch.room.tolist()
    passes = batch.passes.tolist()
    for i in np.flatnonzero(batch.reached).tolist():
        before = contacts.get(person[i], 0)
        contacts_before[i], left_before[i], repeated[i] = before, left, key[i] in keys
        if passes[i] and before < room[i] and cost[i] <= left and key[i] not in keys:
            contacts[person[i]] = before + 1
            keys.add(key[i])
            if batch.left is not None:
                left -= cost[i]
    return Settled(contacts_before, left_before, repeated)


def _has_repeats(values: IntArray) -> bool:
    return len(values) > 1 and len(np.unique(values)) < len(values)
