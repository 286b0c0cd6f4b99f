"""Proposals: edited by typed changes, which makes a new one."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from agents.refusals import ThreadWaitsError
from agents.thread_editing import Edit
from agents.threads import Started
from api.conversing import Place, run
from api.http.signing_in import Caller, SignedIn
from api.http.streams import event_stream
from policies.authority import Action
from policies.errors import InvalidInputError
from store.repositories.campaigns import get_campaign, get_proposal
from store.tables import Campaign
from store.threads import in_thread

router = APIRouter(prefix="/v1/proposals", tags=["proposals"])


class EditIn(Edit):
    """Typed changes to exactly the proposal with this digest."""

    digest: str = Field(min_length=64, max_length=64)


@router.post("/{proposal_id}/edit", response_class=StreamingResponse)
async def edited(caller: SignedIn, proposal_id: str, given: EditIn) -> StreamingResponse:
    """Take a proposal back and propose it anew with changes; whoever edited it cannot sign what comes of it.

    409 when it is no longer its campaign's, or not the one that was read; 422 for a change that cannot be, or none.
    """
    app = caller.app
    campaign = await in_thread(_campaign, caller, proposal_id)
    caller.require_for(Action.EDIT_CAMPAIGN, campaign)
    if campaign.campaign_id in app.busy:
        raise ThreadWaitsError(
            f"campaign {campaign.campaign_id} is being worked on; wait until it stops",
            value=campaign.campaign_id,
        )
    state = await app.threads.begin_edit(
        workspace_id=caller.workspace_id,
        user_id=caller.person.user_id,
        proposal_id=proposal_id,
        digest=given.digest,
        edit=given,
    )

    async def work() -> Started:
        return await app.threads.run_begun(state)

    place = Place(campaign.conversation_id or "", campaign.campaign_id)
    return event_stream(run(app, place, work, campaign.campaign_id))


def _campaign(caller: Caller, proposal_id: str) -> Campaign:
    with caller.app.database.read() as session:
        proposal = get_proposal(session, caller.workspace_id, proposal_id)
        if proposal.campaign_id is None:
            raise InvalidInputError(
                f"proposal {proposal_id} is a {proposal.kind} and belongs to no campaign; it cannot be edited so",
                value=proposal.kind,
            )
        return get_campaign(session, caller.workspace_id, proposal.campaign_id)
