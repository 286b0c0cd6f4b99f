"""What the nodes of a propose thread read and write beside their drafts, in statements that are made once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from pydantic import JsonValue
from sqlmodel import Session

from policies.campaign import CampaignEvent, CampaignState, next_state
from policies.errors import ConflictError, NotFoundError
from store.audit import AuditLog
from store.bulk import Row, insert_rows, table_of
from store.driver import Prepared
from store.repositories.campaigns import require_unchanged
from store.repositories.offers import offer_digest, offers_by_id
from store.repositories.proposal_authors import contributors
from store.tables import (
    ActionRow,
    Approval,
    BriefRow,
    Campaign,
    Creative,
    Experiment,
    Offer,
    Product,
    Proposal,
    Workspace,
)
from store.tables.base import JsonObject

_workspaces, _actions, _products = table_of(Workspace).c, table_of(ActionRow).c, table_of(Product).c
_experiments, _briefs, _campaigns = table_of(Experiment).c, table_of(BriefRow).c, table_of(Campaign).c
_creatives, _proposals, _approvals = table_of(Creative).c, table_of(Proposal).c, table_of(Approval).c
_workspace: sa.BindParameter[str] = sa.bindparam("workspace")
_brief: sa.BindParameter[str] = sa.bindparam("brief")
_campaign: sa.BindParameter[str] = sa.bindparam("campaign")

_WORKSPACE = Prepared(
    sa.select(_workspaces.name, _workspaces.timezone, _workspaces.currency, _workspaces.rules).where(
        _workspaces.workspace_id == _workspace
    )
)
_ACTIONS = Prepared(
    sa.select(
        _actions.action_id,
        _actions.name,
        _actions.channel,
        _actions.message_cost_minor,
        _actions.currency,
        _actions.product_id,
        _actions.cost_source,
        _actions.offer_id,
        sa.func.coalesce(_products.name, _actions.name).label("product_name"),
        sa.func.coalesce(_products.description, "").label("product_description"),
    )
    .select_from(
        table_of(ActionRow).outerjoin(
            table_of(Product),
            (_products.workspace_id == _actions.workspace_id) & (_products.product_id == _actions.product_id),
        )
    )
    .where(_actions.workspace_id == _workspace)
    .order_by(_actions.action_id)
)
_EXPERIMENTS = Prepared(
    sa.select(_experiments.experiment_id, _experiments.name, _experiments.design)
    .where(_experiments.workspace_id == _workspace, _experiments.campaign_id.is_(None))
    .order_by(_experiments.experiment_id.desc())
)
_BRIEF_TEXT = Prepared(
    sa.select(_briefs.text).where(_briefs.brief_id == _brief, _briefs.workspace_id == _workspace)
)
_CREATIVE = Prepared(
    sa.select(_creatives.content).where(
        _creatives.workspace_id == _workspace, _creatives.digest == sa.bindparam("digest")
    )
)
_READ = Prepared(
    sa.update(table_of(BriefRow))
    .where(_briefs.brief_id == _brief, _briefs.workspace_id == _workspace)
    .values(record=sa.bindparam("record"), model=sa.bindparam("read_by"))
)
_NAME = Prepared(
    sa.update(table_of(Campaign))
    .where(_campaigns.campaign_id == _campaign, _campaigns.workspace_id == _workspace)
    .values(name=sa.bindparam("called"))
)
_PROPOSED = Prepared(
    sa.select(_campaigns.thread_id, _campaigns.brief_id, _briefs.text, _briefs.author_id)
    .join_from(table_of(Campaign), table_of(BriefRow), _briefs.brief_id == _campaigns.brief_id)
    .where(
        _campaigns.campaign_id == _campaign,
        _campaigns.workspace_id == _workspace,
        _briefs.workspace_id == _workspace,
    )
)
_STATE = Prepared(
    sa.select(_campaigns.state).where(
        _campaigns.campaign_id == _campaign, _campaigns.workspace_id == _workspace
    )
)
_SUBMIT = Prepared(
    sa.update(table_of(Campaign))
    .where(_campaigns.campaign_id == _campaign, _campaigns.state == sa.bindparam("expected"))
    .values(
        state=sa.bindparam("following"), proposal_id=sa.bindparam("proposal"), changed_at=sa.bindparam("at")
    )
)
_OPENED = Prepared(
    sa.select(_proposals.proposal_id, _proposals.digest, _approvals.approval_id)
    .join_from(table_of(Proposal), table_of(Approval), _approvals.proposal_id == _proposals.proposal_id)
    .where(_proposals.thread_id == sa.bindparam("thread"))
)


class WorkspaceFacts(NamedTuple):
    """A workspace's name, settings and rules; its actions with products and offers; what was logged before any campaign."""

    name: str
    timezone: str
    currency: str
    rules: JsonObject
    actions: tuple[Row, ...]
    experiments: tuple[Row, ...]


class ProposedBrief(NamedTuple):
    """The words a proposal answers and who wrote them, who may not approve it."""

    text: str
    author_id: str


class Opened(NamedTuple):
    """A thread's frozen proposal and the approval that was opened for it."""

    proposal_id: str
    digest: str
    approval_id: str


def workspace_facts(session: Session, workspace_id: str) -> WorkspaceFacts:
    """Return what a campaign may be planned with, actions by id and experiments the newest first.

    NotFoundError without such a workspace.
    """
    found = _WORKSPACE.one(session, workspace=workspace_id)
    if found is None:
        raise NotFoundError(f"there is no workspace {workspace_id}", value=workspace_id)
    actions, experiments = (
        tuple(query.mappings(session, workspace=workspace_id)) for query in (_ACTIONS, _EXPERIMENTS)
    )
    name, timezone, currency, rules = found
    offered = _with_offers(session, workspace_id, actions)
    return WorkspaceFacts(name, timezone, currency, rules, offered, experiments)


def _with_offers(session: Session, workspace_id: str, actions: tuple[Row, ...]) -> tuple[Row, ...]:
    """Each action with what a proposal binds of its offer. NotFoundError for an offer that is not there."""
    offers = offers_by_id(session, workspace_id, {row["offer_id"] for row in actions if row["offer_id"]})
    return tuple({**row, "offer": _bound(row, offers)} for row in actions)


def _bound(action: Row, offers: Mapping[str, Offer]) -> JsonObject | None:
    offer_id = action["offer_id"]
    if offer_id is None:
        return None
    offer = offers.get(offer_id)
    if offer is None:
        raise NotFoundError(
            f"the action {action['action_id']} comes with the offer {offer_id}, which is not there; import it again",
            value=offer_id,
        )
    return {
        "offer_id": offer_id,
        "digest": offer_digest(offer),
        "discount_percent": offer.discount_percent,
    }


def brief_text(session: Session, workspace_id: str, brief_id: str) -> str:
    """Return a marketer's words; NotFoundError for a brief of another workspace."""
    found = _BRIEF_TEXT.one(session, workspace=workspace_id, brief=brief_id)
    if found is None:
        raise NotFoundError(f"there is no brief {brief_id}", value=brief_id)
    return str(found[0])


def proposed_brief(
    session: Session, workspace_id: str, *, campaign_id: str, thread_id: str, brief_id: str
) -> ProposedBrief:
    """Return what a campaign's present thread proposes for.

    NotFoundError without such a campaign and brief; ConflictError when it has moved on to another thread or brief.
    """
    found = _PROPOSED.one(session, workspace=workspace_id, campaign=campaign_id)
    if found is None:
        raise NotFoundError(f"there is no campaign {campaign_id} with a brief", value=campaign_id)
    present_thread, present_brief, text, author_id = found
    if (present_thread, present_brief) != (thread_id, brief_id):
        raise ConflictError(
            f"campaign {campaign_id} has moved on to another thread or brief; nothing is proposed",
            value=thread_id,
        )
    return ProposedBrief(text, author_id)


def keep_reading(
    session: Session,
    workspace_id: str,
    *,
    brief_id: str,
    record: JsonObject,
    model: str,
    campaign_id: str,
    campaign_name: str,
) -> None:
    """Keep what the planner read in a brief, and name the campaign after it; NotFoundError for a foreign one."""
    read = _READ.run(session, workspace=workspace_id, brief=brief_id, record=record, read_by=model)
    if read != 1:
        raise NotFoundError(f"there is no brief {brief_id}", value=brief_id)
    if _NAME.run(session, workspace=workspace_id, campaign=campaign_id, called=campaign_name) != 1:
        raise NotFoundError(f"there is no campaign {campaign_id}", value=campaign_id)


def put_creatives(
    session: Session, workspace_id: str, creatives: Mapping[str, JsonObject], at: datetime
) -> None:
    """Keep creatives under their digests; the same words are kept once."""
    rows = [
        {"workspace_id": workspace_id, "digest": digest, "content": content, "created_at": at}
        for digest, content in creatives.items()
    ]
    insert_rows(session, Creative, rows, keep=True)


def creatives_of(session: Session, workspace_id: str, by_arm: Mapping[str, str]) -> dict[str, JsonObject]:
    """Return each arm's creative by the digest that it was kept under.

    NotFoundError when one was not, CreativeChangedError when its words are others by now.
    """
    asked = [{"workspace": workspace_id, "digest": digest} for digest in by_arm.values()]
    kept: dict[str, JsonObject] = {}
    for (arm, digest), found in zip(by_arm.items(), _CREATIVE.each(session, asked), strict=True):
        if not found:
            raise NotFoundError(f"there is no creative with digest {digest[:12]}…", value=digest)
        ((kept[arm],),) = found
        require_unchanged(digest, kept[arm])
    return kept


def opened_by(session: Session, thread_id: str) -> Opened | None:
    """Return what a thread froze and opened, if it got that far."""
    found = _OPENED.one(session, thread=thread_id)
    return None if found is None else Opened(*found)


def log_frozen(
    session: Session, audit: AuditLog, proposal: Proposal, approval: Approval, at: datetime
) -> None:
    """Log a new proposal with who had a part in it, and its approval; without this entry both rows count as added by nobody."""
    authors: list[JsonValue] = [*sorted(contributors(session, proposal))]
    audit.append(
        session,
        workspace_id=proposal.workspace_id,
        at=at,
        actor=proposal.author_id,
        action="proposal.frozen",
        subject=proposal.proposal_id,
        detail={
            "digest": proposal.digest,
            "approval_id": approval.approval_id,
            "campaign_id": proposal.campaign_id,
            "authors": authors,
        },
        rows=(proposal, approval),
    )


def submit_campaign(
    session: Session, workspace_id: str, campaign_id: str, proposal_id: str, at: datetime
) -> None:
    """Move a campaign to review with its proposal, by compare-and-set.

    NotFoundError for a campaign of another workspace; what the transition table refuses; ConflictError when the
    campaign moved meanwhile.
    """
    found = _STATE.one(session, campaign=campaign_id, workspace=workspace_id)
    if found is None:
        raise NotFoundError(f"there is no campaign {campaign_id}", value=campaign_id)
    (state,) = found
    following = next_state(CampaignState(state), CampaignEvent.SUBMIT, sent_any=False)
    change = {"expected": state, "following": str(following.to), "proposal": proposal_id, "at": at}
    if _SUBMIT.run(session, campaign=campaign_id, **change) != 1:
        raise ConflictError(f"campaign {campaign_id} is no longer {state}; read it again", value=state)
