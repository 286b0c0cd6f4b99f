"""What a turn belongs to: the conversation, its campaigns with their records, and the threads these are planned in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session

from agents.comments.asks import Reading as ReadBy
from agents.conversation.standing import Spoken, Standing
from agents.planner.brief import Brief
from agents.planner.reading import read_brief
from agents.propose.facts import brief_policy
from api.conversing import Said
from api.http.signing_in import Caller
from policies.errors import InvalidInputError, NotAuthorisedError
from policies.workspace_rules import WorkspaceRules
from store.repositories.agent_work import get_conversation, last_turns
from store.repositories.campaigns import campaigns_of_conversation, get_brief, get_campaign
from store.repositories.workspaces import get_workspace
from store.tables import BriefRow, Campaign

_LOOKED_BACK = 50


class Seen(NamedTuple):
    """A conversation as a turn finds it; without an id it is yet to begin.

    `campaigns` and `briefs` are by campaign id. `foreign` says that the campaign named is of somebody else's conversation:
    such a one can be proposed anew, not talked over.
    """

    conversation_id: str | None
    standing: Standing
    by: ReadBy
    campaigns: Mapping[str, Campaign]
    briefs: Mapping[str, BriefRow]
    foreign: bool = False

    def campaign(self, spoken: Spoken | None) -> Campaign | None:
        """Return the row of a campaign that is spoken of."""
        return None if spoken is None else self.campaigns.get(spoken.campaign_id)


def see_conversation(caller: Caller, said: Said) -> Seen:
    """Return what a turn belongs to.

    NotFoundError for a conversation or campaign of another workspace; NotAuthorisedError for a conversation of another
    user; InvalidInputError for a campaign of another conversation than the one named.
    """
    app = caller.app
    with app.database.read() as session:
        by = reading_of(caller, session)
        conversation_id, foreign = _conversation(caller, session, said)
        rows = [] if conversation_id is None else list(_campaigns(session, caller, conversation_id))
        if foreign and said.campaign_id is not None:
            rows = [get_campaign(session, caller.workspace_id, said.campaign_id)]
        campaigns = {row.campaign_id: row for row in rows}
        briefs = {
            row.campaign_id: get_brief(session, caller.workspace_id, row.brief_id)
            for row in rows
            if row.brief_id is not None
        }
        spoken = tuple(_spoken(campaigns[name], brief, by) for name, brief in briefs.items())
        turns = [] if conversation_id is None else last_turns(session, conversation_id, limit=_LOOKED_BACK)
    talked = (turn.campaign_id for turn in turns if turn.campaign_id in briefs)
    current = said.campaign_id or next(talked, spoken[-1].campaign_id if spoken else None)
    offered = bool(turns) and turns[0].speaker != "person" and turns[0].heard == "remember"
    return Seen(conversation_id, Standing(spoken, current, offered), by, campaigns, briefs, foreign)


def _conversation(caller: Caller, session: Session, said: Said) -> tuple[str | None, bool]:
    named = None if said.campaign_id is None else get_campaign(session, caller.workspace_id, said.campaign_id)
    conversation_id = said.conversation_id or (named.conversation_id if named else None)
    if conversation_id is None:
        return None, named is not None
    conversation = get_conversation(session, caller.workspace_id, conversation_id)
    if conversation.user_id != caller.person.user_id:
        if said.conversation_id is not None:
            raise NotAuthorisedError(
                "this is somebody else's conversation; begin your own, with the campaign named where it is about one",
                value=conversation_id,
            )
        return None, True
    if named is not None and named.conversation_id != conversation_id:
        raise InvalidInputError(
            f"campaign {named.campaign_id} belongs to another conversation; leave conversation_id out",
            value=named.campaign_id,
        )
    return conversation_id, False


def _campaigns(session: Session, caller: Caller, conversation_id: str) -> list[Campaign]:
    return list(campaigns_of_conversation(session, caller.workspace_id, conversation_id))


def reading_of(caller: Caller, session: Session) -> ReadBy:
    """Return how texts are read in the workspace of the caller, today."""
    workspace = get_workspace(session, caller.workspace_id)
    today = caller.app.clock.now().astimezone(ZoneInfo(workspace.timezone)).date()
    return ReadBy(today, workspace.currency, brief_policy(WorkspaceRules.model_validate(workspace.rules)))


def _spoken(campaign: Campaign, brief: BriefRow, by: ReadBy) -> Spoken:
    if brief.record:
        record = Brief.model_validate(brief.record)
    else:  # its thread has not come to the planner yet
        record = read_brief(brief.text, today=by.today, home_currency=by.currency, policy=by.policy)
    return Spoken(campaign.campaign_id, campaign.name, brief.text, record)
