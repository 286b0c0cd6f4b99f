"""Which signatures an approval needs, as data, and which of them are still missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, NamedTuple

from policies.authority.roles import Role
from policies.errors import InvalidInputError


class SignatureRuleMissingError(InvalidInputError):
    """No rule says who signs this kind of proposal, so it cannot be approved."""

    code = "signature_rule_missing"


class SignatureRequirement(NamedTuple):
    """One signature that is needed: by a person who holds at least one of these roles."""

    any_of: frozenset[Role]


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """What about a proposal decides how many signatures it needs."""

    legal_required: bool = False


class Signature(NamedTuple):
    """A person's yes, with the roles held when it was given."""

    user_id: str
    roles: frozenset[Role]


_MANAGER_OR_ABOVE: Final = SignatureRequirement(frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER}))
_LEGAL: Final = SignatureRequirement(frozenset({Role.LEGAL}))

# Kind of proposal, and whether legal must sign: what is needed. A kind that is not listed cannot be approved.
SIGNATURES: Final[Mapping[tuple[str, bool], tuple[SignatureRequirement, ...]]] = {
    ("campaign", False): (_MANAGER_OR_ABOVE,),
    ("campaign", True): (_MANAGER_OR_ABOVE, _LEGAL),
}


def required_signatures(kind: str, facts: SignatureFacts) -> tuple[SignatureRequirement, ...]:
    """Decide which signatures a proposal needs; never none. Raises SignatureRuleMissingError for the kind."""
    required = SIGNATURES.get((kind, facts.legal_required))
    if not required:
        raise SignatureRuleMissingError(
            f'No rule says who signs a proposal of kind "{kind}", so it cannot be approved. '
            f"Kinds with a rule: {', '.join(sorted({name for name, _ in SIGNATURES}))}.",
            value=kind,
        )
    return required


def missing_signatures(
    required: Sequence[SignatureRequirement], given: Iterable[Signature], *, author_id: str
) -> tuple[SignatureRequirement, ...]:
    """Decide which requirements are still open, in their order, given the signatures so far.

    One person fills one requirement at most, whatever roles they hold, and the author fills none. The
    assignment that leaves the fewest open is used.
    """
    people = {signature.user_id: signature.roles for signature in given if signature.user_id != author_id}
    best = tuple(required)
    seats = [*people.values(), *([frozenset()] * len(required))]
    for order in permutations(seats, len(required)):
        unmet = tuple(need for need, roles in zip(required, order, strict=True) if not need.any_of & roles)
        if len(unmet) < len(best):
            best = unmet
    return best
