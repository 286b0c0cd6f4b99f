"""The list of approvals: who waits for whom, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session
from typing_extensions import TypedDict

from api.records.approvals import ListedApproval, names_of, page_of_approvals, signatures_on_page
from policies.authority.signatures import missing_signatures
from store.repositories.signing import given_signatures, read_requirements
from store.tables import Signature

LONGEST_PAGE = 1_000
PAGE = 50


class ApprovalLine(TypedDict):
    """An approval in a list. `campaign` is its name; an approval about no campaign is named by its kind.

    A mapping and no model: a page may have a thousand, and the columns they are made of have these types already.
    """

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
    signed = signatures_on_page(session, workspace_id, page)
    names = names_of(session, {listed.author_id for listed in page})
    return [_line(listed, names[listed.author_id], signed.get(listed.approval_id, ())) for listed in page]


def _line(listed: ListedApproval, author: str, signatures: Sequence[Signature]) -> ApprovalLine:
    return {
        "approval_id": listed.approval_id,
        "status": listed.status,
        "kind": listed.kind,
        "campaign_id": listed.campaign_id,
        "campaign": listed.campaign or listed.kind.replace("_", " ").capitalize(),
        "author": author,
        "digest": listed.digest,
        "risk": listed.risk,
        "needs": _needs(listed, signatures),
        "opened_at": listed.opened_at,
        "expires_at": listed.expires_at,
        "resolved_at": listed.resolved_at,
    }


def _needs(listed: ListedApproval, signatures: Sequence[Signature]) -> tuple[tuple[str, ...], ...]:
    if listed.status != "pending":
        return ()
    required = _required(listed.required)
    if not signatures:
        return required
    missing = missing_signatures(
        read_requirements(required), given_signatures(signatures), author_id=listed.author_id
    )
    return tuple(tuple(sorted(need.any_of)) for need in missing)


@lru_cache(maxsize=256)
def _required(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names) for names in json.loads(text))
