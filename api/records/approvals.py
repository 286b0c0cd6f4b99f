"""Approvals as lists show them: one page in two queries, whatever is on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import NotFoundError
from store.bulk import table_of
from store.driver import Prepared
from store.repositories.approvals import get_approval
from store.tables import Approval, Campaign, Proposal, Signature, User

_approvals, _proposals, _campaigns, _users = (
    table_of(model) for model in (Approval, Proposal, Campaign, User)
)
_NAME = Prepared(sa.select(_users.c.name).where(_users.c.user_id == sa.bindparam("of_user")))
_PAGE = sa.select(
    _approvals.c.approval_id,
    _approvals.c.status,
    _proposals.c.kind,
    _campaigns.c.campaign_id,
    _campaigns.c.name,
    _approvals.c.author_id,
    _approvals.c.digest,
    _approvals.c.risk["risk"].as_string(),
    sa.cast(_approvals.c.required, sa.Text),
    _approvals.c.opened_at,
    _approvals.c.expires_at,
    _approvals.c.resolved_at,
).select_from(
    _approvals.join(_proposals, _proposals.c.proposal_id == _approvals.c.proposal_id).outerjoin(
        _campaigns, _campaigns.c.campaign_id == _proposals.c.campaign_id
    )
)
"""The columns of `ListedApproval` in its order; the content of a proposal is long and stays unread."""


class ListedApproval(NamedTuple):
    """An approval with what its line names beside it; `campaign` is None where the proposal is about none.

    `required` is JSON text, role sets, of which a page holds few different ones.
    """

    approval_id: str
    status: str
    kind: str
    campaign_id: str | None
    campaign: str | None
    author_id: str
    digest: str
    risk: str | None
    required: str
    opened_at: datetime
    expires_at: datetime
    resolved_at: datetime | None


def page_of_approvals(
    session: Session, workspace_id: str, *, status: str | None, before: str | None, limit: int
) -> list[ListedApproval]:
    """Return up to `limit` approvals, the newest first, from before the approval with the id `before` on.

    NotFoundError when this workspace has no such approval to go on from.
    """
    asked: dict[str, str | int] = {"of_workspace": workspace_id, "at_most": limit}
    if status is not None:
        asked["of_status"] = status
    if before is not None:
        asked["before"] = _known(session, workspace_id, before)
    session.flush()
    page = _page(status is not None, before is not None).rows(session, **asked)
    return [ListedApproval._make(row) for row in page]


def signatures_on_page(
    session: Session, workspace_id: str, page: Sequence[ListedApproval]
) -> dict[str, list[Signature]]:
    """Return the signatures of a page's approvals in the order they were given; unsigned approvals are left out."""
    found: dict[str, list[Signature]] = defaultdict(list)
    if page:
        query = select(Signature).where(
            Signature.workspace_id == workspace_id,
            col(Signature.approval_id).between(page[-1].approval_id, page[0].approval_id),
        )
        for signature in session.exec(query.order_by(col(Signature.signature_id))):
            found[signature.approval_id].append(signature)
    return found


def names_of(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """Return users' names by id; one that is gone keeps its id."""
    session.flush()
    found = {user_id: _NAME.one(session, of_user=user_id) for user_id in set(user_ids)}
    return {user_id: user_id if row is None else str(row[0]) for user_id, row in found.items()}


@cache
def _page(with_status: bool, goes_on: bool) -> Prepared:
    query = _PAGE.where(_approvals.c.workspace_id == sa.bindparam("of_workspace"))
    if with_status:
        query = query.where(_approvals.c.status == sa.bindparam("of_status"))
    if goes_on:
        query = query.where(_approvals.c.approval_id < sa.bindparam("before"))
    newest_first = query.order_by(_approvals.c.approval_id.desc())
    return Prepared(newest_first.limit(sa.bindparam("at_most", type_=sa.Integer)))


def _known(session: Session, workspace_id: str, approval_id: str) -> str:
    try:
        return get_approval(session, workspace_id, approval_id).approval_id
    except NotFoundError as error:
        raise NotFoundError(
            f"there is no approval {approval_id} to list from; leave `before` out to start with the newest",
            value=approval_id,
        ) from error


def count_waiting(session: Session, workspace_id: str) -> int:
    """Return how many approvals of a workspace nobody has answered yet."""
    query = (
        sa.select(sa.func.count())
        .select_from(_approvals)
        .where(_approvals.c.workspace_id == workspace_id, _approvals.c.status == "pending")
    )
    return int(session.connection().execute(query).scalar_one())
