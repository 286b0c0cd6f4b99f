"""As what a person signs: with roles of their own, or with one that somebody lent them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import ValidationError
from sqlmodel import Session

from policies.authority import Person, Resource, RiskAssessment, Role, authorise, require_authority
from policies.authority import Signature as GivenSignature
from policies.authority.decide import Context
from policies.authority.signatures import SignatureRequirement, missing_signatures
from policies.errors import ConflictError, NotAuthorisedError
from store.bulk import table_of
from store.driver import Prepared
from store.repositories.delegations import held_since, lent_to
from store.repositories.issued_keys import issued_alone
from store.repositories.proposal_authors import contributors
from store.repositories.resolutions import YES, Resolution
from store.repositories.workspaces import users_of
from store.tables import ApiKey, Approval, Delegation, Proposal, Signature, User

_VERIFY = "countersign audit verify names the row if somebody changed it"
_keys = table_of(ApiKey)
_KEYS = Prepared(
    sa.select(_keys.c.key_id, _keys.c.issued_by).where(_keys.c.user_id == sa.bindparam("of_user"))
)


class ApprovalUnreadableError(ConflictError):
    """What is kept of an approval is not what this release writes."""

    code = "approval_unreadable"


class SignatureNotNeededError(ConflictError):
    """This person's signature would fill none of those that are missing."""

    code = "signature_not_needed"


class Standing(NamedTuple):
    """A person with the roles that count for one approval; with a delegation, the one role that was lent."""

    person: Person
    delegation: Delegation | None = None

    @property
    def on_behalf_of(self) -> str | None:
        """Who lent the role, or None where it is the person's own."""
        return None if self.delegation is None else self.delegation.delegator_id

    def given(self) -> GivenSignature:
        """Return the signature this would be."""
        return GivenSignature(self.person.user_id, self.person.roles, self.on_behalf_of)


def risk_of(approval: Approval) -> RiskAssessment | None:
    """Return how risky the proposal was found when the approval was opened; None for one opened before that was kept."""
    if approval.risk is None:
        return None
    try:
        return RiskAssessment.model_validate(approval.risk)
    except ValidationError as error:
        raise ApprovalUnreadableError(
            f"what is kept of the risk of approval {approval.approval_id} cannot be read; {_VERIFY}",
            value=approval.approval_id,
        ) from error


def requirements_of(approval: Approval) -> tuple[SignatureRequirement, ...]:
    """Return the signatures that an approval needs."""
    return read_requirements(approval.required)


def read_requirements(required: Sequence[Sequence[str]]) -> tuple[SignatureRequirement, ...]:
    """Return the signatures that role sets stand for, as an approval keeps them; ApprovalUnreadableError for others."""
    try:
        return tuple(SignatureRequirement(frozenset(Role(name) for name in names)) for names in required)
    except (ValueError, TypeError) as error:
        raise ApprovalUnreadableError(
            f"the signatures that an approval needs cannot be read: {str(required)[:100]}; {_VERIFY}",
            value=str(required)[:100],
        ) from error


def given_signatures(signatures: Sequence[Signature]) -> tuple[GivenSignature, ...]:
    """Return the signatures that say yes, as the rules count them."""
    return tuple(
        GivenSignature(
            signature.user_id,
            frozenset(Role(name) for name in signature.role.split(",")),
            signature.on_behalf_of,
        )
        for signature in signatures
        if signature.answer in YES
    )


def facts_of(approval: Approval, *, delegated: bool) -> Context:
    """Return what the rules are told about an approval's proposal."""
    facts: dict[str, bool | int | str] = {
        "legal_required": any(names == [Role.LEGAL] for names in approval.required),
        "escalated": approval.escalated_at is not None,
        "delegated": delegated,
    }
    risk = risk_of(approval)
    if risk is not None:
        discount = Decimal(risk.value("discount")).to_integral_value(ROUND_CEILING)
        facts |= {
            "risk": risk.risk.value,
            "sensitive": bool(risk.value("sensitive_data")),
            "amount_minor": int(risk.value("spend")),
            "audience": int(risk.value("reach")),
            "discount_percent": int(discount),
        }
    return facts


def stand_for(
    session: Session,
    approval: Approval,
    proposal: Proposal,
    person: Person,
    resolution: Resolution,
    earlier: Sequence[Signature],
    at: datetime,
) -> Standing:
    """Decide as what a person answers an approval: roles of their own come first, then those lent, the oldest first.

    Raises NotAuthorisedError when no rule allows it, and SignatureNotNeededError for a yes that fills nothing.
    """
    parts = contributors(session, proposal)
    if _keyed_by(session, approval, person.user_id, parts):
        raise NotAuthorisedError(
            "somebody with a part in this proposal issued you a key, alone or after proposing it, so it cannot be shown "
            "that you are somebody else; ask another approver, or have that key revoked",
            value=person.user_id,
        )
    author = person.user_id if person.user_id in parts else approval.author_id
    resource = Resource(proposal.kind, author, approval.workspace_id, approval.approval_id)
    standings = tuple(_standings(session, approval, person, parts, at))
    allowed = [standing for standing in standings if _is_allowed(approval, resource, standing)]
    if not allowed:
        require_authority(
            standings[0].person, "resolve_approval", resource, facts_of(approval, delegated=False)
        )
    if resolution.answer not in YES:
        return allowed[0]
    for standing in allowed:
        if _fills(approval, earlier, standing):
            return standing
    raise SignatureNotNeededError(
        f"your signature as {_said(allowed)} is not one of those that are missing; "
        "a person, or who signs for them, counts once",
        value=_said(allowed),
    )


def who_may_sign(
    session: Session, approval: Approval, proposal: Proposal, earlier: Sequence[Signature], at: datetime
) -> tuple[Standing, ...]:
    """Return everybody whose yes would now fill a missing signature, and as what, in order of user."""
    parts = contributors(session, proposal)
    signed = {signature.user_id for signature in earlier}
    resource = Resource(proposal.kind, approval.author_id, approval.workspace_id, approval.approval_id)
    return tuple(
        standing
        for user in users_of(session, approval.workspace_id)
        if user.user_id not in parts | signed and not _keyed_by(session, approval, user.user_id, parts)
        for standing in _standings(
            session, approval, Person(user.user_id, frozenset(Role), user.workspace_id), parts, at
        )
        if user.disabled_at is None
        and _is_allowed(approval, resource, standing)
        and _fills(approval, earlier, standing)
    )


def still_missing(
    session: Session, approval: Approval, signatures: Sequence[Signature]
) -> tuple[SignatureRequirement, ...]:
    """Return what is missing when only roles count that who signed still holds, or still lends.

    A delegation that has run out since is no loss; one that was taken back is.
    """
    kept = []
    for signature, given in zip(
        [each for each in signatures if each.answer in YES], given_signatures(signatures), strict=True
    ):
        roles = given.roles & held_since(session, given.on_behalf_of or given.user_id, approval.opened_at)
        if _is_withdrawn(session, signature):
            roles = frozenset()
        kept.append(given._replace(roles=roles))
    return missing_signatures(requirements_of(approval), kept, author_id=approval.author_id)


def _is_withdrawn(session: Session, signature: Signature) -> bool:
    """Whether the delegate can no longer sign in, or the delegation was taken back."""
    if signature.delegation_id is None:
        return False
    delegation = session.get(Delegation, signature.delegation_id)
    if delegation is None or delegation.revoked_at is not None:
        return True
    lent = (delegation.delegate_id, delegation.delegator_id, delegation.role)
    if lent != (signature.user_id, signature.on_behalf_of, signature.role):
        return True
    return not is_active(session, signature.user_id)


def is_active(session: Session, user_id: str) -> bool:
    """Whether a user may sign in at all."""
    user = session.get(User, user_id)
    return user is not None and user.disabled_at is None


def _standings(
    session: Session, approval: Approval, person: Person, parts: frozenset[str], at: datetime
) -> Iterator[Standing]:
    own = person.roles & held_since(session, person.user_id, approval.opened_at)
    yield Standing(replace(person, roles=own))
    for delegation in lent_to(session, person.user_id, opened_at=approval.opened_at, at=at):
        # nobody signs for somebody who had a part in what is signed
        if delegation.delegator_id not in parts and delegation.workspace_id == approval.workspace_id:
            yield Standing(replace(person, roles=frozenset({Role(delegation.role)})), delegation)


def _keyed_by(session: Session, approval: Approval, user_id: str, parts: frozenset[str]) -> bool:
    """Whether somebody with a part in the proposal may hold a key of this user.

    They may when they issued it after proposing, and when they issued it alone, so that they have seen it whole, and it
    still signs in.
    """
    session.flush()
    issued = [key_id for key_id, issuer in _KEYS.rows(session, of_user=user_id) if issuer in parts]
    return any(
        key.created_at >= approval.opened_at or (key.revoked_at is None and issued_alone(session, key))
        for key in (session.get_one(ApiKey, key_id) for key_id in issued)
    )


def _is_allowed(approval: Approval, resource: Resource, standing: Standing) -> bool:
    facts = facts_of(approval, delegated=standing.delegation is not None)
    return authorise(standing.person, "resolve_approval", resource, facts).allowed


def _fills(approval: Approval, earlier: Sequence[Signature], standing: Standing) -> bool:
    required, given = requirements_of(approval), given_signatures(earlier)
    before = missing_signatures(required, given, author_id=approval.author_id)
    after = missing_signatures(required, [*given, standing.given()], author_id=approval.author_id)
    return len(after) < len(before)


def _said(standings: Sequence[Standing]) -> str:
    roles = sorted({role.value for standing in standings for role in standing.person.roles})
    return ", ".join(roles).replace("_", " ")
