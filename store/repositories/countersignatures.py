"""Whether an approval is what the signed audit log says it is: evidence that a changed row cannot make up."""

from __future__ import annotations

from sqlmodel import Session, SQLModel, col, select

from policies.proposal import digest_json
from store.audit import AuditLog, entry_hash
from store.repositories.approvals import lowest_limits, missing_of, signatures_of
from store.repositories.proposal_authors import contributors
from store.repositories.signing import still_missing
from store.row_evidence import COVERED, ROWS, family_digest
from store.tables import Approval, AuditEntry, Proposal, Signature

_APPROVALS, _PROPOSALS = "approvals", "proposals"


def unproven(session: Session, audit: AuditLog, approval: Approval, proposal: Proposal) -> str | None:
    """Return why an approval is not proven, or None when it is.

    Every signature must be by, and on behalf of, somebody who had no part in the proposal, be for exactly this digest, and
    stand in the audit log as an entry that this home signed, as must the delegation it was given with; together they must be all that is required, given with roles
    that are still held, and the limits their lowest. The approval itself must be as the log tells of it.
    """
    parts = contributors(session, proposal) | _logged_parts(session, audit, proposal)
    signatures = signatures_of(session, approval.approval_id)
    for signature in signatures:
        if signature.user_id in parts or signature.on_behalf_of in parts:
            return "somebody who had a part in the proposal signed it"
        if signature.digest != proposal.digest:
            return "a signature is for another content"
        if not _is_logged(session, audit, approval, signature):
            return "a signature does not stand in the signed audit log"
        if signature.delegation_id is not None and not _is_lent(session, audit, signature):
            return "a signature was given with a role that, by the signed audit log, nobody lent"
    if missing_of(session, approval):
        return "a signature is missing"
    if still_missing(session, approval, signatures):
        return "somebody who signed no longer holds the role they signed with"
    if (approval.limits or {}) != lowest_limits(session, approval):
        return "the limits are not those that were signed"
    told = _told(session, audit, approval)
    if not _is_as_told(told, _APPROVALS, approval.approval_id, approval):
        return "the approval is not what the signed audit log tells of it"
    if not _is_as_told(told, _PROPOSALS, proposal.proposal_id, proposal):
        return "the proposal is not what the signed audit log tells of it"
    return None


def _logged_parts(session: Session, audit: AuditLog, proposal: Proposal) -> frozenset[str]:
    """Everybody whom the signed log names as having had a part when the proposal was frozen."""
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == proposal.workspace_id,
        AuditEntry.subject == proposal.proposal_id,
        AuditEntry.action == "proposal.frozen",
    )
    entries = [entry for entry in session.exec(query) if _is_signed(audit, entry)]
    return frozenset(user_id for entry in entries for user_id in entry.detail.get("authors", ()))


_Told = dict[tuple[str, str, str], tuple[list[str], str]]
"""By table, row and family of columns: which columns the log last told of, and their digest."""


def _told(session: Session, audit: AuditLog, approval: Approval) -> _Told:
    """What the signed log tells of an approval and its proposal: their content as it was first, their state as it was last."""
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == approval.workspace_id,
        col(AuditEntry.subject).in_((approval.approval_id, approval.proposal_id)),
    )
    told: _Told = {}
    for entry in session.exec(query.order_by(col(AuditEntry.sequence))):
        for row in entry.detail.get(ROWS, ()) if _is_signed(audit, entry) else ():
            for family in COVERED[row["table"]].families:
                place = (row["table"], row["id"], family)
                # content never moves, so the first telling of it holds
                if family in row and (family == "state" or place not in told):
                    told[place] = (row[family]["columns"].split(), row[family]["sha256"])
    return told


def _is_as_told(told: _Told, table: str, row_id: str, row: SQLModel) -> bool:
    """Whether every column that decides is as the log told of the row."""
    columns = row.model_dump()
    known = [told[place] for family in COVERED[table].families if (place := (table, row_id, family)) in told]
    return all(family_digest(table, row_id, names, columns) == digest for names, digest in known)


def _is_signed(audit: AuditLog, entry: AuditEntry) -> bool:
    return entry_hash(entry.model_dump()) == entry.hash and audit.keys.is_signed(entry.hash, entry.signature)


def _is_logged(session: Session, audit: AuditLog, approval: Approval, signature: Signature) -> bool:
    given = {"answer": signature.answer, "limits": signature.limits, "comment": signature.comment}
    if digest_json(given) != signature.answer_digest:  # type: ignore[arg-type]  # JSON by construction
        return False
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == approval.workspace_id,
        AuditEntry.subject == approval.approval_id,
        AuditEntry.actor == signature.user_id,
        AuditEntry.action == f"approval.{signature.answer}",
    )
    return any(_proves(audit, entry, signature) for entry in session.exec(query))


def _is_lent(session: Session, audit: AuditLog, signature: Signature) -> bool:
    query = select(AuditEntry).where(
        AuditEntry.workspace_id == signature.workspace_id,
        AuditEntry.subject == signature.delegation_id,
        AuditEntry.actor == signature.on_behalf_of,
        AuditEntry.action == "delegation.granted",
    )
    lent = {"role": signature.role, "delegate": signature.user_id}
    return any(
        all(entry.detail.get(name) == value for name, value in lent.items()) and _is_signed(audit, entry)
        for entry in session.exec(query)
    )


def _proves(audit: AuditLog, entry: AuditEntry, signature: Signature) -> bool:
    said = tuple(entry.detail.get(name) for name in ("digest", "answer_digest", "role", "on_behalf_of"))
    same = said == (signature.digest, signature.answer_digest, signature.role, signature.on_behalf_of)
    return same and _is_signed(audit, entry)
