"""The list of approvals: who waits for whom, a page at a time."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from api.records.approvals import ListedApproval, page_of_approvals
from api.views.numbers import View
from policies.authority.signatures import missing_signatures
from store.repositories.signing import given_signatures, requirements_of

LONGEST_PAGE = 200
PAGE = 50


class ApprovalLine(View):
    """An approval in a list. `campaign` is its name; an approval about no campaign is named by its kind."""

    approval_id: str
    status: str
    kind: str
    campaign_id: str | None
    campaign: str
    author: str
    digest: str
    risk: str | None
    needs: tuple[tuple[str, ...], ...]
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None


def approval_lines(
    session: Session,
    workspace_id: str,
    status: str | None = None,
    *,
    before: str | None = None,
    limit: int = PAGE,
) -> list[ApprovalLine]:
    """Return a page of a workspace's approvals, the newest first, those of one status or all.

    The next page starts `before` the last approval of this one; NotFoundError for an unknown one.
    """
    page = page_of_approvals(session, workspace_id, status=status, before=before, limit=limit)
    return [_line(listed) for listed in page]


def _line(listed: ListedApproval) -> ApprovalLine:
    approval = listed.approval
    return ApprovalLine(
        approval_id=approval.approval_id,
        status=approval.status,
        kind=listed.kind,
        campaign_id=listed.campaign_id,
        campaign=listed.campaign or listed.kind.replace("_", " ").capitalize(),
        author=listed.author,
        digest=approval.digest,
        risk=str(approval.risk["risk"]) if approval.risk else None,
        needs=_needs(listed),
        opened_at=approval.opened_at,
        expires_at=approval.expires_at,
        resolved_at=approval.resolved_at,
    )


def _needs(listed: ListedApproval) -> tuple[tuple[str, ...], ...]:
    if listed.approval.status != "pending":
        return ()
    missing = missing_signatures(
        requirements_of(listed.approval),
        given_signatures(listed.signatures),
        author_id=listed.approval.author_id,
    )
    return tuple(tuple(sorted(need.any_of)) for need in missing)
