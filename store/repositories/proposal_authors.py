"""Who had a part in a proposal. They never sign it: the rules say so, and so does a trigger of the database."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from policies.errors import InvalidInputError, NotFoundError
from store.bulk import insert_rows, table_of
from store.driver import Prepared
from store.repositories.campaigns import get_proposal
from store.repositories.workspaces import get_user
from store.tables import BriefRow, Campaign, Proposal, ProposalAuthor

_authors, _campaigns, _briefs = (table_of(model) for model in (ProposalAuthor, Campaign, BriefRow))
_same_brief = sa.and_(
    _briefs.c.brief_id == _campaigns.c.brief_id, _briefs.c.workspace_id == _campaigns.c.workspace_id
)
_MAKERS = Prepared(
    sa.select(_campaigns.c.author_id, _campaigns.c.brief_id, _briefs.c.author_id.label("brief_author"))
    .select_from(_campaigns.outerjoin(_briefs, _same_brief))
    .where(
        _campaigns.c.campaign_id == sa.bindparam("of_campaign"),
        _campaigns.c.workspace_id == sa.bindparam("of_workspace"),
    )
)
_RECORDED = Prepared(
    sa.select(_authors.c.user_id).where(_authors.c.proposal_id == sa.bindparam("of_proposal"))
)
PARTS = ("author", "campaign", "brief", "edit")


def add_author(
    session: Session, proposal_id: str, user_id: str, part: str, at: datetime | None = None
) -> None:
    """Record that a user had a part (one of PARTS) in a proposal; recording it again changes nothing.

    `at` is when, by default the instant the proposal was made. InvalidInputError for an unknown part, NotFoundError
    for an unknown proposal or user; the database refuses somebody who has signed the proposal's approval.
    """
    if part not in PARTS:
        raise InvalidInputError(f"there is no part {part!r}; parts: {', '.join(PARTS)}", value=part)
    session.flush()
    proposal = session.get(Proposal, proposal_id)
    workspace_id = "" if proposal is None else proposal.workspace_id
    proposal = get_proposal(session, workspace_id, proposal_id)
    get_user(session, workspace_id, user_id)
    row = ProposalAuthor(
        proposal_id=proposal_id,
        user_id=user_id,
        workspace_id=workspace_id,
        part=part,
        added_at=at or proposal.created_at,
    )
    insert_rows(session, ProposalAuthor, [row.model_dump()], keep=True)


def record_authors(session: Session, proposal: Proposal) -> None:
    """Record the author of a proposal, and those of its campaign and brief where it has them."""
    session.flush()
    rows = [
        {
            "proposal_id": proposal.proposal_id,
            "user_id": user_id,
            "workspace_id": proposal.workspace_id,
            "part": part,
            "added_at": proposal.created_at,
        }
        for user_id, part in _known(session, proposal).items()
    ]
    insert_rows(session, ProposalAuthor, rows, keep=True)


def contributors(session: Session, proposal: Proposal) -> frozenset[str]:
    """Return everybody who had a part in a proposal: all recorded, its author, its campaign's and its brief's."""
    session.flush()
    recorded = _RECORDED.rows(session, of_proposal=proposal.proposal_id)
    return frozenset(user_id for (user_id,) in recorded) | _known(session, proposal).keys()


def _known(session: Session, proposal: Proposal) -> dict[str, str]:
    people: dict[str, str] = {}
    if proposal.campaign_id is not None:
        asked = {"of_campaign": proposal.campaign_id, "of_workspace": proposal.workspace_id}
        found = _MAKERS.one(session, **asked)
        if found is None:
            raise NotFoundError(f"there is no campaign {proposal.campaign_id}", value=proposal.campaign_id)
        campaign_author, brief_id, brief_author = found
        if brief_id is not None and brief_author is None:
            raise NotFoundError(f"there is no brief {brief_id}", value=brief_id)
        if brief_author is not None:
            people[brief_author] = "brief"
        people[campaign_author] = "campaign"
    people[proposal.author_id] = "author"
    return people
