"""One ledger of reservations: reserve, then confirm or release, with an expiry.

It serves money, offer caps, contact caps and stock alike: whole units of one resource with one limit. Values go
in, values come out; the store commits them in a transaction of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from policies.contact import require_aware
from policies.errors import ConflictError, InvalidInputError, NotFoundError


class BudgetError(InvalidInputError):
    """A budget, cost or amount lies outside what can be meant."""

    code = "budget_invalid"


class BudgetShortError(ConflictError):
    """There is not enough left for this reservation."""

    code = "budget_short"


class ReservationNotFoundError(NotFoundError):
    """No reservation of this name is in the ledger."""

    code = "reservation_not_found"


class ReservationStateError(ConflictError):
    """The reservation has already been settled in another way."""

    code = "reservation_settled"


class ReservationState(StrEnum):
    """Where a reservation stands; expiry is read off the clock, not stored."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Units set aside under a name until they are used, given back or run out.

    `units` are what is set aside while held and what was really used once confirmed.
    """

    reservation_id: str
    units: int
    expires_at: datetime
    state: ReservationState = ReservationState.HELD

    def counts_at(self, now: datetime) -> bool:
        """Decide whether these units are taken: confirmed for good, or held and not yet run out."""
        if self.state is ReservationState.HELD:
            return now < self.expires_at
        return self.state is ReservationState.CONFIRMED


@dataclass(frozen=True, slots=True)
class Ledger:
    """One resource with a limit in whole units (money: minor units) and all its reservations by name."""

    resource: str
    limit: int
    reservations: tuple[Reservation, ...] = ()

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise BudgetError(
                f"The limit of {self.resource} is {self.limit}; it cannot be below zero.", value=self.limit
            )

    def taken(self, now: datetime) -> int:
        """Units used or held at this moment."""
        return sum(item.units for item in self.reservations if item.counts_at(now))

    def left(self, now: datetime) -> int:
        """Units still free at this moment; never below zero."""
        return max(self.limit - self.taken(now), 0)

    def find(self, reservation_id: str) -> Reservation | None:
        """The reservation of this name, if there is one."""
        return next((item for item in self.reservations if item.reservation_id == reservation_id), None)


def require_budget(amount_minor: int, currency: str) -> int:
    """Return a budget in minor units, or raise BudgetError when nothing could be spent."""
    if amount_minor <= 0:
        raise BudgetError(
            f"A budget of {amount_minor} {currency} minor units leaves nothing to spend; give an amount above zero.",
            value=amount_minor,
        )
    return amount_minor


def affordable(messages: int, cost_minor: int, left_minor: int) -> int:
    """Decide how many of `messages` can be paid at `cost_minor` each out of `left_minor` (all minor units).

    A message that costs nothing is always affordable. Raises BudgetError for a negative number.
    """
    for what, value in (
        ("messages", messages),
        ("cost of a message", cost_minor),
        ("money left", left_minor),
    ):
        if value < 0:
            raise BudgetError(f"The {what} is {value}; it cannot be below zero.", value=value)
    if cost_minor == 0:
        return messages
    return min(messages, left_minor // cost_minor)


def reserve(
    ledger: Ledger, reservation_id: str, units: int, *, now: datetime, expires_at: datetime
) -> Ledger:
    """Set units aside until `expires_at`, or raise BudgetShortError when fewer are left.

    The same name with the same units is the same reservation: the ledger comes back unchanged while it counts,
    and a reservation that ran out is taken up again if there is room. Another number of units, or a name that
    was released, raises ReservationStateError. Raises BudgetError for units or expiry that cannot be meant.
    """
    moment = require_aware(now, "The time of the reservation")
    expiry = require_aware(expires_at, "The expiry of the reservation")
    if units <= 0:
        raise BudgetError(
            f"A reservation of {units} units of {ledger.resource} sets nothing aside; give a number above zero.",
            value=units,
        )
    if expiry <= moment:
        raise BudgetError(
            f"The reservation {reservation_id} would expire at {expiry.isoformat()}, not after now.",
            value=expiry,
        )
    existing = ledger.find(reservation_id)
    if existing is not None:
        if existing.units != units or existing.state is ReservationState.RELEASED:
            raise ReservationStateError(
                f"The reservation {reservation_id} is already {existing.state} with {existing.units} units; "
                "a new one needs a new name.",
                value=reservation_id,
            )
        if existing.counts_at(moment):
            return ledger
    if units > ledger.left(moment):
        raise BudgetShortError(
            f"{units} units of {ledger.resource} are asked for and {ledger.left(moment)} of {ledger.limit} are left. "
            "Ask for fewer, or wait until held units are released.",
            value=units,
        )
    return _put(ledger, Reservation(reservation_id, units, expiry))


def confirm(ledger: Ledger, reservation_id: str, used_units: int, *, now: datetime) -> Ledger:
    """Settle a reservation as used; what was held and not used is free again.

    `used_units` lies from 0 to the units held. A repeated confirmation with the same number changes nothing.
    After expiry it still counts while there is room, else BudgetShortError: callers check that a reservation
    counts before the provider call, so this is the sign of a lease that was too short.
    """
    moment = require_aware(now, "The time of the confirmation")
    existing = _require(ledger, reservation_id)
    if existing.state is ReservationState.CONFIRMED and existing.units == used_units:
        return ledger
    if existing.state is not ReservationState.HELD:
        raise ReservationStateError(
            f"The reservation {reservation_id} is already {existing.state} with {existing.units} units.",
            value=reservation_id,
        )
    if not 0 <= used_units <= existing.units:
        raise BudgetError(
            f"{used_units} units were used of the {existing.units} reserved as {reservation_id}; "
            "use at most what was reserved.",
            value=used_units,
        )
    if not existing.counts_at(moment) and used_units > ledger.left(moment):
        raise BudgetShortError(
            f"The reservation {reservation_id} ran out at {existing.expires_at.isoformat()} and its "
            f"{used_units} units of {ledger.resource} have gone to others.",
            value=reservation_id,
        )
    return _put(ledger, replace(existing, units=used_units, state=ReservationState.CONFIRMED))


def release(ledger: Ledger, reservation_id: str) -> Ledger:
    """Give a held reservation back; a repeated release changes nothing, a confirmed one cannot be released."""
    existing = _require(ledger, reservation_id)
    if existing.state is ReservationState.CONFIRMED:
        raise ReservationStateError(
            f"The reservation {reservation_id} is confirmed: its {existing.units} units are used.",
            value=reservation_id,
        )
    return _put(ledger, replace(existing, state=ReservationState.RELEASED))


def _require(ledger: Ledger, reservation_id: str) -> Reservation:
    existing = ledger.find(reservation_id)
    if existing is None:
        raise ReservationNotFoundError(
            f"There is no reservation {reservation_id} of {ledger.resource}.", value=reservation_id
        )
    return existing


def _put(ledger: Ledger, reservation: Reservation) -> Ledger:
    """The ledger with this reservation in the place of the one of the same name, or at the end."""
    kept = [item for item in ledger.reservations if item.reservation_id != reservation.reservation_id]
    return replace(ledger, reservations=(*kept, reservation))
