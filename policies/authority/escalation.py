"""Escalation: the role that may sign as well when an approval has waited too long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from policies.authority.risk import RiskClass
from policies.authority.roles import Role
from policies.authority.signatures import SignatureRequirement
from policies.errors import InvalidInputError

NEXT_ROLE: Final[Mapping[Role, Role]] = {
    Role.CAMPAIGN_MANAGER: Role.MARKETING_LEADER,
    Role.MARKETING_LEADER: Role.ADMIN,
}
"""Who is above whom. Nobody is above legal: its signature is never replaced."""
HALFWAY: Final = Decimal("0.5")


def escalation_instant(opened_at: datetime, expires_at: datetime, share: Decimal = HALFWAY) -> datetime:
    """Return when an approval escalates: after this share (above 0, at most 1) of the time it has."""
    if not (share.is_finite() and 0 < share <= 1):
        raise InvalidInputError(
            f"the share of time before an escalation is {share}; it must be above 0 and at most 1",
            value=share,
        )
    return opened_at + (expires_at - opened_at) * float(share)


def escalated(required: Sequence[SignatureRequirement], risk: RiskClass) -> tuple[SignatureRequirement, ...]:
    """Return the same signatures, each with the next role that may give it as well.

    A high risk goes no further than the marketing leader, and what legal must sign stays with legal.
    """
    return tuple(SignatureRequirement(need.any_of | _above(need.any_of, risk)) for need in required)


def _above(roles: frozenset[Role], risk: RiskClass) -> frozenset[Role]:
    above = {NEXT_ROLE[role] for role in roles if role in NEXT_ROLE} - roles
    return frozenset(above - {Role.ADMIN} if risk is RiskClass.HIGH else above)
