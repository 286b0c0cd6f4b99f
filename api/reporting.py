"""The report of a review: who and what it is about, gathered from the store, and the page made of it."""

from __future__ import annotations

from sqlmodel import Session

from api.records.catalogue import actions_of, imports_of
from api.reviews import Reviewed
from api.views.approval import signature_views
from api.views.campaign import author_name
from api.views.proposal import REASON_WORDS
from policies.figures import money
from policies.workspace_rules import WorkspaceRules
from store.repositories.approvals import approval_of_proposal
from store.repositories.campaigns import get_brief, get_campaign
from store.repositories.launches import get_launch
from store.repositories.workspaces import get_workspace

SYNTHETIC = "Identities, addresses, time zones, consents and halves are synthetic, drawn by seed: {}."


def report_page(session: Session, workspace_id: str, review: Reviewed) -> str:
    """Return the report of a review as one self-contained HTML page."""
    from api.report.build import render_report
    from api.report.context import ReportContext, Signed

    launch = get_launch(session, review.record.launch_id)
    campaign = get_campaign(session, workspace_id, launch.campaign_id)
    workspace = get_workspace(session, workspace_id)
    rules = WorkspaceRules.model_validate(workspace.rules)
    made_up = [row.source_name for row in imports_of(session, workspace_id) if row.synthetic]
    approval = approval_of_proposal(session, launch.proposal_id)
    signatures = signature_views(session, approval.approval_id) if approval else ()
    context = ReportContext(
        campaign_name=campaign.name,
        state=campaign.state,
        author=author_name(session, campaign.author_id),
        signatures=tuple(
            Signed(
                name=each.user,
                roles=each.roles,
                signed_at=each.signed_at,
                limits=", ".join(
                    _limit(name, value, workspace.currency) for name, value in (each.limits or {}).items()
                ),
                comment=each.comment,
            )
            for each in signatures
            if each.answer in ("approve", "approve_limited")
        ),
        timezone=workspace.timezone,
        synthetic_note=SYNTHETIC.format(", ".join(made_up)) if made_up else "",
        model=review.model,
        action_names={action.action_id: action.name for action in actions_of(session, workspace_id)},
        reason_words=REASON_WORDS | {rule.reason_id: rule.words for rule in rules.exclusions},
    )
    return render_report(
        review.record,
        review.findings,
        review.content,
        figures=review.figures,
        brief_text=get_brief(session, workspace_id, campaign.brief_id).text if campaign.brief_id else "",
        context=context,
    )


def _limit(name: str, value: int, currency: str) -> str:
    words = name.removesuffix("_minor").replace("_", " ")
    return f"{words} {money(value, currency) if name.endswith('_minor') else f'{value:,}'}"
