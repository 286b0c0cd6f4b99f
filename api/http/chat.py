"""Chat: an objective in plain words, answered as a stream of what the agents do and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from agents.threads import Started
from api.conversing import Answers, Event, Place, Said, require_question, run
from api.http.signing_in import Caller, SignedIn
from api.http.streams import event_stream
from api.talk.turns import talk
from policies.authority import Action
from policies.errors import ConflictError
from store.repositories.campaigns import get_campaign
from store.tables import Campaign
from store.threads import in_thread

router = APIRouter(prefix="/v1", tags=["chat"])


@router.post("/chat", response_class=StreamingResponse)
async def chat(caller: SignedIn, said: Said) -> StreamingResponse:
    """Take a turn of a conversation: a new campaign, a change or an undo of one, an answer, a question.

    Events: `started`, `understood` with what the turn is taken for and each changed field, `progress` for each step of an
    agent, then `reply` where nothing runs, else `questions`, `proposal`, `refused`, `blocked` or `error`.
    """
    caller.require(Action.CHAT)
    return event_stream(await talk(caller, said))


@router.post("/campaigns/{campaign_id}/answers", response_class=StreamingResponse)
async def answer(caller: SignedIn, campaign_id: str, given: Answers) -> StreamingResponse:
    """Answer the questions a campaign waits with, by the id of their interrupt; 409 for any other."""
    return event_stream(await answering(caller, campaign_id, given))


async def answering(caller: Caller, campaign_id: str, given: Answers) -> AsyncIterator[Event]:
    """Give answers to a campaign and return what is told of it; ConflictError unless it waits at exactly this interrupt."""
    campaign = await _campaign(caller, campaign_id)
    caller.require_for(Action.EDIT_CAMPAIGN, campaign)
    app = caller.app
    if campaign.thread_id is None or campaign_id in app.busy:
        raise ConflictError(f"campaign {campaign_id} asks nothing now; read it again", value=campaign_id)
    thread_id = campaign.thread_id
    async with caller.refusals_of(thread_id):
        await require_question(app, thread_id, given)

    async def work() -> Started:
        return await app.threads.answer(
            workspace_id=caller.workspace_id,
            user_id=caller.person.user_id,
            thread_id=thread_id,
            interrupt_id=given.interrupt_id,
            answers=given.answers,
        )

    place = Place(campaign.conversation_id or "", campaign_id)
    return run(app, place, work, campaign_id)


async def _campaign(caller: Caller, campaign_id: str) -> Campaign:
    def read() -> Campaign:
        with caller.app.database.read() as session:
            return get_campaign(session, caller.workspace_id, campaign_id)

    async with caller.refusals_of(campaign_id):
        return await in_thread(read)
