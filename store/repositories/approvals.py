"""Approvals: opened with a proposal, resolved in the database first, by compare-and-set.

`resolve` is the only way an approval comes about. It runs in one durable transaction of the caller: role, four eyes,
expiry and digest are checked, a signature is added, and when all are in, the row is moved; losers get a ConflictError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from pydantic import JsonValue
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from policies.authority import Person, RiskAssessment, RiskClass, rules_digest
from policies.authority.escalation import HALFWAY, escalated, escalation_instant
from policies.authority.signatures import SignatureRequirement, missing_signatures
from policies.campaign import TERMINAL_STATES, CampaignEvent, CampaignState, next_state
from policies.errors import ConflictError, NotFoundError
from policies.proposal import digest_of
from store.audit import AuditLog
from store.bulk import table_of
from store.driver import Prepared
from store.repositories.campaigns import move_campaign, move_proposal, note_change
from store.repositories.instants import after_granted
from store.repositories.proposal_authors import record_authors
from store.repositories.resolutions import LIMIT_FIELDS, Answer, LimitError, Resolution, require_words
from store.repositories.signing import Standing, given_signatures, requirements_of, stand_for
from store.rows import add_row, read_row, row_object
from store.tables import Approval, Campaign, Proposal, Signature

__all__ = [
    "LIMIT_FIELDS",
    "Answer",
    "ApprovalClosedError",
    "DigestChangedError",
    "LimitError",
    "Resolution",
    "Resolved",
    "approval_of_proposal",
    "expire",
    "get_approval",
    "list_approvals",
    "locked_approval",
    "lowest_limits",
    "missing_of",
    "open_approval",
    "overdue_approvals",
    "resolve",
    "signatures_of",
]

_STATUS_AFTER: Mapping[str, str] = {
    "approve": "approved",
    "approve_limited": "approved",
    "request_changes": "changes_requested",
    "reject": "rejected",
}
_EVENT_AFTER = {
    "approved": CampaignEvent.APPROVE,
    "changes_requested": CampaignEvent.REQUEST_CHANGES,
    "rejected": CampaignEvent.REJECT,
    "expired": CampaignEvent.EXPIRE,
}


_approvals, _signatures = table_of(Approval), table_of(Signature)
_SIGNED = Prepared(
    sa.select(*_signatures.c)
    .where(_signatures.c.approval_id == sa.bindparam("of_approval"))
    .order_by(_signatures.c.signature_id)
)
_ADD_SIGNATURE = Prepared(sa.insert(_signatures))
_SETTLE = Prepared(
    sa.update(_approvals)
    .where(_approvals.c.approval_id == sa.bindparam("of_approval"), _approvals.c.status == "pending")
    .values(status=sa.bindparam("new_status"), resolved_at=sa.bindparam("now"), limits=sa.bindparam("lowest"))
)


class ApprovalClosedError(ConflictError):
    """The approval has been resolved, has expired, or its proposal is no longer the campaign's."""

    code = "approval_closed"


class DigestChangedError(ConflictError):
    """The proposal is not, or no longer, the one that the approval is for."""

    code = "digest_changed"


@dataclass(frozen=True)
class Resolved:
    """What came of it. `changed` is False where the same person had given the same answer before.

    Approval and signatures, in the order they were given, are as the transaction leaves them; no session follows them.
    """

    approval: Approval
    signature: Signature
    signatures: tuple[Signature, ...]
    missing: tuple[tuple[str, ...], ...]
    changed: bool


def open_approval(
    session: Session,
    *,
    approval_id: str,
    proposal: Proposal,
    required: Sequence[SignatureRequirement],
    at: datetime,
    expires_at: datetime,
    risk: RiskAssessment | None = None,
    escalate_after: Decimal = HALFWAY,
) -> Approval:
    """Put a frozen proposal to its approvers, and record who had a part in it.

    When an escalation would let nobody else sign, none is planned; without `risk` it counts as high.
    """
    at = after_granted(session, proposal.workspace_id, at)
    above = escalated(required, RiskClass.HIGH if risk is None else risk.risk)
    escalates_at = escalation_instant(at, expires_at, escalate_after)
    opened = {
        "approval_id": approval_id,
        "workspace_id": proposal.workspace_id,
        "proposal_id": proposal.proposal_id,
        "thread_id": proposal.thread_id,
        "digest": proposal.digest,
        "author_id": proposal.author_id,
        "required": [sorted(need.any_of) for need in required],
        "risk": None if risk is None else risk.model_dump(mode="json"),
        "opened_at": at,
        "expires_at": expires_at,
        "escalates_at": None if above == tuple(required) else escalates_at,
    }
    approval = add_row(session, Approval, opened)
    record_authors(session, proposal)
    return approval


def get_approval(session: Session, workspace_id: str, approval_id: str) -> Approval:
    """Return an approval of this workspace; NotFoundError otherwise."""
    approval = session.get(Approval, approval_id)
    if approval is None or approval.workspace_id != workspace_id:
        raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
    return approval


def approval_of_proposal(session: Session, proposal_id: str) -> Approval | None:
    """Return the approval of a proposal."""
    return session.exec(select(Approval).where(Approval.proposal_id == proposal_id)).first()


def list_approvals(
    session: Session, workspace_id: str, *, status: str | None = None, limit: int = 100
) -> Sequence[Approval]:
    """Return approvals, the newest first."""
    query = select(Approval).where(Approval.workspace_id == workspace_id)
    if status is not None:
        query = query.where(Approval.status == status)
    return session.exec(query.order_by(col(Approval.approval_id).desc()).limit(limit)).all()


def signatures_of(session: Session, approval_id: str) -> Sequence[Signature]:
    """Return the signatures of an approval in the order they were given."""
    session.flush()
    return [row_object(Signature, row) for row in _SIGNED.mappings(session, of_approval=approval_id)]


def missing_of(session: Session, approval: Approval) -> tuple[tuple[str, ...], ...]:
    """Return the role sets that a signature is still missing from."""
    return _missing(approval, signatures_of(session, approval.approval_id))


def _missing(approval: Approval, signatures: Sequence[Signature]) -> tuple[tuple[str, ...], ...]:
    given = given_signatures(signatures)
    missing = missing_signatures(requirements_of(approval), given, author_id=approval.author_id)
    return tuple(tuple(sorted(need.any_of)) for need in missing)


def resolve(
    session: Session,
    audit: AuditLog,
    *,
    approval_id: str,
    signature_id: str,
    person: Person,
    resolution: Resolution,
    at: datetime,
) -> Resolved:
    """Record one person's answer and, when it settles the matter, move approval, proposal and campaign together.

    Raises NotFoundError, NotAuthorisedError (role or four eyes), ApprovalClosedError, DigestChangedError, LimitError,
    SignatureNotNeededError; the caller's transaction is then rolled back and nothing is kept.
    """
    approval = read_row(session, Approval, approval_id, lock=True)
    if approval is None or approval.workspace_id != person.workspace_id:
        raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
    given = tuple(signatures_of(session, approval_id))
    earlier = next((each for each in given if each.user_id == person.user_id), None)
    if earlier is not None:
        if earlier.answer_digest == resolution.answer_digest() and earlier.digest == resolution.digest:
            return Resolved(approval, earlier, given, _missing(approval, given), changed=False)
        raise ApprovalClosedError(
            f"you have answered this approval already, with {earlier.answer}; an answer cannot be changed",
            value=resolution.answer,
        )
    proposal, campaign = _about(session, approval)
    _require_open(approval, proposal, campaign, at)
    _require_digest(approval, proposal, resolution.digest)
    require_words(resolution, proposal)
    standing = stand_for(session, approval, proposal, person, resolution, given, at)
    signature = _sign(session, approval, signature_id, standing, resolution, at)
    signatures = (*given, signature)
    missing = _missing(approval, signatures)
    settled = resolution.answer in ("request_changes", "reject") or not missing
    if settled:
        status = _STATUS_AFTER[resolution.answer]
        _settle(session, approval, proposal, campaign, status, signatures, at)
    audit.append(
        session,
        workspace_id=approval.workspace_id,
        at=at,
        actor=person.user_id,
        action=f"approval.{resolution.answer}",
        subject=approval_id,
        detail=_signed(signature),
        rows=(signature, approval, proposal) if settled else (signature,),
    )
    return Resolved(approval, signature, signatures, missing, changed=True)


def _about(session: Session, approval: Approval) -> tuple[Proposal, Campaign | None]:
    """What an approval is about: its proposal, and that one's campaign where it has one."""
    proposal = read_row(session, Proposal, approval.proposal_id)
    if proposal is None or proposal.workspace_id != approval.workspace_id:
        raise NotFoundError(f"there is no proposal {approval.proposal_id}", value=approval.proposal_id)
    if proposal.campaign_id is None:
        return proposal, None
    campaign = read_row(session, Campaign, proposal.campaign_id)
    if campaign is None or campaign.workspace_id != approval.workspace_id:
        raise NotFoundError(f"there is no campaign {proposal.campaign_id}", value=proposal.campaign_id)
    return proposal, campaign


def overdue_approvals(session: Session, now: datetime) -> Sequence[Approval]:
    """Return the pending approvals whose time has run out, of every workspace."""
    query = select(Approval).where(Approval.status == "pending", col(Approval.expires_at) <= now)
    return session.exec(query).all()


def expire(session: Session, audit: AuditLog, approval: Approval, at: datetime) -> None:
    """Close an approval whose time has run out; a campaign that has not ended meanwhile goes back to draft."""
    proposal, campaign = _about(session, approval)
    if campaign is not None and campaign.state in TERMINAL_STATES:
        campaign = None
    given = signatures_of(session, approval.approval_id)
    _settle(session, approval, proposal, campaign, "expired", given, at)
    audit.append(
        session,
        workspace_id=approval.workspace_id,
        at=at,
        actor="system",
        action="approval.expired",
        subject=approval.approval_id,
        detail={"digest": approval.digest},
        rows=(approval, proposal),
    )


def lowest_limits(session: Session, approval: Approval) -> dict[str, int]:
    """Return the strictest of the limits that the signatures set, by name."""
    return _lowest(signatures_of(session, approval.approval_id))


def _lowest(signatures: Sequence[Signature]) -> dict[str, int]:
    lowest: dict[str, int] = {}
    for signature in signatures:
        for name, value in (signature.limits or {}).items():
            lowest[name] = min(value, lowest.get(name, value))
    return lowest


def locked_approval(session: Session, workspace_id: str, approval_id: str) -> Approval:
    """Return an approval of this workspace, read anew and held until the transaction ends; NotFoundError otherwise."""
    query = select(Approval).where(Approval.approval_id == approval_id).with_for_update()
    approval = session.exec(query.execution_options(populate_existing=True)).first()
    if approval is None or approval.workspace_id != workspace_id:
        raise NotFoundError(f"there is no approval {approval_id}", value=approval_id)
    return approval


def _require_open(approval: Approval, proposal: Proposal, campaign: Campaign | None, at: datetime) -> None:
    if approval.status != "pending":
        raise ApprovalClosedError(f"this approval is already {approval.status}", value=approval.status)
    if at >= approval.expires_at:
        raise ApprovalClosedError(
            f"this approval expired at {approval.expires_at.isoformat()}; propose it again",
            value=approval.expires_at.isoformat(),
        )
    if proposal.status != "open" or not _is_current(proposal, campaign):
        raise ApprovalClosedError(
            f"proposal {proposal.proposal_id} is {proposal.status}; a newer one took its place",
            value=proposal.status,
        )


def _is_current(proposal: Proposal, campaign: Campaign | None) -> bool:
    """Whether no newer proposal has taken this one's place in its campaign; one about no campaign has no successor."""
    return campaign is None or campaign.proposal_id == proposal.proposal_id


def _require_digest(approval: Approval, proposal: Proposal, claimed: str) -> None:
    actual = digest_of(proposal.canonical_json)
    if not approval.digest == proposal.digest == actual:
        raise DigestChangedError(
            "the proposal was changed after it was frozen; it cannot be approved", value=actual
        )
    if claimed != approval.digest:
        raise DigestChangedError(
            f"you answered for digest {claimed[:12]}…, the proposal in front of you is {approval.digest[:12]}…; "
            "read it again",
            value=claimed,
        )


def _sign(
    session: Session,
    approval: Approval,
    signature_id: str,
    standing: Standing,
    resolution: Resolution,
    at: datetime,
) -> Signature:
    values = {
        "signature_id": signature_id,
        "workspace_id": approval.workspace_id,
        "approval_id": approval.approval_id,
        "user_id": standing.person.user_id,
        "author_id": approval.author_id,
        "role": ",".join(sorted(standing.person.roles)),
        "on_behalf_of": standing.on_behalf_of,
        "delegation_id": None if standing.delegation is None else standing.delegation.delegation_id,
        "digest": approval.digest,
        "answer": resolution.answer,
        "limits": None if resolution.limits is None else dict(resolution.limits),
        "comment": resolution.comment,
        "answer_digest": resolution.answer_digest(),
        "rules_digest": rules_digest(),
        "signed_at": at,
    }
    try:
        _ADD_SIGNATURE.run(session, **values)
    except IntegrityError as error:
        raise ApprovalClosedError(
            "this answer was given already, or by somebody with a part in the proposal",
            value=standing.person.user_id,
        ) from error
    return row_object(Signature, values)


def _signed(signature: Signature) -> dict[str, JsonValue]:
    detail: dict[str, JsonValue] = {
        "digest": signature.digest,
        "answer_digest": signature.answer_digest,
        "role": signature.role,
    }
    if signature.on_behalf_of is not None:
        detail["on_behalf_of"] = signature.on_behalf_of
    return detail


def _settle(
    session: Session,
    approval: Approval,
    proposal: Proposal,
    campaign: Campaign | None,
    status: str,
    signatures: Sequence[Signature],
    at: datetime,
) -> None:
    limits = _lowest(signatures) or None
    settled = {"of_approval": approval.approval_id, "new_status": status, "now": at, "lowest": limits}
    if _SETTLE.run(session, **settled) != 1:
        raise ApprovalClosedError("somebody resolved this approval first", value=status)
    for name, value in (("status", status), ("resolved_at", at), ("limits", limits)):
        set_committed_value(approval, name, value)
    note_change(session, Approval, approval.approval_id, status=status, resolved_at=at, limits=limits)
    move_proposal(session, proposal.proposal_id, expected="open", to=status)
    set_committed_value(proposal, "status", status)
    if campaign is None:
        return
    state = CampaignState(campaign.state)
    following = next_state(state, _EVENT_AFTER[status], sent_any=False)
    move_campaign(session, campaign.campaign_id, expected=state, to=following.to, at=at)
