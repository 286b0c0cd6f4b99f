"""Which signatures an approval needs, as data, and which of them are still missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, NamedTuple

from policies.authority.risk import RiskClass
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
    risk: RiskClass = RiskClass.LOW


class Signature(NamedTuple):
    """A person's yes, with the roles it was given with: the person's own, or one lent by `on_behalf_of`."""

    user_id: str
    roles: frozenset[Role]
    on_behalf_of: str | None = None


_MANAGER_OR_ABOVE: Final = SignatureRequirement(frozenset({Role.CAMPAIGN_MANAGER, Role.MARKETING_LEADER}))
_LEADER: Final = SignatureRequirement(frozenset({Role.MARKETING_LEADER}))
_LEGAL: Final = SignatureRequirement(frozenset({Role.LEGAL}))
_KEEPER: Final = SignatureRequirement(
    frozenset({Role.ADMIN, Role.MARKETING_LEADER, Role.LEGAL, Role.CAMPAIGN_MANAGER})
)

_Needs = tuple[SignatureRequirement, ...]
_ONE: Final[_Needs] = (_MANAGER_OR_ABOVE,)
_TWO: Final[_Needs] = (_MANAGER_OR_ABOVE, _LEADER)
# low, medium, high
_USUAL: Final = (_ONE, _ONE, _TWO)
_STRICT: Final = (_ONE, _TWO, _TWO)

# What is needed by kind and risk class, before legal is added. A kind that is not listed cannot be approved.
SIGNATURES: Final[Mapping[str, tuple[_Needs, _Needs, _Needs]]] = {
    "campaign": _USUAL,
    "journey": _USUAL,
    "creative": _USUAL,
    "offer": _USUAL,
    "eligibility": _USUAL,
    "rollout": _USUAL,
    "experiment_end": _USUAL,
    "discount": _STRICT,
    # a manager may not sign a large change of budget, see resolve_money.cedar: the leader decides alone
    "budget_change": (_ONE, _ONE, (_LEADER,)),
    "policy_change": ((_KEEPER,), (_KEEPER,), (_KEEPER,)),
}
# an approved claim takes the signature of legal off campaigns to come, so legal gives it here
CLAIM_SIGNATURES: Final[_Needs] = (_LEGAL,)
# what these kinds are judged by is the second person alone, whoever that is
_WITHOUT_LEGAL: Final = frozenset({"policy_change"})


def required_signatures(kind: str, facts: SignatureFacts) -> tuple[SignatureRequirement, ...]:
    """Decide which signatures a proposal needs; never none. Raises SignatureRuleMissingError for the kind."""
    by_risk = SIGNATURES.get(kind)
    if by_risk is None:
        raise SignatureRuleMissingError(
            f'No rule says who signs a proposal of kind "{kind}", so it cannot be approved. '
            f"Kinds with a rule: {', '.join(sorted(SIGNATURES))}.",
            value=kind,
        )
    required = by_risk[tuple(RiskClass).index(facts.risk)]
    return (*required, _LEGAL) if facts.legal_required and kind not in _WITHOUT_LEGAL else required


def missing_signatures(
    required: Sequence[SignatureRequirement], given: Iterable[Signature], *, author_id: str
) -> tuple[SignatureRequirement, ...]:
    """Decide which requirements are still open, in their order, given the signatures so far: see `assign_signatures`."""
    filled = assign_signatures(required, given, author_id=author_id)
    return tuple(need for need, by in zip(required, filled, strict=True) if by is None)


def assign_signatures(
    required: Sequence[SignatureRequirement], given: Iterable[Signature], *, author_id: str
) -> tuple[Signature | None, ...]:
    """Decide which signature fills each requirement, None where it is still open.

    One person fills one requirement at most, whatever roles they hold, and so does one whose role was lent: of a
    person and those who sign on their behalf only the first counts. The author fills none, and nobody fills one on
    behalf of the author. The assignment that leaves the fewest open is used.
    """
    best: tuple[Signature | None, ...] = (None,) * len(required)
    seats: list[Signature | None] = [*_counted(given, author_id), *best]
    for order in permutations(seats, len(required)):
        filled = tuple(
            by if by is not None and need.any_of & by.roles else None
            for need, by in zip(required, order, strict=True)
        )
        if filled.count(None) < best.count(None):
            best = filled
    return best


def _counted(given: Iterable[Signature], author_id: str) -> list[Signature]:
    seen = {author_id}
    counted = []
    for signature in given:
        people = {signature.user_id, signature.on_behalf_of or signature.user_id}
        if not people & seen:
            seen |= people
            counted.append(signature)
    return counted
