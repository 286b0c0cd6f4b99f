"""An approval, whole: what would happen to whom, what it may bring and cost, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from agents.models.prices import Prices
from agents.propose.drafts import PolicyReport
from api.records.approvals import names_of
from api.records.catalogue import actions_of
from api.settings import Settings
from api.views.basis import BasisView, basis_view
from api.views.brakes import RollbackView, rollback_view
from api.views.changes import PreviousView, previous_view
from api.views.comments import CommentsView, EditedView, comments_view, edited_view
from api.views.exposure import ExposureView, exposure_view
from api.views.forecast import OutlookView, outlook_view
from api.views.numbers import View
from api.views.overlap import OverlapView, overlaps
from api.views.proposal import ContentView, content_view
from api.views.samples import MessageView, message_views
from api.views.trace import AgentView, UsedView, agent_views, used_view
from policies.authority.risk import RiskClass, RiskFinding
from policies.figures import say
from policies.proposal import parse
from policies.workspace_rules import WorkspaceRules
from store.repositories.agent_work import figures_of, latest_draft
from store.repositories.approvals import get_approval, missing_of, signatures_of
from store.repositories.campaigns import get_brief, get_campaign, get_proposal
from store.repositories.proposal_authors import contributors
from store.repositories.signing import risk_of
from store.repositories.workspaces import get_workspace
from store.tables import Approval, Proposal, Signature
from store.warehouse import Warehouse


class RuleView(View):
    rule_id: str
    status: str
    evidence: str


class SignatureView(View):
    user: str
    roles: tuple[str, ...]
    answer: str
    comment: str
    limits: dict[str, int] | None
    signed_at: datetime


class ProposalView(View):
    """The proposal as it was frozen. `contributors` are barred from signing it."""

    proposal_id: str
    status: str
    kind: str
    parent_proposal_id: str | None
    contributors: tuple[str, ...]
    model: str
    graph_version: str
    created_at: datetime


class ApprovalView(View):
    """Everything an approver reads before signing. `findings` say what made the risk class, by rule."""

    approval_id: str
    status: str
    kind: str
    digest: str
    campaign_id: str
    campaign: str
    campaign_state: str
    author: str
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    limits: dict[str, int] | None
    risk: RiskClass | None
    findings: tuple[RiskFinding, ...]
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    signatures: tuple[SignatureView, ...]
    proposal: ProposalView
    previous: PreviousView | None
    comments: CommentsView | None
    edited: EditedView | None
    content: ContentView
    overlap: tuple[OverlapView, ...]
    outlook: OutlookView
    exposure: ExposureView
    messages: tuple[MessageView, ...]
    rules: tuple[RuleView, ...]
    rollback: RollbackView
    basis: BasisView
    agents: tuple[AgentView, ...]
    used: UsedView


def approval_view(
    session: Session, warehouse: Warehouse, workspace_id: str, approval_id: str, *, settings: Settings
) -> ApprovalView:
    """Return an approval with all that it is about; NotFoundError for an unknown one."""
    approval = get_approval(session, workspace_id, approval_id)
    proposal = get_proposal(session, workspace_id, approval.proposal_id)
    campaign = get_campaign(session, workspace_id, proposal.campaign_id)
    content = parse(proposal.canonical_json)
    workspace = get_workspace(session, workspace_id)
    brief = get_brief(session, workspace_id, campaign.brief_id).text if campaign.brief_id else ""
    risk = risk_of(approval)
    agents = agent_views(session, approval.thread_id, Prices(settings.prices), workspace.currency)
    return ApprovalView(
        approval_id=approval_id,
        status=approval.status,
        kind=proposal.kind,
        digest=approval.digest,
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        campaign_state=campaign.state,
        author=names_of(session, [approval.author_id])[approval.author_id],
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
        limits=approval.limits,
        risk=None if risk is None else risk.risk,
        findings=() if risk is None else risk.findings,
        required=tuple(tuple(names) for names in approval.required),
        missing=missing_of(session, approval),
        signatures=signature_views(session, approval_id),
        proposal=_proposal(session, proposal),
        previous=previous_view(session, proposal, content),
        comments=comments_view(session, approval.thread_id),
        edited=edited_view(session, approval.thread_id),
        content=content_view(
            content,
            brief=brief,
            rules=WorkspaceRules.model_validate(workspace.rules),
            actions={action.action_id: action.name for action in actions_of(session, workspace_id)},
        ),
        overlap=overlaps(session, warehouse, workspace_id, campaign.campaign_id, content),
        outlook=outlook_view(session, proposal, content),
        exposure=exposure_view(session, workspace_id, content, risk),
        messages=message_views(session, workspace_id, content, settings.unsubscribe_url),
        rules=_rules(session, approval),
        rollback=rollback_view(),
        basis=basis_view(session, warehouse, workspace_id, content),
        agents=agents,
        used=used_view(agents),
    )


def signature_views(session: Session, approval_id: str) -> tuple[SignatureView, ...]:
    """Return who signed an approval, in order."""
    return signatures_shown(session, signatures_of(session, approval_id))


def signatures_shown(
    session: Session, signatures: Sequence[Signature], known: Mapping[str, str] | None = None
) -> tuple[SignatureView, ...]:
    """Return signatures with the names of who gave them, in their order; `known` are names that need no looking up."""
    names = dict(known or {})
    names |= names_of(session, {signature.user_id for signature in signatures} - names.keys())
    return tuple(
        SignatureView(
            user=names[signature.user_id],
            roles=tuple(signature.role.split(",")),
            answer=signature.answer,
            comment=signature.comment,
            limits=signature.limits,
            signed_at=signature.signed_at,
        )
        for signature in signatures
    )


def _proposal(session: Session, proposal: Proposal) -> ProposalView:
    names = names_of(session, contributors(session, proposal))
    return ProposalView(
        proposal_id=proposal.proposal_id,
        status=proposal.status,
        kind=proposal.kind,
        parent_proposal_id=proposal.parent_proposal_id,
        contributors=tuple(sorted(names.values())),
        model=proposal.model,
        graph_version=proposal.graph_version,
        created_at=proposal.created_at,
    )


def _rules(session: Session, approval: Approval) -> tuple[RuleView, ...]:
    draft = latest_draft(session, approval.thread_id, "policy_report")
    if draft is None:
        return ()
    figures = figures_of(session, approval.thread_id)
    return tuple(
        RuleView(rule_id=result.rule_id, status=result.status, evidence=say(result.evidence, figures))
        for result in PolicyReport.model_validate(draft).results
    )
