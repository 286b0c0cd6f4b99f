"""Who people are to Countersign: the shipped roles, and the one actor that is no person."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from policies.errors import InvalidInputError


class Role(StrEnum):
    """What a signed-in person was granted in a workspace; one person may hold several."""

    MARKETER = "marketer"
    CAMPAIGN_MANAGER = "campaign_manager"
    MARKETING_LEADER = "marketing_leader"
    LEGAL = "legal"
    ADMIN = "admin"


class RoleUnknownError(InvalidInputError):
    """A role grant names no shipped role."""

    code = "role_unknown"


SYSTEM: Final = "system"


def read_roles(names: Iterable[str]) -> frozenset[Role]:
    """Turn stored role names into roles, or raise RoleUnknownError naming the one that does not exist."""
    known = {role.value: role for role in Role}
    roles = set()
    for name in names:
        if name not in known:
            raise RoleUnknownError(f'There is no role "{name}". Roles: {", ".join(Role)}.', value=name)
        roles.add(known[name])
    return frozenset(roles)
