"""Managed versions as their author, and whoever signs them, reads them."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session, col, select

from api.records.approvals import names_of
from api.views.approval import SignatureView, signature_views
from api.views.changes import ChangeView, changes
from api.views.numbers import View
from api.views.policy_change import PolicyProposalView, policy_proposal_view
from policies.authority.risk import RiskClass, RiskFinding
from policies.errors import NotFoundError
from policies.managed import read_version
from policies.parts import ManagedKind
from store.repositories.approvals import missing_of
from store.repositories.campaigns import get_proposal
from store.repositories.managed import version_of_proposal, versions_of
from store.repositories.signing import risk_of
from store.tables import Approval, ManagedObject, Proposal


class ManagedView(View):
    """One version of an object, with where it stands: proposed, live, superseded or withdrawn."""

    kind: str
    object_id: str
    version: int
    status: str
    proposal_id: str
    proposed_at: datetime
    live_from: datetime | None
    live_until: datetime | None


class VersionView(ManagedView):
    """A version with its approval and everything that it holds."""

    approval_id: str | None
    approval_status: str | None
    body: dict[str, JsonValue]


class ObjectView(View):
    """All versions of one object, the newest first."""

    kind: ManagedKind
    object_id: str
    versions: tuple[VersionView, ...]


class VersionProposedView(View):
    """A version that waits for somebody else's signature."""

    kind: ManagedKind
    object_id: str
    version: int
    proposal_id: str
    approval_id: str
    digest: str
    missing: tuple[tuple[str, ...], ...]
    expires_at: datetime


class VersionApprovalView(View):
    """Everything an approver reads before signing a version; `before` is the body that is live now, `changes` each
    field that differs from it.
    """

    approval_id: str
    status: str
    kind: str
    digest: str
    campaign_id: None = None
    author: str
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    risk: RiskClass | None
    findings: tuple[RiskFinding, ...]
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    signatures: tuple[SignatureView, ...]
    proposal: PolicyProposalView
    object_kind: ManagedKind
    object_id: str
    version: int
    standing: str
    reason: str
    body: dict[str, JsonValue]
    before: dict[str, JsonValue] | None
    changes: tuple[ChangeView, ...]


def managed_views(session: Session, workspace_id: str) -> tuple[ManagedView, ...]:
    """Return every version of a workspace, the newest first."""
    return tuple(
        ManagedView(**row.model_dump(exclude={"workspace_id"})) for row in versions_of(session, workspace_id)
    )


def object_view(session: Session, workspace_id: str, kind: ManagedKind, object_id: str) -> ObjectView:
    """Return one object with the content of every version; NotFoundError where none was ever proposed."""
    query = (
        select(ManagedObject, Proposal, Approval)
        .join(Proposal, col(Proposal.proposal_id) == ManagedObject.proposal_id)
        .outerjoin(Approval, col(Approval.proposal_id) == ManagedObject.proposal_id)
        .where(
            ManagedObject.workspace_id == workspace_id,
            ManagedObject.kind == kind.value,
            ManagedObject.object_id == object_id,
        )
        .order_by(col(ManagedObject.version).desc())
    )
    versions = tuple(
        VersionView(
            **row.model_dump(exclude={"workspace_id"}),
            approval_id=None if approval is None else approval.approval_id,
            approval_status=None if approval is None else approval.status,
            body=read_version(proposal.canonical_json).body.model_dump(mode="json", exclude={"type"}),
        )
        for row, proposal, approval in session.exec(query)
    )
    if not versions:
        raise NotFoundError(f"there is no {kind.value.replace('_', ' ')} {object_id}", value=object_id)
    return ObjectView(kind=kind, object_id=object_id, versions=versions)


def version_approval_view(session: Session, approval: Approval) -> VersionApprovalView:
    """Return the approval of a managed version whole."""
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    content, risk = read_version(proposal.canonical_json), risk_of(approval)
    body = content.body.model_dump(mode="json")
    before = _live_body(session, approval.workspace_id, content.body.type, content.object_id)
    return VersionApprovalView(
        approval_id=approval.approval_id,
        status=approval.status,
        kind=proposal.kind,
        digest=approval.digest,
        author=names_of(session, [approval.author_id])[approval.author_id],
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
        risk=None if risk is None else risk.risk,
        findings=() if risk is None else risk.findings,
        required=tuple(tuple(names) for names in approval.required),
        missing=missing_of(session, approval),
        signatures=signature_views(session, approval.approval_id),
        proposal=policy_proposal_view(session, proposal),
        object_kind=content.body.type,
        object_id=content.object_id,
        version=content.version,
        standing=version_of_proposal(session, proposal).status,
        reason=content.reason,
        body=body,
        before=before,
        changes=() if before is None else changes(_leaves("", before), _leaves("", body)),
    )


def _leaves(path: str, value: JsonValue) -> dict[str, str]:
    """Every leaf of a body as text, by its path."""
    if isinstance(value, dict):
        inside = [(f"{path}.{name}" if path else name, inner) for name, inner in value.items()]
    elif isinstance(value, list):
        inside = [(f"{path}[{place}]", inner) for place, inner in enumerate(value)]
    else:
        return {} if value is None else {path: value if isinstance(value, str) else json.dumps(value)}
    return {name: text for where, inner in inside for name, text in _leaves(where, inner).items()}


def _live_body(
    session: Session, workspace_id: str, kind: ManagedKind, object_id: str
) -> dict[str, JsonValue] | None:
    query = (
        select(Proposal)
        .join(ManagedObject, col(ManagedObject.proposal_id) == Proposal.proposal_id)
        .where(
            ManagedObject.workspace_id == workspace_id,
            ManagedObject.kind == kind.value,
            ManagedObject.object_id == object_id,
            ManagedObject.status == "live",
        )
    )
    live = session.exec(query).first()
    return None if live is None else read_version(live.canonical_json).body.model_dump(mode="json")
