"""Approvals as lists show them: one page in a fixed number of queries, whatever is on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from policies.errors import NotFoundError
from store.bulk import table_of
from store.repositories.approvals import get_approval
from store.tables import Approval, Campaign, Proposal, Signature, User


class ListedApproval(NamedTuple):
    """An approval with what its line names beside it; `campaign` is None where the proposal is about none."""

    approval: Approval
    kind: str
    campaign_id: str | None
    campaign: str | None
    author: str
    signatures: tuple[Signature, ...]


def page_of_approvals(
    session: Session, workspace_id: str, *, status: str | None, before: str | None, limit: int
) -> list[ListedApproval]:
    """Return up to `limit` approvals, the newest first, from before the approval with the id `before` on.

    NotFoundError when this workspace has no such approval to go on from.
    """
    query = select(Approval).where(Approval.workspace_id == workspace_id)
    if status is not None:
        query = query.where(Approval.status == status)
    if before is not None:
        query = query.where(col(Approval.approval_id) < _known(session, workspace_id, before))
    page = session.exec(query.order_by(col(Approval.approval_id).desc()).limit(limit)).all()
    about = _about(session, [approval.proposal_id for approval in page])
    authors = names_of(session, {approval.author_id for approval in page})
    signed = signatures_by_approval(session, [approval.approval_id for approval in page])
    return [
        ListedApproval(
            approval,
            *about[approval.proposal_id],
            authors[approval.author_id],
            signed[approval.approval_id],
        )
        for approval in page
    ]


def signatures_by_approval(
    session: Session, approval_ids: Collection[str]
) -> dict[str, tuple[Signature, ...]]:
    """Return the signatures of each of these approvals in the order they were given; empty for one without any."""
    found: dict[str, list[Signature]] = defaultdict(list)
    query = select(Signature).where(col(Signature.approval_id).in_(approval_ids))
    for signature in session.exec(query.order_by(col(Signature.signature_id))):
        found[signature.approval_id].append(signature)
    return {approval_id: tuple(found[approval_id]) for approval_id in approval_ids}


def names_of(session: Session, user_ids: Collection[str]) -> dict[str, str]:
    """Return users' names by id; one that is gone keeps its id."""
    query = select(User.user_id, User.name).where(col(User.user_id).in_(set(user_ids)))
    known: Sequence[tuple[str, str]] = session.exec(query).all()
    return {user_id: user_id for user_id in user_ids} | dict(known)


def _about(session: Session, proposal_ids: Collection[str]) -> dict[str, tuple[str, str | None, str | None]]:
    """Kind, campaign and campaign's name by proposal; the content of a proposal is long and stays unread."""
    proposals, campaigns = table_of(Proposal), table_of(Campaign)
    query = (
        sa.select(proposals.c.proposal_id, proposals.c.kind, campaigns.c.campaign_id, campaigns.c.name)
        .select_from(proposals.outerjoin(campaigns, campaigns.c.campaign_id == proposals.c.campaign_id))
        .where(proposals.c.proposal_id.in_(proposal_ids))
    )
    rows = session.connection().execute(query)
    return {proposal_id: (kind, campaign_id, name) for proposal_id, kind, campaign_id, name in rows}


def _known(session: Session, workspace_id: str, approval_id: str) -> str:
    try:
        return get_approval(session, workspace_id, approval_id).approval_id
    except NotFoundError as error:
        raise NotFoundError(
            f"there is no approval {approval_id} to list from; leave `before` out to start with the newest",
            value=approval_id,
        ) from error
