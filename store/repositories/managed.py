"""Managed versions: proposed by one person, live once somebody else has signed them, superseded by the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from policies.authority import (
    Action,
    Person,
    Resource,
    SignatureFacts,
    require_authority,
    required_signatures,
)
from policies.errors import ConflictError, NotFoundError
from policies.managed import Body, ManagedVersion, freeze_version, proposal_kind
from policies.parts import ManagedKind
from policies.workspace_rules import WorkspaceRules
from store.audit import AuditLog
from store.bulk import insert_rows, table_of
from store.driver import Prepared
from store.ids import IdSource
from store.repositories.approvals import open_approval
from store.repositories.policy_changes import NO_MODEL, NobodyCanSignError
from store.repositories.proposal_risk import assess_version
from store.repositories.proposing import log_frozen
from store.repositories.signing import who_may_sign
from store.repositories.workspaces import get_workspace
from store.tables import Approval, CatalogueRevision, ManagedObject, Proposal
from tools.decisions.checking import require_usable

SCHEMA = "managed_version/1"
_revisions = table_of(CatalogueRevision)
_REVISION = sa.select(_revisions.c.revision).where(_revisions.c.workspace_id == sa.bindparam("workspace"))
_READ, _HELD = Prepared(_REVISION), Prepared(_REVISION.with_for_update(read=True))
_ADVANCE = Prepared(
    sa.update(_revisions)
    .where(_revisions.c.workspace_id == sa.bindparam("of_workspace"))
    .values(revision=_revisions.c.revision + 1)
)


class VersionOvertakenError(ConflictError):
    """A later version of the object is live already, so an earlier one never will be."""

    code = "version_overtaken"


class NotLiveError(ConflictError):
    """There is no live version of the object to withdraw."""

    code = "not_live"


class ProposedVersion(NamedTuple):
    """A version before its approvers."""

    row: ManagedObject
    proposal: Proposal
    approval: Approval


def propose_version(
    session: Session,
    audit: AuditLog,
    *,
    ids: IdSource,
    person: Person,
    object_id: str,
    body: Body,
    reason: str,
    at: datetime,
) -> ProposedVersion:
    """Freeze the next version of an object and put it to the approvers; what is live stays live.

    Raises NotAuthorisedError, DiscountCeilingError, NobodyCanSignError, and what `require_usable` refuses.
    """
    require_version_author(person)
    require_usable(object_id, body)
    workspace = get_workspace(session, person.workspace_id)
    rules = WorkspaceRules.model_validate(workspace.rules)
    advance_revision(session, person.workspace_id)  # holds the row, so that two proposals get two numbers
    number = _last_version(session, person.workspace_id, body.type, object_id) + 1
    frozen = freeze_version(object_id, number, body, reason=reason, rules=rules)
    kind = proposal_kind(body)
    risk = assess_version(session, person.workspace_id, body, rules)
    proposal = Proposal(
        proposal_id=ids.new(),
        workspace_id=person.workspace_id,
        thread_id=ids.new(),
        author_id=person.user_id,
        kind=kind,
        digest=frozen.digest,
        canonical_json=frozen.canonical_json,
        model=NO_MODEL,
        graph_version=SCHEMA,
        created_at=at,
    )
    session.add(proposal)
    session.flush()
    row = ManagedObject(
        workspace_id=person.workspace_id,
        kind=body.type.value,
        object_id=object_id,
        version=number,
        proposal_id=proposal.proposal_id,
        proposed_at=at,
    )
    session.add(row)
    facts = SignatureFacts(legal_required=risk.legal_required, risk=risk.risk)
    approval = open_approval(
        session,
        approval_id=ids.new(),
        proposal=proposal,
        required=required_signatures(kind, facts),
        at=at,
        expires_at=at + timedelta(days=rules.approval_days),
        risk=risk,
        escalate_after=Decimal(rules.escalate_after_share),
    )
    if not who_may_sign(session, approval, proposal, (), at):
        raise NobodyCanSignError(
            f"nobody but you could sign this {kind}; invite somebody who may, such as a campaign manager",
            value=person.user_id,
        )
    log_frozen(session, audit, proposal, approval, at)
    return ProposedVersion(row, proposal, approval)


def require_version_author(person: Person) -> None:
    """Raise NotAuthorisedError unless a person may propose versions: whoever may make campaigns."""
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, Action.CREATE_CAMPAIGN, resource)


def go_live(session: Session, proposal: Proposal, content: ManagedVersion, at: datetime) -> None:
    """Let a version be served from now on in place of the one before; VersionOvertakenError after a later one."""
    advance_revision(session, proposal.workspace_id)
    kind = content.body.type
    last = session.exec(
        _versions(proposal.workspace_id, kind, content.object_id).where(
            col(ManagedObject.status).in_(("live", "superseded", "withdrawn")),
            col(ManagedObject.version) > content.version,
        )
    ).first()
    if last is not None:
        raise VersionOvertakenError(
            f"version {last.version} of {content.object_id} came after version {content.version} and was approved "
            "first; propose it anew",
            value=content.version,
        )
    row = version_of_proposal(session, proposal)
    for live in session.exec(
        _versions(proposal.workspace_id, kind, content.object_id).where(ManagedObject.status == "live")
    ):
        live.status, live.live_until = "superseded", at
        session.add(live)
    row.status, row.live_from = "live", at
    session.add(row)
    session.flush()


def withdraw_object(
    session: Session, audit: AuditLog, *, person: Person, kind: ManagedKind, object_id: str, at: datetime
) -> ManagedObject:
    """Stop serving an object at once; a brake, so everyone with a role may. NotLiveError where nothing is live."""
    resource = Resource("workspace", None, person.workspace_id, person.workspace_id)
    require_authority(person, Action.STOP, resource)
    advance_revision(session, person.workspace_id)
    query = _versions(person.workspace_id, kind, object_id).where(ManagedObject.status == "live")
    row = session.exec(query).first()
    if row is None:
        raise NotLiveError(f"no version of the {kind.value} {object_id} is live", value=object_id)
    row.status, row.live_until = "withdrawn", at
    session.add(row)
    audit.append(
        session,
        workspace_id=person.workspace_id,
        at=at,
        actor=person.user_id,
        action="managed_version.withdrawn",
        subject=row.proposal_id,
        detail={"kind": kind.value, "object": object_id, "version": row.version},
    )
    return row


def version_of_proposal(session: Session, proposal: Proposal) -> ManagedObject:
    """Return the version that a proposal froze; NotFoundError for another kind of proposal."""
    query = select(ManagedObject).where(ManagedObject.proposal_id == proposal.proposal_id)
    row = session.exec(query).first()
    if row is None:
        raise NotFoundError(f"proposal {proposal.proposal_id} is no version", value=proposal.proposal_id)
    return row


def versions_of(session: Session, workspace_id: str, *, limit: int = 1_000) -> Sequence[ManagedObject]:
    """Return every version, newest first."""
    query = select(ManagedObject).where(ManagedObject.workspace_id == workspace_id)
    return session.exec(query.order_by(col(ManagedObject.proposal_id).desc()).limit(limit)).all()


def served_versions(
    session: Session, workspace_id: str, as_of: datetime | None = None, kind: ManagedKind | None = None
) -> Sequence[tuple[ManagedObject, Proposal, Approval]]:
    """Return what is live, or was at `as_of`, of one kind or all, with the proposal and the approval it rests on."""
    query = (
        select(ManagedObject, Proposal, Approval)
        .join(Proposal, col(Proposal.proposal_id) == ManagedObject.proposal_id)
        .join(Approval, col(Approval.proposal_id) == ManagedObject.proposal_id)
        .where(ManagedObject.workspace_id == workspace_id)
    )
    if kind is not None:
        query = query.where(ManagedObject.kind == kind.value)
    if as_of is None:
        query = query.where(ManagedObject.status == "live")
    else:
        until = col(ManagedObject.live_until)
        query = query.where(col(ManagedObject.live_from) <= as_of, sa.or_(until.is_(None), until > as_of))
    return session.exec(query).all()


def revision_of(session: Session, workspace_id: str, *, hold: bool) -> int:
    """Return how often what a workspace serves was changed; with `hold` nobody changes it before this transaction ends."""
    found = (_HELD if hold else _READ).one(session, workspace=workspace_id)
    return 0 if found is None else int(found[0])


def advance_revision(session: Session, workspace_id: str) -> None:
    """Say that what a workspace serves has changed, so that every server reads it anew."""
    insert_rows(session, CatalogueRevision, [{"workspace_id": workspace_id, "revision": 0}], keep=True)
    _ADVANCE.run(session, of_workspace=workspace_id)


def _last_version(session: Session, workspace_id: str, kind: ManagedKind, object_id: str) -> int:
    query = _versions(workspace_id, kind, object_id).order_by(col(ManagedObject.version).desc())
    last = session.exec(query).first()
    return 0 if last is None else last.version


def _versions(workspace_id: str, kind: ManagedKind, object_id: str) -> SelectOfScalar[ManagedObject]:
    return select(ManagedObject).where(
        ManagedObject.workspace_id == workspace_id,
        ManagedObject.kind == kind.value,
        ManagedObject.object_id == object_id,
    )
