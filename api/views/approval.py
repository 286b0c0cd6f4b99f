"""An approval, whole: what would happen to whom, what it may bring and cost, and what speaks against it."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue
from sqlmodel import Session

from agents.propose.drafts import PolicyReport
from api.records.catalogue import actions_of, imports_of
from api.views.numbers import View
from api.views.proposal import ContentView, content_view
from policies.figures import say
from policies.proposal import Content, parse
from policies.workspace_rules import WorkspaceRules
from store.repositories.agent_work import figures_of, latest_draft, tool_results_of, traces_of
from store.repositories.approvals import get_approval, list_approvals, missing_of, signatures_of
from store.repositories.campaigns import get_brief, get_campaign, get_creative, get_proposal
from store.repositories.workspaces import get_workspace
from store.tables import Approval, Proposal, User
from tools.content.creative import AWKWARD_PROFILES, Creative, render


class ApprovalLine(View):
    """An approval in a list."""

    approval_id: str
    status: str
    campaign_id: str
    campaign: str
    author: str
    digest: str
    needs: tuple[tuple[str, ...], ...]
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None


class SampleView(View):
    """A message as one synthetic profile would see it."""

    profile: str
    subject: str
    preheader: str
    text: str
    html: str


class MessageView(View):
    arm_id: str
    channel: str
    digest: str
    samples: tuple[SampleView, ...]


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


class ToolCallView(View):
    tool: str
    arguments: dict[str, JsonValue]
    digest: str
    duration_ms: int


class AgentView(View):
    """What one agent did: its model, its tool calls and what it used."""

    agent: str
    model: str
    duration_ms: int
    tokens_in: int
    tokens_out: int
    tool_calls: tuple[ToolCallView, ...]


class DataView(View):
    """One file that the proposal rests on; `synthetic` says that identities and consents were made up by seed."""

    kind: str
    source: str
    rows: int
    synthetic: bool
    imported_at: datetime


class ProposalView(View):
    proposal_id: str
    status: str
    kind: str
    parent_proposal_id: str | None
    model: str
    graph_version: str
    created_at: datetime


class ApprovalView(View):
    """Everything an approver reads before signing."""

    approval_id: str
    status: str
    digest: str
    campaign_id: str
    campaign: str
    campaign_state: str
    author: str
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None
    limits: dict[str, int] | None
    required: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]
    signatures: tuple[SignatureView, ...]
    proposal: ProposalView
    content: ContentView
    messages: tuple[MessageView, ...]
    rules: tuple[RuleView, ...]
    data: tuple[DataView, ...]
    agents: tuple[AgentView, ...]


def approval_lines(session: Session, workspace_id: str, status: str | None) -> list[ApprovalLine]:
    """Return the approvals of a workspace, the newest first, those of one status or all."""
    return [_line(session, approval) for approval in list_approvals(session, workspace_id, status=status)]


def approval_view(
    session: Session, workspace_id: str, approval_id: str, *, unsubscribe_url: str
) -> ApprovalView:
    """Return an approval with all that it is about; NotFoundError for an unknown one."""
    approval = get_approval(session, workspace_id, approval_id)
    proposal = get_proposal(session, workspace_id, approval.proposal_id)
    campaign = get_campaign(session, workspace_id, proposal.campaign_id)
    content = parse(proposal.canonical_json)
    workspace = get_workspace(session, workspace_id)
    brief = get_brief(session, workspace_id, campaign.brief_id).text if campaign.brief_id else ""
    return ApprovalView(
        approval_id=approval_id,
        status=approval.status,
        digest=approval.digest,
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        campaign_state=campaign.state,
        author=_name(session, approval.author_id),
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
        limits=approval.limits,
        required=tuple(tuple(names) for names in approval.required),
        missing=missing_of(session, approval),
        signatures=signature_views(session, approval_id),
        proposal=_proposal(proposal),
        content=content_view(
            content,
            brief=brief,
            rules=WorkspaceRules.model_validate(workspace.rules),
            actions={action.action_id: action.name for action in actions_of(session, workspace_id)},
        ),
        messages=_messages(session, workspace_id, content, unsubscribe_url),
        rules=_rules(session, approval.thread_id),
        data=_data(session, workspace_id),
        agents=_agents(session, approval.thread_id),
    )


def signature_views(session: Session, approval_id: str) -> tuple[SignatureView, ...]:
    """Return who signed an approval, in order."""
    return tuple(
        SignatureView(
            user=_name(session, signature.user_id),
            roles=tuple(signature.role.split(",")),
            answer=signature.answer,
            comment=signature.comment,
            limits=signature.limits,
            signed_at=signature.signed_at,
        )
        for signature in signatures_of(session, approval_id)
    )


def _line(session: Session, approval: Approval) -> ApprovalLine:
    proposal = get_proposal(session, approval.workspace_id, approval.proposal_id)
    campaign = get_campaign(session, approval.workspace_id, proposal.campaign_id)
    return ApprovalLine(
        approval_id=approval.approval_id,
        status=approval.status,
        campaign_id=campaign.campaign_id,
        campaign=campaign.name,
        author=_name(session, approval.author_id),
        digest=approval.digest,
        needs=missing_of(session, approval) if approval.status == "pending" else (),
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
    )


def _proposal(proposal: Proposal) -> ProposalView:
    return ProposalView(
        proposal_id=proposal.proposal_id,
        status=proposal.status,
        kind=proposal.kind,
        parent_proposal_id=proposal.parent_proposal_id,
        model=proposal.model,
        graph_version=proposal.graph_version,
        created_at=proposal.created_at,
    )


def _messages(
    session: Session, workspace_id: str, content: Content, unsubscribe_url: str
) -> tuple[MessageView, ...]:
    found = []
    for arm in content.arms:
        if arm.creative_digest is None or arm.channel is None:
            continue
        row = get_creative(session, workspace_id, arm.creative_digest)
        samples = _samples(Creative.model_validate(row.content), unsubscribe_url)
        found.append(
            MessageView(arm_id=arm.id, channel=arm.channel, digest=arm.creative_digest, samples=samples)
        )
    return tuple(found)


def _samples(creative: Creative, unsubscribe_url: str) -> tuple[SampleView, ...]:
    return tuple(
        SampleView(
            profile=profile.label,
            **render(creative, profile.customer, unsubscribe_url=unsubscribe_url).model_dump(),
        )
        for profile in AWKWARD_PROFILES
    )


def _rules(session: Session, thread_id: str) -> tuple[RuleView, ...]:
    draft = latest_draft(session, thread_id, "policy_report")
    if draft is None:
        return ()
    figures = figures_of(session, thread_id)
    return tuple(
        RuleView(rule_id=result.rule_id, status=result.status, evidence=say(result.evidence, figures))
        for result in PolicyReport.model_validate(draft.content).results
    )


def _data(session: Session, workspace_id: str) -> tuple[DataView, ...]:
    return tuple(
        DataView(
            kind=row.kind,
            source=row.source_name,
            rows=row.rows,
            synthetic=row.synthetic,
            imported_at=row.imported_at,
        )
        for row in imports_of(session, workspace_id)
    )


def _agents(session: Session, thread_id: str) -> tuple[AgentView, ...]:
    calls: dict[str, list[ToolCallView]] = {}
    for result in tool_results_of(session, thread_id):
        call = ToolCallView(
            tool=result.tool,
            arguments=result.arguments,
            digest=result.digest,
            duration_ms=result.duration_ms,
        )
        calls.setdefault(result.agent, []).append(call)
    views: dict[str, AgentView] = {}
    for trace in traces_of(session, thread_id):
        before = views.get(trace.agent)
        views[trace.agent] = AgentView(
            agent=trace.agent,
            model=trace.model,
            duration_ms=trace.duration_ms + (before.duration_ms if before else 0),
            tokens_in=trace.tokens_in + (before.tokens_in if before else 0),
            tokens_out=trace.tokens_out + (before.tokens_out if before else 0),
            tool_calls=tuple(calls.get(trace.agent, ())),
        )
    return tuple(views.values())


def _name(session: Session, user_id: str) -> str:
    user = session.get(User, user_id)
    return user.name if user is not None else user_id
